use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::graph::OutputTag;
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::kind::{self, JoinKind};
use crate::testing::{HarnessBuilder, KeyedInputs, keyed_operator_of_two_inputs};

mod interval;
mod temporal;
mod windows;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A record: its key, and a number by which it is known.
type Numbered = (u8, u32);
/// What a join emits: the numbers of both halves.
type Pair = (Option<u32>, Option<u32>);

type Builder = HarnessBuilder<KeyedInputs<u8, Numbered, Numbered>, Pair>;

fn pair() -> impl FnMut(Option<&Numbered>, Option<&Numbered>) -> Pair + Clone + Send + Sync + 'static {
    |left, right| (left.map(|left| left.1), right.map(|right| right.1))
}

#[derive(Clone, Debug)]
enum Step {
    Record {
        is_left: bool,
        key: u8,
        time: i64,
    },
    /// Event time comes to a point in an input.
    Watermark {
        is_left: bool,
        time: i64,
    },
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (any::<bool>(), 0..4_u8, 1..60_i64)
            .prop_map(|(is_left, key, time)| Step::Record { is_left, key, time }),
        4 => (any::<bool>(), 1..70_i64).prop_map(|(is_left, time)| Step::Watermark { is_left, time }),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

/// A record that was not late, as far as the join looks at that: key, time and number.
type InTime = (u8, i64, u32);

/// The records of both inputs that come in time, and how many are late of each.
fn in_time(steps: &[Step]) -> [(Vec<InTime>, u64); 2] {
    let mut both = [(Vec::new(), 0), (Vec::new(), 0)];
    let mut watermarks = [i64::MIN; 2];
    for (number, step) in (0..).zip(steps) {
        match *step {
            Step::Record { is_left, key, time } => {
                let side = &mut both[usize::from(!is_left)];
                if time > watermarks[0].min(watermarks[1]) {
                    side.0.push((key, time, number));
                } else {
                    side.1 += 1;
                }
            }
            Step::Watermark { is_left, time } => {
                let watermark = &mut watermarks[usize::from(!is_left)];
                *watermark = time.max(*watermark);
            }
            Step::Crash(_) => {}
        }
    }
    both
}

/// Runs the steps; after every crash the old subtasks do damage to what they share with the snapshot. Sources begin
/// with no watermark after a restore, so the last of each input is told again.
fn run(steps: &[Step], builder: impl Fn() -> Builder) -> Result<Vec<(Pair, Timestamp)>> {
    let mut harness = builder().parallelism(2).open()?;
    let mut emitted = Vec::new();
    let mut watermarks = [Timestamp::MIN; 2];
    for (number, step) in (0..).zip(steps) {
        match *step {
            Step::Record { is_left: true, key, time } => harness.push_first_at((key, number), at(time))?,
            Step::Record { is_left: false, key, time } => harness.push_second_at((key, number), at(time))?,
            Step::Watermark { is_left: true, time } => {
                watermarks[0] = watermarks[0].max(at(time));
                harness.watermark_first(watermarks[0])?;
            }
            Step::Watermark { is_left: false, time } => {
                watermarks[1] = watermarks[1].max(at(time));
                harness.watermark_second(watermarks[1])?;
            }
            Step::Crash(parallelism) => {
                let snapshot = harness.snapshot()?;
                emitted.extend(harness.take_timed().into_iter().map(|(pair, time)| (pair, time.unwrap())));
                for key in 0..4 {
                    harness.push_first_at((key, 9_999), at(75))?;
                    harness.push_second_at((key, 9_999), at(75))?;
                }
                harness.end_of_data()?;
                harness = builder().parallelism(parallelism).restore(&snapshot)?;
                harness.watermark_first(watermarks[0])?;
                harness.watermark_second(watermarks[1])?;
            }
        }
    }
    harness.end_of_data()?;
    emitted.extend(harness.take_timed().into_iter().map(|(pair, time)| (pair, time.unwrap())));
    let mut watermark = Timestamp::MIN;
    for time in harness.take_watermarks() {
        assert!(time >= watermark, "watermarks rise");
        watermark = time;
    }
    assert_eq!((harness.event_time_timers()?, watermark), (0, Timestamp::MAX), "no timer is left");
    Ok(emitted)
}

#[track_caller]
fn same<T: Ord + std::fmt::Debug>(mut found: Vec<T>, mut expected: Vec<T>) {
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
