//! Sliding and session windows that wait for late records, and windows that end with the stream.

use std::collections::BTreeMap;

use millstream::prelude::*;

use super::windows::{Marks, Reading, mark_of};
use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// A window that has fired: sensor, start, end, and how many records were in it.
type Fired = (u64, i64, i64, u64);

struct Pane {
    fired: Fired,
    has_fired: bool,
}

/// How records become windows.
#[derive(Clone, Copy)]
enum Kind {
    Sliding {
        size: i64,
        slide: i64,
    },
    Session {
        gap: i64,
    },
    /// The gap depends on the reading, and is this at most.
    DynamicSession {
        most: i64,
    },
}

/// The gap that a reading asks for.
fn gap_of(reading: &Reading, most: i64) -> i64 {
    1 + i64::try_from(reading.number).unwrap() * 37 % most
}

impl Kind {
    const fn merges(self) -> bool {
        matches!(self, Self::Session { .. } | Self::DynamicSession { .. })
    }

    fn windows(self, reading: &Reading) -> Vec<(i64, i64)> {
        let time = reading.millis;
        match self {
            Self::Session { gap } => vec![(time, time + gap)],
            Self::DynamicSession { most } => vec![(time, time + gap_of(reading, most))],
            Self::Sliding { size, slide } => {
                let starts = (time - size + 1..=time).filter(|start| start.rem_euclid(slide) == 0);
                starts.map(|start| (start, start + size)).collect()
            }
        }
    }

    /// What windows over these readings, in this order, come to, and which readings are too late.
    fn work_out(self, readings: impl Iterator<Item = Reading>, allowed: i64) -> (Vec<Fired>, Vec<Reading>) {
        let (mut emitted, mut too_late) = (Vec::new(), Vec::new());
        let (mut open, mut reached) = (Vec::<Pane>::new(), i64::MIN);
        for reading in readings {
            let windows = self.windows(&reading);
            let mut is_late = !windows.is_empty() || reading.millis + allowed <= reached;
            for (start, end) in windows {
                let joins = |pane: &mut Pane| {
                    let (sensor, from, to, _) = pane.fired;
                    let touches = from <= end && start <= to;
                    let meets = if self.merges() { touches } else { (from, to) == (start, end) };
                    sensor == reading.sensor && meets
                };
                let mut fired = (reading.sensor, start, end, 1);
                for Pane { fired: (_, from, to, count), .. } in open.extract_if(.., joins) {
                    fired = (fired.0, fired.1.min(from), fired.2.max(to), fired.3 + count);
                }
                if fired.2 - 1 + allowed <= reached {
                    continue;
                }
                is_late = false;
                let has_fired = fired.2 - 1 <= reached;
                emitted.extend(has_fired.then_some(fired));
                open.push(Pane { fired, has_fired });
            }
            too_late.extend(is_late.then_some(reading));
            reached = reached.max(mark_of(&reading).map_or(reached, Timestamp::as_millis));
            for pane in open.iter_mut().filter(|pane| !pane.has_fired && pane.fired.2 - 1 <= reached) {
                pane.has_fired = true;
                emitted.push(pane.fired);
            }
            open.retain(|pane| pane.fired.2 - 1 + allowed > reached);
        }
        emitted.extend(open.into_iter().filter(|pane| !pane.has_fired).map(|pane| pane.fired));
        (emitted, too_late)
    }
}

/// One split, and watermarks that stand in the data: when a window fires, how often, and which
/// records are too late for it is then not a matter of luck.
fn with_lateness(setting: &Setting, kind: Kind) -> Verdict {
    with_lateness_of(setting, kind, setting.draw(100, 20..=300))
}

fn with_lateness_of(setting: &Setting, kind: Kind, records: u64) -> Verdict {
    let disorder = setting.draw(102, 0..=400).cast_signed();
    let allowed = setting.draw(105, 0..=250);
    let (counted, lost) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let make = move |number| Reading::new(number, disorder);
        let readings = env.from_source(Trickle::new(setting, 101, records, make).one_split());
        let time = WatermarkStrategy::for_generator(|| Marks)
            .timestamp_assigner(|reading: &Reading| Timestamp::from_millis(reading.millis));
        let timed = readings.parallelism(1).assign_timestamps_and_watermarks(time).parallelism(1);
        // A text, whose hash travels with the record.
        let keyed = timed.key_by(|reading| reading.sensor.to_string());
        let late = OutputTag::new("late");
        let millis = |millis: i64| Duration::from_millis(millis.cast_unsigned());
        let windows = match kind {
            Kind::Sliding { size, slide } => keyed
                .window(SlidingEventTimeWindows::of(millis(size), millis(slide)))
                .allowed_lateness(Duration::from_millis(allowed))
                .side_output_late_data(&late)
                .count(),
            Kind::Session { gap } => keyed
                .window(EventTimeSessionWindows::with_gap(millis(gap)))
                .allowed_lateness(Duration::from_millis(allowed))
                .side_output_late_data(&late)
                .count(),
            Kind::DynamicSession { most } => keyed
                .window(EventTimeSessionWindows::with_dynamic_gap(move |reading| {
                    millis(gap_of(reading, most))
                }))
                .allowed_lateness(Duration::from_millis(allowed))
                .side_output_late_data(&late)
                .count(),
        };
        let windows = windows.parallelism(life.parallelism());
        let counts = windows.map(|result| {
            let sensor = result.key.parse().unwrap();
            (sensor, result.window.start.as_millis(), result.window.end.as_millis(), result.value)
        });
        let _sinks = (
            counts.sink_to(counted.clone()).parallelism(life.parallelism()),
            windows.side_output(&late).sink_to(lost.clone()),
        );
    })?;
    let readings = (0..records).map(|number| Reading::new(number, disorder));
    let (expected, too_late) = kind.work_out(readings, allowed.cast_signed());
    compare(lost.records(), too_late).map_err(|error| format!("late: {error}"))?;
    compare(counted.records(), expected)?;
    Ok(report)
}

pub fn sliding_windows(setting: &Setting) -> Verdict {
    let size = setting.draw(103, 20..=300).cast_signed();
    // Also windows with gaps between them.
    let slide = setting.draw(104, 20..=350).cast_signed();
    with_lateness(setting, Kind::Sliding { size, slide })
}

/// Each record belongs to as many as fifty windows.
pub fn many_sliding_windows(setting: &Setting) -> Verdict {
    let size = setting.draw(103, 200..=500).cast_signed();
    let slide = setting.draw(104, 10..=30).cast_signed();
    with_lateness_of(setting, Kind::Sliding { size, slide }, setting.draw(100, 20..=150))
}

pub fn session_windows(setting: &Setting) -> Verdict {
    with_lateness(setting, Kind::Session { gap: setting.draw(103, 1..=150).cast_signed() })
}

pub fn dynamic_session_windows(setting: &Setting) -> Verdict {
    with_lateness(setting, Kind::DynamicSession { most: setting.draw(103, 1..=250).cast_signed() })
}

pub fn global_windows(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 0..=300);
    let summed = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let numbers = numbers.parallelism(life.parallelism());
        let sums = numbers.key_by(|number| number % 11).window(GlobalWindows::at_end()).reduce(|a, b| a + b);
        let sums = sums.parallelism(life.parallelism()).map(|result| (result.key, result.value));
        let _sink = sums.sink_to(summed.clone());
    })?;
    let mut expected = BTreeMap::<u64, u64>::new();
    (0..records).for_each(|number| *expected.entry(number % 11).or_default() += number);
    compare(summed.records(), expected.into_iter().collect())?;
    Ok(report)
}
