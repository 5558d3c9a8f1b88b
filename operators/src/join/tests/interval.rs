//! Interval joins against two nested loops.

use millstream_runtime::testing::{Emitted, HarnessSetup, TwoInputHarness};

use super::*;
use crate::join::TimeOffset;
use crate::join::interval_operator::{Interval, IntervalSettings, interval_operator};
use crate::{Environment, WatermarkStrategy};

type Settings = IntervalSettings<Numbered, Numbered>;

fn settings(first: i64, last: i64, kind: JoinKind) -> Settings {
    IntervalSettings { interval: Interval { first, last }, kind, late_left: None, late_right: None }
}

fn builder(settings: Settings) -> Builder {
    keyed_operator_of_two_inputs(
        |record: &Numbered| record.0,
        |record: &Numbered| record.0,
        move |info| interval_operator(settings.clone(), kind::full(pair()), info),
    )
}

const KINDS: [JoinKind; 4] = [JoinKind::INNER, JoinKind::LEFT, JoinKind::RIGHT, JoinKind::FULL];

/// Each left record with each right one, and those without a partner.
fn nested_loops(left: &[InTime], right: &[InTime], (first, last): (i64, i64), kind: JoinKind) -> Vec<Pair> {
    let meets = |left: &InTime, right: &InTime| {
        left.0 == right.0 && (left.1 + first..=left.1 + last).contains(&right.1)
    };
    let mut pairs = Vec::new();
    for one in left {
        let partners: Vec<_> = right.iter().filter(|other| meets(one, other)).collect();
        pairs.extend(partners.iter().map(|other| (Some(one.2), Some(other.2))));
        if partners.is_empty() && kind.left_outer {
            pairs.push((Some(one.2), None));
        }
    }
    let alone = right.iter().filter(|other| kind.right_outer && !left.iter().any(|one| meets(one, other)));
    pairs.extend(alone.map(|other| (None, Some(other.2))));
    pairs
}

proptest! {
    #[test]
    fn interval_joins_are_nested_loops_whatever_fails(
        steps in steps(),
        first in -20..20_i64,
        span in 0..25_i64,
        kind in prop::sample::select(KINDS.to_vec()),
    ) {
        let bounds = (first, first + span);
        let [(left, _), (right, _)] = in_time(&steps);
        let found = run(&steps, || builder(settings(bounds.0, bounds.1, kind))).unwrap();
        for ((one, other), time) in &found {
            let time_of = |side: &[InTime], number: Option<u32>| {
                number.and_then(|number| side.iter().find(|record| record.2 == number)).map(|record| record.1)
            };
            let latest = time_of(&left, *one).max(time_of(&right, *other)).unwrap();
            prop_assert!(time.as_millis() >= latest);
            prop_assert!(time.as_millis() == latest || one.is_none() || other.is_none());
        }
        let found = found.into_iter().map(|(pair, _)| pair).collect();
        same(found, nested_loops(&left, &right, bounds, kind));
    }
}

type Harness = TwoInputHarness<(u8, Numbered), (u8, Numbered), Pair>;

fn harness(settings: &Settings) -> Result<Harness> {
    TwoInputHarness::make(HarnessSetup::new(), |info| {
        interval_operator(settings.clone(), kind::full(pair()), info)
    })
}

#[test]
fn pairs_come_at_once_and_what_is_alone_when_its_time_is_over() -> Result<()> {
    let mut harness = harness(&settings(-2, 3, JoinKind::FULL))?;
    let record = |number: u32| (0, (0, number));
    harness.push_first(record(1), at(10))?;
    harness.push_second(record(2), at(13))?;
    harness.push_second(record(3), at(14))?;
    harness.push_second(record(4), at(8))?;
    assert_eq!(harness.take_timed(), [((Some(1), Some(2)), at(13)), ((Some(1), Some(4)), at(10))]);
    harness.push_first(record(5), at(30))?;
    // The last left record that may be joined with it is of 16.
    harness.watermark(at(15))?;
    assert_eq!(harness.take_emitted(), [Emitted::Watermark(at(15))]);
    harness.watermark(at(16))?;
    assert_eq!(
        harness.take_emitted(),
        [Emitted::Record((None, Some(3)), at(16)), Emitted::Watermark(at(16))]
    );
    let snapshot = harness.snapshot(1)?;
    assert_eq!(snapshot.keyed_states().map(|(_, entries)| entries).collect::<Vec<_>>(), [1, 1]);
    harness.end_of_data()?;
    assert_eq!(harness.take_timed(), [((Some(5), None), at(33))]);
    assert_eq!(harness.snapshot(2)?.keyed_entries(), 0);
    Ok(())
}

#[test]
fn an_inner_join_forgets_a_little_later_and_then_many_records_at_once() -> Result<()> {
    // A record of the left is over a minute later; a sixteenth of that is 3,750 ms, and 2,048 a power of two.
    let mut harness = harness(&settings(0, 60_000, JoinKind::INNER))?;
    for number in 0..1_000 {
        harness.push_first((number as u8, (0, number)), at(i64::from(number)))?;
    }
    let entries = |harness: &mut Harness| -> Result<Vec<u64>> {
        Ok(harness.snapshot(1)?.keyed_states().map(|(_, entries)| entries).collect())
    };
    // All are over at 60,999; the next multiple of 2,048 is 61,440.
    harness.watermark(at(61_439))?;
    assert_eq!(entries(&mut harness)?, [256, 256]);
    harness.watermark(at(61_440))?;
    assert_eq!(entries(&mut harness)?, [0, 0]);
    // What is over is not joined for that, since its partners are late.
    harness.push_second((0, (0, 1)), at(61_000))?;
    assert_eq!((harness.take_records(), harness.counters().late_records), (vec![], 1));
    Ok(())
}

#[test]
fn late_records_are_counted_or_go_aside() -> Result<()> {
    let (left, right) = (OutputTag::new("left"), OutputTag::new("right"));
    let aside = Settings {
        late_left: Some(left.clone()),
        late_right: Some(right.clone()),
        ..settings(-9, 9, JoinKind::FULL)
    };
    for (settings, counted) in [(settings(-9, 9, JoinKind::FULL), 2), (aside, 0)] {
        let mut harness = harness(&settings)?;
        harness.watermark(at(5))?;
        harness.push_first((0, (0, 1)), at(5))?;
        harness.push_second((0, (0, 2)), at(4))?;
        harness.end_of_data()?;
        assert!(harness.take_records().is_empty());
        assert_eq!(harness.counters().late_records, counted);
        if counted == 0 {
            assert_eq!(harness.take_side_timed(&left), [((0, 1), at(5))]);
            assert_eq!(harness.take_side_timed(&right), [((0, 2), at(4))]);
        }
    }
    let error = harness(&settings(0, 0, JoinKind::INNER))?.push_first((0, (0, 1)), Timestamp::MIN);
    assert!(error.unwrap_err().to_string().contains("without a timestamp came to an interval join"));
    Ok(())
}

#[test]
fn impossible_bounds_are_refused_before_the_job_runs() {
    let after = |millis| TimeOffset::after(Duration::from_millis(millis));
    let micros = TimeOffset::before(Duration::from_micros(1));
    for (lower, upper, exclusive, expected) in [
        (after(2), after(1), false, "the lower bound of an interval join is 2ms, above the upper one, 1ms"),
        (after(1), after(1), true, "no record lies between"),
        (
            micros,
            after(1),
            false,
            "the lower bound of an interval join must be a whole number of milliseconds, but is -1µs",
        ),
    ] {
        let env = Environment::new();
        let time = WatermarkStrategy::monotonous().timestamp_assigner(|millis: &i64| at(*millis));
        let stream = env.from_collection([1_i64]).assign_timestamps_and_watermarks(time).key_by(|_| ());
        let mut join = stream.interval_join(&stream).between(lower, upper);
        if exclusive {
            join = join.lower_bound_exclusive();
        }
        join.apply(|left, _| *left).discard();
        let error = env.explain().map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "`{expected}` is missing: {error}");
    }
}
