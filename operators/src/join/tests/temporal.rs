//! Temporal joins against looking through all versions for each record.

use super::*;
use crate::join::temporal_operator::temporal_operator;

fn builder(kind: JoinKind, late: Option<OutputTag<Numbered>>) -> Builder {
    keyed_operator_of_two_inputs(
        |record: &Numbered| record.0,
        |record: &Numbered| record.0,
        move |info| temporal_operator(kind, kind::full(pair()), late.clone(), info),
    )
}

/// For each record the latest version that is not later; of those of the same time the one that came last.
fn look_up(left: &[InTime], versions: &[InTime], kind: JoinKind) -> Vec<(Pair, Timestamp)> {
    let version_of = |record: &InTime| {
        let valid = versions.iter().filter(|version| version.0 == record.0 && version.1 <= record.1);
        valid.max_by_key(|version| (version.1, version.2)).map(|version| version.2)
    };
    let pairs = left.iter().map(|record| ((Some(record.2), version_of(record)), at(record.1)));
    pairs.filter(|((_, version), _)| version.is_some() || kind.left_outer).collect()
}

proptest! {
    #[test]
    fn records_get_the_version_of_their_time_whatever_fails(
        steps in steps(),
        kind in prop::sample::select(vec![JoinKind::INNER, JoinKind::LEFT]),
    ) {
        // Whether a version that comes late counts depends on what has been joined before.
        let [_, (_, late_versions)] = in_time(&steps);
        prop_assume!(late_versions == 0);
        let [(left, _), (versions, _)] = in_time(&steps);
        let found = run(&steps, || builder(kind, None)).unwrap();
        same(found, look_up(&left, &versions, kind));
    }
}

#[test]
fn versions_that_are_over_are_forgotten_and_late_ones_count_from_then_on() -> Result<()> {
    let late = OutputTag::new("late");
    let mut harness = builder(JoinKind::LEFT, Some(late.clone())).open()?;
    for (number, time) in [(1, 10), (2, 20), (3, 30)] {
        harness.push_second_at((0, number), at(time))?;
    }
    harness.push_first_at((0, 100), at(25))?;
    let to = |harness: &mut crate::testing::KeyedTwoInputHarness<u8, Numbered, Numbered, Pair>, time| {
        harness.watermark_first(at(time))?;
        harness.watermark_second(at(time))
    };
    to(&mut harness, 24)?;
    assert_eq!((harness.take_records(), harness.event_time_timers()?), (vec![], 1));
    to(&mut harness, 35)?;
    assert_eq!(harness.take_timed(), [((Some(100), Some(2)), Some(at(25)))]);
    // Only the latest version is left, which needs no timer.
    assert_eq!((harness.state_entries("versions")?, harness.event_time_timers()?), (1, 0));
    harness.push_second_at((0, 4), at(32))?;
    harness.push_first_at((0, 101), at(36))?;
    harness.push_first_at((0, 102), at(35))?;
    to(&mut harness, 40)?;
    assert_eq!(harness.take_records(), [(Some(101), Some(4))]);
    assert_eq!(harness.take_side_output(&late), [(0, 102)]);
    Ok(())
}
