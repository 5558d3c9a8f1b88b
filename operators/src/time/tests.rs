use std::time::Duration;

use millstream_runtime::event::StreamStatus;
use millstream_runtime::testing::{Emitted, HarnessSetup, OperatorHarness};
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::assign_timestamps::AssignTimestamps;
use super::{WatermarkGenerator, WatermarkStrategy};

type Harness = OperatorHarness<i64, i64>;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Records are their own timestamps, and may be 10 ms out of order.
fn bounded() -> WatermarkStrategy<i64> {
    WatermarkStrategy::bounded_out_of_orderness(millis(10)).timestamp_assigner(|n| at(*n))
}

fn harness(strategy: &WatermarkStrategy<i64>) -> Harness {
    Harness::new(AssignTimestamps::new(strategy)).unwrap()
}

/// What came out: records, `W` watermarks, and whether the stream is idle.
fn shown(harness: &Harness) -> Vec<String> {
    let show = |emitted| match emitted {
        Emitted::Record(record, timestamp) if timestamp == at(record) => record.to_string(),
        Emitted::Record(record, timestamp) => format!("{record}@{timestamp}"),
        Emitted::Watermark(Timestamp::MAX) => "end".to_owned(),
        Emitted::Watermark(watermark) => format!("W{}", watermark.as_millis()),
        Emitted::Status(StreamStatus::Idle) => "idle".to_owned(),
        Emitted::Status(StreamStatus::Active) => "active".to_owned(),
        Emitted::Barrier(_) | Emitted::EndOfData => "control".to_owned(),
    };
    harness.take_emitted().into_iter().map(show).collect()
}

#[test]
fn the_watermark_trails_the_greatest_timestamp_by_the_bound_and_a_millisecond() {
    let mut harness = harness(&bounded());
    harness.push_all([100, 120, 95]).unwrap();
    assert_eq!(shown(&harness), ["100", "120", "95", "W109"]);
    let mut harness = self::harness(&WatermarkStrategy::monotonous().timestamp_assigner(|n| at(*n)));
    harness.push_all([5]).unwrap();
    assert_eq!(shown(&harness), ["5", "W4"]);
}

#[test]
fn watermarks_come_at_the_interval_or_when_the_input_runs_dry() {
    let mut harness = harness(&bounded());
    harness.push_all([100]).unwrap();
    harness.push_all([200]).unwrap();
    harness.advance(millis(49)).unwrap();
    harness.push_all([300]).unwrap();
    assert_eq!(shown(&harness), ["100", "W89", "200", "300"]);
    harness.advance(millis(1)).unwrap();
    harness.push_all([400]).unwrap();
    harness.push_all([500]).unwrap();
    assert_eq!(shown(&harness), ["400", "W389", "500"]);
    harness.flush().unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["W489"]);
    let mut each_batch = self::harness(&bounded().interval(Duration::ZERO));
    each_batch.push_all([100]).unwrap();
    each_batch.push_all([200]).unwrap();
    assert_eq!(shown(&each_batch), ["100", "W89", "200", "W189"]);
}

#[test]
fn upstreams_watermarks_are_swallowed_but_the_last() {
    let mut own = harness(&bounded());
    let mut none = harness(&WatermarkStrategy::without_watermarks());
    let mut preserved = harness(&WatermarkStrategy::preserve_watermarks().timestamp_assigner(|n| at(*n)));
    for harness in [&mut own, &mut none, &mut preserved] {
        harness.watermark(at(1_000)).unwrap();
        harness.push(30, at(7)).unwrap();
        harness.flush().unwrap();
        harness.watermark(Timestamp::MAX).unwrap();
        harness.flush().unwrap();
    }
    assert_eq!(shown(&own), ["30", "W19", "end"]);
    assert_eq!(shown(&none), ["30@1970-01-01T00:00:00.007Z", "end"]);
    assert_eq!(shown(&preserved), ["W1000", "30", "end"]);
}

#[test]
fn a_stream_without_records_becomes_idle_only_while_its_input_is_dry() {
    let mut harness = harness(&bounded().idleness(millis(1_000)));
    harness.flush().unwrap();
    assert_eq!(harness.wake_at(), Some(at(1_000)));
    // The task was held up, and finds input when it comes round: it was not idle.
    harness.advance(millis(1_500)).unwrap();
    harness.push_all([100]).unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["100", "W89"]);
    assert_eq!(harness.wake_at(), Some(at(2_500)));
    harness.advance(millis(1_000)).unwrap();
    harness.flush().unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["idle"]);
    harness.push_all([200]).unwrap();
    assert_eq!(shown(&harness), ["active", "200"]);
    harness.end_of_data().unwrap();
    harness.advance(millis(5_000)).unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["end", "control"]);
}

#[test]
fn an_idle_upstream_makes_the_stream_idle() {
    let mut harness = harness(&bounded());
    harness.status(StreamStatus::Idle).unwrap();
    harness.push_all([100]).unwrap();
    harness.status(StreamStatus::Active).unwrap();
    assert_eq!(shown(&harness), ["idle", "active", "100", "W89"]);
}

/// Follows the clock, and marks that are multiples of 100.
struct Marks;

impl WatermarkGenerator<i64> for Marks {
    fn on_event(&mut self, record: &i64, timestamp: Timestamp) -> Option<Timestamp> {
        (record % 100 == 0).then_some(timestamp)
    }
    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp> {
        (now > at(0)).then_some(now)
    }
}

#[test]
fn a_generator_of_ones_own_marks_between_records_and_by_the_clock() {
    let strategy = WatermarkStrategy::for_generator(|| Marks).timestamp_assigner(|n: &i64| at(*n));
    let mut harness = harness(&strategy);
    harness.push_all([50, 100, 70, 200]).unwrap();
    assert_eq!(shown(&harness), ["50", "100", "W100", "70", "200", "W200"]);
    harness.flush().unwrap();
    assert_eq!(harness.wake_at(), Some(at(50)));
    harness.advance(millis(300)).unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["W300"]);
}

#[test]
fn a_restored_stream_goes_on_where_all_subtasks_together_had_come() {
    /// Last record, whether idle, whether ended.
    type Subtask = (i64, bool, bool);
    // The subtasks at the snapshot, and the watermark that the restored ones begin with.
    let cases: [(&[Subtask], Option<&str>); 5] = [
        (&[(100, false, false)], Some("W89")),
        (&[(100, false, false), (50, false, false)], Some("W39")),
        (&[(100, false, false), (50, true, false)], Some("W89")),
        (&[(100, true, false), (50, true, false)], Some("W89")),
        (&[(100, false, true), (50, false, true)], None),
    ];
    for (subtasks, expected) in cases {
        let snapshots: Vec<_> = subtasks
            .iter()
            .map(|(last, idle, ended)| {
                let mut harness = harness(&bounded());
                harness.push_all([*last]).unwrap();
                if *idle {
                    harness.status(StreamStatus::Idle).unwrap();
                }
                if *ended {
                    harness.end_of_data().unwrap();
                }
                harness.snapshot(1).unwrap()
            })
            .collect();
        let setup = HarnessSetup::new().subtask(1, 3).restore(&snapshots);
        let mut restored = Harness::with(setup, AssignTimestamps::new(&bounded())).unwrap();
        restored.poll().unwrap();
        restored.push_all([20]).unwrap();
        let watermark = expected.map(str::to_owned);
        let after = expected.is_none().then(|| "W9".to_owned());
        let all: Vec<_> = watermark.into_iter().chain(["20".to_owned()]).chain(after).collect();
        assert_eq!(shown(&restored), all, "{subtasks:?}");
    }
}

proptest! {
    #[test]
    fn nothing_within_the_bound_is_late(
        batches in proptest::collection::vec((proptest::collection::vec(0_u64..=10, 0..8), 0_u64..80, any::<bool>()), 1..20),
        snapshot_at in 0_usize..20,
    ) {
        let mut harness = harness(&bounded());
        let (mut base, mut watermark) = (0_i64, i64::MIN);
        for (index, (behind, passing, dry)) in batches.into_iter().enumerate() {
            base += 5;
            harness.push_all(behind.iter().map(|behind| base - i64::try_from(*behind).unwrap())).unwrap();
            harness.advance(millis(passing)).unwrap();
            if dry {
                harness.flush().unwrap();
            }
            if index == snapshot_at {
                let snapshot = harness.snapshot(1).unwrap();
                let before = harness.take_emitted();
                harness = Harness::restore(AssignTimestamps::new(&bounded()), &snapshot).unwrap();
                harness.poll().unwrap();
                watermark = check(before, watermark)?;
            }
            watermark = check(harness.take_emitted(), watermark)?;
        }
    }
}

/// No record at or below the watermark before it; the watermark never falls.
fn check(emitted: Vec<Emitted<i64>>, mut reached: i64) -> Result<i64, TestCaseError> {
    for emitted in emitted {
        match emitted {
            Emitted::Record(record, _) => prop_assert!(record > reached),
            // A restore repeats the watermark it goes on from.
            Emitted::Watermark(watermark) => {
                prop_assert!(watermark.as_millis() >= reached);
                reached = watermark.as_millis();
            }
            _ => {}
        }
    }
    Ok(reached)
}

/// Records come out with the time at which they come.
fn ingested(harness: &Harness) -> Vec<(i64, i64)> {
    harness.take_timed().into_iter().map(|(record, time)| (record, time.as_millis())).collect()
}

#[test]
fn ingestion_time_follows_the_clock_with_and_without_records() {
    let mut harness = harness(&WatermarkStrategy::ingestion_time());
    harness.advance(millis(100)).unwrap();
    harness.push(1, at(7)).unwrap();
    assert_eq!(shown(&harness), ["1@1970-01-01T00:00:00.100Z", "W99"]);
    harness.advance(millis(60)).unwrap();
    harness.flush().unwrap();
    assert_eq!(shown(&harness), ["W159"]);
    assert_eq!(harness.wake_at(), Some(at(210)), "looks at the clock again");
    harness.push_all([2, 3]).unwrap();
    assert_eq!(ingested(&harness), [(2, 160), (3, 160)]);
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_late_in_ingestion_time() {
    let strategy = WatermarkStrategy::ingestion_time();
    let mut before = harness(&strategy);
    before.advance(millis(1_000)).unwrap();
    before.push_all([1]).unwrap();
    assert_eq!(shown(&before), ["1@1970-01-01T00:00:01.000Z", "W999"]);
    let snapshot = before.snapshot(1).unwrap();
    // The machine that goes on believes it to be earlier.
    let setup = HarnessSetup::new().clock(millis(400)).restore([&snapshot]);
    let mut after = Harness::with(setup, AssignTimestamps::new(&strategy)).unwrap();
    after.poll().unwrap();
    after.push_all([2]).unwrap();
    assert_eq!(shown(&after), ["W999", "2@1970-01-01T00:00:01.000Z"]);
    after.advance(millis(700)).unwrap();
    after.push_all([3]).unwrap();
    assert_eq!(shown(&after), ["3@1970-01-01T00:00:01.100Z", "W1099"]);
}

#[test]
fn an_assigner_with_memory_has_one_of_its_own_in_each_subtask_and_sees_the_earlier_timestamp() {
    let mut records = 0;
    let strategy =
        WatermarkStrategy::monotonous().timestamp_assigner_with(move |_, earlier: Option<Timestamp>| {
            records += 1;
            at(earlier.map_or(0, Timestamp::as_millis) + records)
        });
    for _subtask in 0..2 {
        let mut harness = harness(&strategy);
        harness.push(1, at(100)).unwrap();
        harness.push_all([2, 3]).unwrap();
        assert_eq!(ingested(&harness), [(1, 101), (2, 2), (3, 3)]);
    }
}

#[test]
fn ingestion_time_and_an_assigner_contradict_each_other() {
    let env = crate::Environment::new();
    let strategy = WatermarkStrategy::ingestion_time().timestamp_assigner(|n: &i64| at(*n));
    env.from_collection([1_i64]).assign_timestamps_and_watermarks(strategy).discard();
    let error = env.execute("both").unwrap_err().to_string();
    assert!(error.contains("leave one of them out"), "{error}");
}
