//! Joins in event time: by interval, by window, and with the version of a record's time.

use std::collections::BTreeMap;

use millstream::join::TimeOffset;
use millstream::prelude::*;

use super::windows::Reading;
use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// The numbers of both halves.
type Pair = (Option<u64>, Option<u64>);

/// Readings of a stream; the sensors of the two are not the same, but overlap.
const fn with_sensors(reading: Reading, sensors: u64) -> Reading {
    Reading { sensor: reading.number % sensors, ..reading }
}

struct Inputs {
    records: [u64; 2],
    disorder: i64,
}

const SENSORS: [u64; 2] = [7, 5];

impl Inputs {
    fn new(setting: &Setting) -> Self {
        Self {
            records: [setting.draw(100, 0..=200), setting.draw(101, 0..=200)],
            disorder: setting.draw(102, 0..=300).cast_signed(),
        }
    }

    /// A strategy that leaves room for all the disorder there is: no record is late.
    fn stream(&self, which: usize, setting: &Setting, env: &Environment) -> KeyedStream<u64, Reading> {
        let (disorder, sensors) = (self.disorder, SENSORS[which]);
        let make = move |number| with_sensors(Reading::new(number, disorder), sensors);
        let readings =
            env.from_source(Trickle::new(setting, 110 + which as u64, self.records[which], make).in_turn());
        let time =
            WatermarkStrategy::bounded_out_of_orderness(Duration::from_millis(disorder.cast_unsigned()))
                .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
        // As many subtasks as the source has, so that the order stays.
        let timed = readings.assign_timestamps_and_watermarks(time);
        timed.key_by(|reading| reading.sensor)
    }

    fn readings(&self, which: usize) -> Vec<Reading> {
        let make = |number| with_sensors(Reading::new(number, self.disorder), SENSORS[which]);
        (0..self.records[which]).map(make).collect()
    }
}

const fn number(reading: &Reading) -> u64 {
    reading.number
}

fn offset(millis: i64) -> TimeOffset {
    let time = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 { TimeOffset::before(time) } else { TimeOffset::after(time) }
}

/// A full outer join.
pub fn by_interval(setting: &Setting) -> Verdict {
    let inputs = Inputs::new(setting);
    let lower = setting.draw(103, 0..=200).cast_signed() - 100;
    let upper = lower + setting.draw(104, 0..=150).cast_signed();
    let joined = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let [left, right] = [0, 1].map(|which| inputs.stream(which, setting, env));
        let pairs = left
            .interval_join(&right)
            .between(offset(lower), offset(upper))
            .full_outer(|left, right| (left.map(number), right.map(number)))
            .parallelism(life.parallelism());
        let _sink = pairs.sink_to(joined.clone()).parallelism(life.parallelism());
    })?;
    let (left, right) = (inputs.readings(0), inputs.readings(1));
    let meets = |left: &Reading, right: &Reading| {
        left.sensor == right.sensor && (lower..=upper).contains(&(right.millis - left.millis))
    };
    let mut expected = Vec::<Pair>::new();
    for one in &left {
        let partners: Vec<_> = right.iter().filter(|other| meets(one, other)).map(number).collect();
        if partners.is_empty() {
            expected.push((Some(one.number), None));
        }
        expected.extend(partners.into_iter().map(|other| (Some(one.number), Some(other))));
    }
    let alone = right.iter().filter(|other| !left.iter().any(|one| meets(one, other)));
    expected.extend(alone.map(|other| (None, Some(other.number))));
    compare(joined.records(), expected)?;
    Ok(report)
}

/// A full outer join of windows, and the latest version at each record's time.
pub fn by_window_and_version(setting: &Setting) -> Verdict {
    let inputs = Inputs::new(setting);
    let size = setting.draw(103, 10..=200).cast_signed();
    let (joined, versioned) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let [left, right] = [0, 1].map(|which| inputs.stream(which, setting, env));
        let windows = TumblingEventTimeWindows::of(Duration::from_millis(size.cast_unsigned()));
        let pairs = left
            .join(&right)
            .window(windows)
            .full_outer(|left, right| (left.map(number), right.map(number)))
            .parallelism(life.parallelism());
        let versions = left
            .temporal_join(&right)
            .left_outer(|left, right| (Some(left.number), right.map(number)))
            .parallelism(life.parallelism());
        let _sinks = (pairs.sink_to(joined.clone()), versions.sink_to(versioned.clone()));
    })?;
    let (left, right) = (inputs.readings(0), inputs.readings(1));
    let mut windows = BTreeMap::<(u64, i64), [Vec<u64>; 2]>::new();
    for (which, readings) in [&left, &right].into_iter().enumerate() {
        for reading in readings {
            let window = (reading.sensor, reading.millis.div_euclid(size));
            windows.entry(window).or_default()[which].push(reading.number);
        }
    }
    let pairs_of = |[left, right]: [Vec<u64>; 2]| -> Vec<Pair> {
        let halves = |numbers: Vec<u64>| -> Vec<Option<u64>> {
            if numbers.is_empty() { vec![None] } else { numbers.into_iter().map(Some).collect() }
        };
        let right = halves(right);
        halves(left).into_iter().flat_map(|left| right.iter().map(move |right| (left, *right))).collect()
    };
    compare(joined.records(), windows.into_values().flat_map(pairs_of).collect())?;
    // Of versions of the same time the one counts that comes last, which is a matter of luck here: one of them it is.
    let valid = |reading: &Reading| -> Vec<u64> {
        let earlier = || {
            right
                .iter()
                .filter(|version| version.sensor == reading.sensor && version.millis <= reading.millis)
        };
        let latest = earlier().map(|version| version.millis).max();
        earlier().filter(|version| Some(version.millis) == latest).map(number).collect()
    };
    let found: Vec<Pair> = versioned.records();
    for (record, version) in &found {
        let Some(reading) = record.and_then(|record| left.get(usize::try_from(record).ok()?)) else {
            return Err(format!("a record that there is not: {record:?}"));
        };
        let valid = valid(reading);
        if version.map_or(!valid.is_empty(), |version| !valid.contains(&version)) {
            return Err(format!("{reading:?} has version {version:?}, valid are {valid:?}"));
        }
    }
    let records = found.into_iter().filter_map(|(record, _)| record).collect();
    compare(records, left.iter().map(number).collect()).map_err(|error| format!("versions: {error}"))?;
    Ok(report)
}
