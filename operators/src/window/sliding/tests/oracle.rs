//! Slices against windows that each keep their own accumulators, and against plain Rust: random records,
//! watermarks and crashes, and restores of what the other way has written.

use std::sync::Mutex;

use millstream_runtime::Result;
use millstream_runtime::testing::KeyedFleet;
use proptest::prelude::*;

use super::*;
use crate::window::Window;
use crate::window::tests::model::{Kind, Model};

#[derive(Clone, Debug)]
enum Step {
    Record {
        key: u8,
        time: i64,
    },
    Watermark(i64),
    /// A crash after a snapshot, and a restart with so many subtasks, by slices or not.
    Crash(u32, bool),
    /// As a crash, and a restart with other windows.
    Change(Lengths),
}

#[derive(Clone, Copy, Debug)]
struct Lengths {
    size: i64,
    slide: i64,
    offset: i64,
    is_sliced: bool,
}

fn any_lengths() -> impl Strategy<Value = Lengths> {
    let lengths = prop_oneof![
        3 => (1..40_i64, 1..20_i64),
        1 => (40..200_i64, 1..4_i64),
    ];
    (lengths, 0..25_i64).prop_map(|((size, slide), offset)| Lengths { size, slide, offset, is_sliced: true })
}

fn steps(changes: u32) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        40 => (0..4_u8, -60..120_i64).prop_map(|(key, time)| Step::Record { key, time }),
        15 => (-60..150_i64).prop_map(Step::Watermark),
        5 => (1..4_u32, prop::bool::weighted(0.7)).prop_map(|(parallelism, slices)| Step::Crash(parallelism, slices)),
        changes => any_lengths().prop_map(Step::Change),
    ];
    // Mostly time goes on, so that many windows are open and fire one after the other.
    (prop::collection::vec(step, 0..120), any::<bool>()).prop_map(|(mut steps, goes_on)| {
        for (number, step) in (0..).zip(&mut steps).filter(|_| goes_on) {
            match step {
                Step::Record { time, .. } => *time = number * 2 + *time / 4 - 60,
                Step::Watermark(time) => *time = number * 2 + *time / 16 - 65,
                Step::Crash(..) | Step::Change(_) => {}
            }
        }
        steps
    })
}

/// Key, window, watermark and records.
type Fired = (u8, TimeWindow, Timestamp, Vec<u32>);

struct Run {
    fleet: KeyedFleet<u8, u32, Fired>,
    lengths: Arc<Mutex<Lengths>>,
    base: i64,
    late: u64,
}

impl Run {
    fn new(lengths: Lengths, allowed: i64, base: i64) -> Result<Self> {
        let lengths = Arc::new(Mutex::new(lengths));
        let current = lengths.clone();
        let fired = |mut records: Vec<u32>,
                     cx: &mut WindowContext<'_, u8, TimeWindow>,
                     out: &mut Emitter<'_, Fired>| {
            records.sort_unstable();
            out.emit((*cx.key(), *cx.window(), cx.watermark(), records))
        };
        let fleet = KeyedFleet::new(2, 8, move |info| {
            let lengths = *current.lock().unwrap();
            let windows = windows(lengths.size, lengths.slide)
                .offset(Duration::from_millis(lengths.offset.unsigned_abs()));
            let function = Processed::new(Gather::default(), ProcessFn(fired));
            if lengths.is_sliced {
                SlidingOperator::new(&windows, function, lateness(allowed), info)
            } else {
                SlidingOperator::unsliced(&windows, function, lateness(allowed), info)
            }
        })?;
        Ok(Self { fleet, lengths, base, late: 0 })
    }

    fn at(&self, time: i64) -> Timestamp {
        at(self.base.saturating_add(time))
    }

    fn crash(&mut self, parallelism: u32) -> Result<()> {
        let time = self.at(55);
        self.note_late();
        self.fleet.crash(parallelism, |old| {
            (0..4).try_for_each(|key| old.push(key, 9_999, time))?;
            old.end_of_data()
        })
    }

    fn note_late(&mut self) {
        self.late += self.fleet.members().iter().map(|member| member.counters().late_records).sum::<u64>();
    }

    /// What has been emitted meanwhile; `are_slices_allowed` is not so for the operator to compare with.
    fn step(&mut self, number: u32, step: &Step, are_slices_allowed: bool) -> Result<Vec<Fired>> {
        match step {
            Step::Record { key, time } => self.fleet.push(*key, number, self.at(*time))?,
            Step::Watermark(time) => self.fleet.watermark(self.at(*time))?,
            Step::Crash(parallelism, is_sliced) => {
                self.lengths.lock().unwrap().is_sliced = are_slices_allowed && *is_sliced;
                self.crash(*parallelism)?;
            }
            Step::Change(lengths) => {
                *self.lengths.lock().unwrap() = Lengths { is_sliced: are_slices_allowed, ..*lengths };
                self.crash(2)?;
            }
        }
        Ok(self.taken())
    }

    fn taken(&mut self) -> Vec<Fired> {
        let mut taken = Vec::new();
        let mut take = |rows: Vec<(Fired, Timestamp)>| {
            assert!(rows.is_sorted_by_key(|((_, window, ..), _)| *window), "windows fire in order: {rows:?}");
            taken.extend(rows.into_iter().map(|(row, time)| {
                assert_eq!(time, row.1.max_timestamp());
                row
            }));
        };
        self.fleet.members().iter().for_each(|member| take(member.take_timed()));
        // What was emitted before a crash has been taken before.
        assert!(self.fleet.take_timed().is_empty());
        taken.sort_unstable();
        taken
    }
}

proptest! {
    #[test]
    fn slices_come_to_what_windows_of_their_own_do(
        steps in steps(2),
        lengths in any_lengths(),
        allowed in prop_oneof![Just(0), 0..20_i64, 20..200_i64],
        // Near the end of time windows are cut off.
        base in prop_oneof![6 => Just(0), 1 => Just(i64::MIN + 300), 2 => Just(i64::MAX - 230)],
    ) {
        let mut sliced = Run::new(lengths, allowed, base).unwrap();
        let mut unsliced = Run::new(Lengths { is_sliced: false, ..lengths }, allowed, base).unwrap();
        for (number, step) in (0..).zip(&steps) {
            let expected = unsliced.step(number, step, false).unwrap();
            prop_assert_eq!(sliced.step(number, step, true).unwrap(), expected, "step {}", number);
        }
        for run in [&mut sliced, &mut unsliced] {
            run.fleet.end_of_data().unwrap();
            run.note_late();
        }
        prop_assert_eq!(sliced.taken(), unsliced.taken());
        prop_assert_eq!(sliced.late, unsliced.late);
    }

    #[test]
    fn slices_come_to_what_the_model_says(
        steps in steps(0),
        lengths in any_lengths(),
        allowed in prop_oneof![Just(0), 0..20_i64, 20..200_i64],
    ) {
        let Lengths { size, slide, offset, .. } = lengths;
        let mut model = Model::new(Kind::Sliding { size, slide, offset }, allowed);
        let mut run = Run::new(lengths, allowed, 0).unwrap();
        let mut emitted = Vec::new();
        for (number, step) in (0..).zip(&steps) {
            match step {
                Step::Record { key, time } => model.push(*key, number, *time),
                Step::Watermark(time) => model.watermark(*time),
                Step::Crash(..) | Step::Change(_) => {}
            }
            emitted.extend(run.step(number, step, true).unwrap());
        }
        model.watermark(i64::MAX);
        run.fleet.end_of_data().unwrap();
        run.note_late();
        emitted.extend(run.taken());
        let rows = |mut rows: Vec<(u8, TimeWindow, Vec<u32>)>| { rows.sort(); rows };
        let emitted = emitted.into_iter().map(|(key, window, _, records)| (key, window, records)).collect();
        prop_assert_eq!(rows(emitted), rows(model.emitted));
        prop_assert_eq!(run.late, model.late);
    }
}
