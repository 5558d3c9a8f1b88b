//! Event time: windows over records out of order, and which records are too late.

use std::collections::BTreeMap;

use millstream::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

const WINDOW_MILLIS: i64 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reading {
    pub number: u64,
    pub sensor: u64,
    pub millis: i64,
}

impl Reading {
    /// Number `number`: ten milliseconds after the one before, but for some disorder.
    pub fn new(number: u64, disorder: i64) -> Self {
        let noise = i64::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).unwrap();
        let millis = 10 * i64::try_from(number).unwrap() - noise % (disorder + 1);
        Self { number, sensor: number % 7, millis }
    }

    const fn window(self) -> i64 {
        self.millis.div_euclid(WINDOW_MILLIS) * WINDOW_MILLIS
    }
}

type Counts = BTreeMap<(u64, i64), u64>;

fn listed(counts: Counts) -> Vec<(u64, i64, u64)> {
    counts.into_iter().map(|((sensor, window), count)| (sensor, window, count)).collect()
}

/// Several splits, and a strategy that leaves room for all the disorder there is: every record is
/// in its window, none is late.
pub fn over_disorder(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=400);
    let disorder = setting.draw(102, 0..=300).cast_signed();
    let interval = setting.draw(103, 0..=20);
    let (counted, lost) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let make = move |number| Reading::new(number, disorder);
        let readings = env.from_source(Trickle::new(setting, 101, records, make).in_turn());
        let time =
            WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(disorder.cast_unsigned()))
                .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis))
                .interval(Duration::from_millis(interval));
        let late = OutputTag::new("late");
        let windows = readings
            .assign_timestamps_and_watermarks(time)
            .key_by(|reading| reading.sensor)
            .window(TumblingEventTimeWindows::of(Duration::from_millis(WINDOW_MILLIS.cast_unsigned())))
            .side_output_late_data(&late)
            .count()
            .parallelism(life.parallelism());
        let counts = windows.map(|result| (result.key, result.window.start.as_millis(), result.value));
        let _sinks = (
            counts.parallelism(life.parallelism()).sink_to(counted.clone()),
            windows.side_output(&late).sink_to(lost.clone()),
        );
    })?;
    let mut expected = Counts::new();
    for reading in (0..records).map(|number| Reading::new(number, disorder)) {
        *expected.entry((reading.sensor, reading.window())).or_default() += 1;
    }
    compare(lost.records(), Vec::new()).map_err(|error| format!("late: {error}"))?;
    compare(counted.records(), listed(expected))?;
    Ok(report)
}

/// The stream itself says how far time has come: after every tenth record.
pub struct Marks;

pub fn mark_of(reading: &Reading) -> Option<Timestamp> {
    let mark = 10 * i64::try_from(reading.number).unwrap() - 60;
    reading.number.is_multiple_of(10).then_some(Timestamp::from_millis(mark))
}

impl WatermarkGenerator<Reading> for Marks {
    fn on_event(&mut self, reading: &Reading, _: Timestamp) -> Option<Timestamp> {
        mark_of(reading)
    }

    fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

/// One split, and watermarks that stand in the data: which records are late is then not a matter
/// of luck, and must not be one of failures.
pub fn with_late_records(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=400);
    let disorder = setting.draw(102, 0..=400).cast_signed();
    let (counted, lost) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let make = move |number| Reading::new(number, disorder);
        let readings = env.from_source(Trickle::new(setting, 101, records, make).one_split());
        let time = WatermarkStrategy::for_generator(|| Marks)
            .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
        let late = OutputTag::new("late");
        let timed = readings.parallelism(1).assign_timestamps_and_watermarks(time).parallelism(1);
        let windows = timed
            .key_by(|reading| reading.sensor)
            .window(TumblingEventTimeWindows::of(Duration::from_millis(WINDOW_MILLIS.cast_unsigned())))
            .side_output_late_data(&late)
            .count()
            .parallelism(life.parallelism());
        let counts = windows.map(|result| (result.key, result.window.start.as_millis(), result.value));
        let _sinks = (
            counts.sink_to(counted.clone()).parallelism(life.parallelism()),
            windows.side_output(&late).sink_to(lost.clone()),
        );
    })?;
    let (mut expected, mut too_late, mut reached) = (Counts::new(), Vec::new(), Timestamp::MIN);
    for reading in (0..records).map(|number| Reading::new(number, disorder)) {
        if Timestamp::from_millis(reading.window() + WINDOW_MILLIS - 1) > reached {
            *expected.entry((reading.sensor, reading.window())).or_default() += 1;
        } else {
            too_late.push(reading);
        }
        reached = reached.max(mark_of(&reading).unwrap_or(reached));
    }
    compare(lost.records(), too_late).map_err(|error| format!("late: {error}"))?;
    compare(counted.records(), listed(expected))?;
    Ok(report)
}
