//! Random records, watermarks and crashes, against the [`Model`].

use proptest::prelude::*;

use super::model::{Kind, Model, Row};
use super::*;
use crate::window::assigner::general_operator;
use crate::window::either::EitherOperator;

#[derive(Clone, Debug)]
enum Step {
    Record {
        key: u8,
        time: i64,
    },
    Watermark(i64),
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..6_u8, -30..60_i64).prop_map(|(key, time)| Step::Record { key, time }),
        3 => (-30..60_i64).prop_map(Step::Watermark),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (1..20_i64, 0..25_i64).prop_map(|(size, offset)| Kind::Tumbling { size, offset }),
        (1..20_i64, 1..20_i64, 0..25_i64).prop_map(|(size, slide, offset)| Kind::Sliding {
            size,
            slide,
            offset
        }),
        (1..15_i64).prop_map(|gap| Kind::Session { gap }),
    ]
}

type Fleet = KeyedFleet<u8, u32, WindowResult<u8, Vec<u32>>>;

fn fleet(kind: &Kind, allowed: i64, general: bool) -> Result<Fleet> {
    fn of(
        windows: impl WindowAssigner<u32, Window = TimeWindow>,
        allowed: i64,
        general: bool,
    ) -> Result<Fleet> {
        let allowed = lateness(allowed.cast_unsigned());
        KeyedFleet::new(2, 8, move |info| {
            if general {
                EitherOperator::First(general_operator(&windows, Results(Keep), allowed.clone(), info))
            } else {
                EitherOperator::Second(windows.window_operator(Results(Keep), allowed.clone(), info))
            }
        })
    }
    let duration = |value: i64| millis(value.cast_unsigned());
    match *kind {
        Kind::Tumbling { size, offset } => {
            of(TumblingEventTimeWindows::of(duration(size)).offset(duration(offset)), allowed, general)
        }
        Kind::Sliding { size, slide, offset } => of(
            SlidingEventTimeWindows::of(duration(size), duration(slide)).offset(duration(offset)),
            allowed,
            general,
        ),
        Kind::Session { gap } => of(EventTimeSessionWindows::with_gap(duration(gap)), allowed, general),
    }
}

/// Runs the steps through the operator; after every crash the old subtasks do damage to what they
/// share with the snapshot.
fn run(steps: &[Step], kind: &Kind, allowed: i64, general: bool) -> Result<(Vec<Row>, u64)> {
    let mut fleet = fleet(kind, allowed, general)?;
    let mut late = 0;
    let late_now =
        |fleet: &mut Fleet| fleet.members().iter().map(|member| member.counters().late_records).sum::<u64>();
    for (number, step) in (0..).zip(steps) {
        match step {
            Step::Record { key, time } => fleet.push(*key, number, at(*time))?,
            Step::Watermark(time) => fleet.watermark(at(*time))?,
            Step::Crash(parallelism) => {
                late += late_now(&mut fleet);
                fleet.crash(*parallelism, |old| {
                    (0..6).try_for_each(|key| old.push(key, 9_999, at(55)))?;
                    old.end_of_data()
                })?;
            }
        }
    }
    fleet.end_of_data()?;
    late += late_now(&mut fleet);
    let rows = fleet.take_timed().into_iter().map(|(result, time)| {
        assert_eq!(time, result.window.max_timestamp());
        (result.key, result.window, result.value)
    });
    Ok((rows.collect(), late))
}

proptest! {
    #[test]
    fn windows_are_what_the_model_says_whatever_fails(
        steps in steps(),
        kind in kinds(),
        allowed in prop_oneof![Just(0), 0..20_i64],
        general: bool,
    ) {
        let mut model = Model::new(kind.clone(), allowed);
        for (number, step) in (0..).zip(&steps) {
            match step {
                Step::Record { key, time } => model.push(*key, number, *time),
                Step::Watermark(time) => model.watermark(*time),
                Step::Crash(_) => {}
            }
        }
        model.watermark(i64::MAX);
        let (mut rows, late) = run(&steps, &kind, allowed, general).unwrap();
        for rows in [&mut rows, &mut model.emitted] {
            // Sessions that merge may hold their records in another order.
            rows.iter_mut().for_each(|(_, _, records)| records.sort_unstable());
            rows.sort();
        }
        prop_assert_eq!(rows, model.emitted);
        prop_assert_eq!(late, model.late);
    }
}
