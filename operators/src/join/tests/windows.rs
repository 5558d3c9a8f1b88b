//! Window joins and co-groups against two nested loops over windows.

use std::collections::BTreeMap;

use millstream_runtime::testing::KeyedFleet;

use super::*;
use crate::Emitter;
use crate::join::gather::{Group, KeepBoth};
use crate::join::side::Side;
use crate::window::{
    EventTimeSessionWindows, Lateness, Processed, SlidingEventTimeWindows, TimeWindow,
    TumblingEventTimeWindows, WindowAssigner,
};

/// How records become windows.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Tumbling(i64),
    Sliding(i64, i64),
    Session(i64),
}

type Gathered = (u8, Vec<u32>, Vec<u32>);
type Fleet = KeyedFleet<u8, Side<u32, u32>, Gathered>;

fn fleet(kind: Kind) -> Result<Fleet> {
    fn of(windows: impl WindowAssigner<Side<u32, u32>, Window = TimeWindow>) -> Result<Fleet> {
        let group = |key: &u8, firsts: &[u32], seconds: &[u32], out: &mut Emitter<'_, Gathered>| {
            out.emit((*key, firsts.to_vec(), seconds.to_vec()))
        };
        KeyedFleet::new(2, 8, move |info| {
            let lateness = Lateness { allowed: Duration::ZERO, too_late: None };
            windows.window_operator(Processed::new(KeepBoth, Group(group)), lateness, info)
        })
    }
    let millis = |millis: i64| Duration::from_millis(millis.cast_unsigned());
    match kind {
        Kind::Tumbling(size) => of(TumblingEventTimeWindows::of(millis(size))),
        Kind::Sliding(size, slide) => of(SlidingEventTimeWindows::of(millis(size), millis(slide))),
        Kind::Session(gap) => of(EventTimeSessionWindows::with_gap(millis(gap))),
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        (1..30_i64).prop_map(Kind::Tumbling),
        (1..30_i64, 1..15_i64).prop_map(|(size, slide)| Kind::Sliding(size, slide)),
        (1..15_i64).prop_map(Kind::Session),
    ]
}

/// The numbers of both sides in each window of each key.
fn gathered(kind: Kind, left: &[InTime], right: &[InTime]) -> Vec<Gathered> {
    let mut records: Vec<(u8, i64, bool, u32)> = Vec::new();
    records.extend(left.iter().map(|(key, time, number)| (*key, *time, true, *number)));
    records.extend(right.iter().map(|(key, time, number)| (*key, *time, false, *number)));
    records.sort_unstable();
    let mut windows = BTreeMap::<(u8, i64), (Vec<u32>, Vec<u32>)>::new();
    let mut session = BTreeMap::<u8, (i64, i64)>::new();
    for (key, time, is_left, number) in records {
        let starts: Vec<i64> = match kind {
            Kind::Tumbling(size) => vec![time - time.rem_euclid(size)],
            Kind::Sliding(size, slide) => {
                (time - size + 1..=time).filter(|start| start.rem_euclid(slide) == 0).collect()
            }
            // They come in order of time: a session goes on if it is not over.
            Kind::Session(gap) => {
                let open = session.entry(key).or_insert((time, time));
                if time > open.1 + gap {
                    open.0 = time;
                }
                open.1 = time;
                vec![open.0]
            }
        };
        for start in starts {
            let window = windows.entry((key, start)).or_default();
            if is_left { window.0.push(number) } else { window.1.push(number) }
        }
    }
    windows.into_iter().map(|((key, _), (left, right))| (key, left, right)).collect()
}

proptest! {
    #[test]
    fn windows_gather_both_sides_whatever_fails(steps in steps(), kind in kinds()) {
        // All watermarks are left out here: which records are late is tested with windows.
        let records: Vec<_> = steps.iter().filter(|step| !matches!(step, Step::Watermark { .. })).cloned().collect();
        let [(left, _), (right, _)] = in_time(&records);
        let mut fleet = fleet(kind).unwrap();
        for (number, step) in (0..).zip(&records) {
            match *step {
                Step::Record { is_left, key, time } => {
                    let record = if is_left { Side::First(number) } else { Side::Second(number) };
                    fleet.push(key, record, at(time)).unwrap();
                }
                Step::Watermark { .. } => unreachable!(),
                Step::Crash(parallelism) => fleet.crash(parallelism, Fleet::end_of_data).unwrap(),
            }
        }
        fleet.end_of_data().unwrap();
        let mut found = fleet.take_records();
        for (_, left, right) in &mut found {
            left.sort_unstable();
            right.sort_unstable();
        }
        let mut expected = gathered(kind, &left, &right);
        for (_, left, right) in &mut expected {
            left.sort_unstable();
            right.sort_unstable();
        }
        same(found, expected);
    }
}

/// Every kind of join, as a job.
#[test]
fn joins_of_windows_pair_what_they_gather() -> Result<()> {
    use crate::{Environment, Stream, WatermarkStrategy};

    let (left, right) = ([(0_u8, 1_u32), (0, 2), (1, 3), (0, 11)], [(0_u8, 4_u32), (0, 5), (2, 6), (1, 17)]);
    let stream = |env: &Environment, records: [(u8, u32); 4]| -> Stream<(u8, u32)> {
        let time =
            WatermarkStrategy::monotonous().timestamp_assigner(|record: &(u8, u32)| at(i64::from(record.1)));
        env.from_collection(records).assign_timestamps_and_watermarks(time)
    };
    let inner = [(1, 4), (1, 5), (2, 4), (2, 5)].map(|(left, right)| (Some(left), Some(right)));
    let alone_left = [(Some(3), None), (Some(11), None)];
    let alone_right = [(None, Some(6)), (None, Some(17))];
    for (name, expected) in [
        ("inner", [&inner[..]].concat()),
        ("left", [&inner[..], &alone_left].concat()),
        ("right", [&inner[..], &alone_right].concat()),
        ("full", [&inner[..], &alone_left, &alone_right].concat()),
    ] {
        let env = Environment::new().parallelism(2);
        let (left, right) =
            (stream(&env, left).key_by(|record| record.0), stream(&env, right).key_by(|record| record.0));
        let joined = left.join(&right).window(TumblingEventTimeWindows::of(Duration::from_millis(10)));
        let pairs = match name {
            "inner" => joined.apply(|left, right| (Some(left.1), Some(right.1))),
            "left" => joined.left_outer(|left, right| (Some(left.1), right.map(|right| right.1))),
            "right" => joined.right_outer(|left, right| (left.map(|left| left.1), Some(right.1))),
            _ => joined.full_outer(|left, right| (left.map(|left| left.1), right.map(|right| right.1))),
        };
        let pairs = pairs.collect();
        env.execute(name)?;
        same(pairs.take(), expected);
    }
    Ok(())
}
