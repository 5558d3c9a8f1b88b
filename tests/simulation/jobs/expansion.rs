//! Records that become thousands, and windows of thousands of keys that close at once: work that is
//! suspended and resumed, with barriers and failures in between.

use std::collections::BTreeMap;

use millstream::prelude::*;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const SPAN: u64 = 50;

const fn copies(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % 1_500
}

pub fn many_from_one(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 2..=12);
    let (emitted, windows) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let copied = |number| (0..copies(number)).map(move |copy| (number, copy));
        let many = if setting.draw(102, 0..=1) == 0 {
            numbers.flat_map(copied)
        } else {
            numbers.pipeline(move |numbers| numbers.flat_map(copied))
        };
        let time = WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(1))
            .timestamp_assigner(|(number, _): &(u64, u64)| Timestamp::from_millis(number.cast_signed()));
        let keyed = many.assign_timestamps_and_watermarks(time).key_by(|(_, copy)| *copy);
        let counts = keyed
            .window(TumblingEventTimeWindows::of(Duration::from_millis(SPAN)))
            .count()
            .parallelism(life.parallelism())
            .map(|result| (result.key, result.value));
        let per_number = many.key_by(|(number, _)| number.to_string()).count();
        let per_number = per_number.parallelism(life.parallelism());
        let per_number = per_number.map(|(number, count)| (number.parse().unwrap(), count));
        let _sinks = (counts.sink_to(windows.clone()), per_number.sink_to(emitted.clone()));
    })?;
    let expected = (0..records).flat_map(|number| (1..=copies(number)).map(move |count| (number, count)));
    compare(emitted.records(), expected.collect())?;
    let mut expected = BTreeMap::<u64, u64>::new();
    for copy in (0..records).flat_map(|number| 0..copies(number)) {
        *expected.entry(copy).or_default() += 1;
    }
    compare(windows.records(), expected.into_iter().collect())?;
    Ok(report)
}
