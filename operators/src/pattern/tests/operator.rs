//! The operator: time, late records, snapshots, other numbers of subtasks.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::chain::OperatorInfo;
use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::{Emitted, HarnessSetup, KeyedFleet, OperatorHarness};
use proptest::prelude::*;

use super::*;
use crate::Emitter;
use crate::FunctionResult;
use crate::pattern::function::SelectWithTimeout;
use crate::pattern::operator::{PatternOperator, Settings};
use crate::process::TimeDomain;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A record: its letter, and a number by which it is known.
type Letter = (char, u32);
type Row = (u8, Vec<u32>);

fn numbers(matched: &Matched<'_, Letter>) -> Vec<u32> {
    matched.iter().map(|(_, (_, number))| *number).collect()
}

/// Emits the numbers of matches, and those of what has timed out with a number more that says so.
#[derive(Clone)]
struct Numbers;

const TIMED_OUT: u32 = u32::MAX;

impl PatternProcessFunction<u8, Letter, Row> for Numbers {
    fn process_match(
        &mut self,
        matched: &Matched<'_, Letter>,
        cx: &mut PatternContext<'_, u8>,
        out: &mut Emitter<'_, Row>,
    ) -> FunctionResult {
        out.emit((*cx.key(), numbers(matched)))
    }

    fn process_timed_out(
        &mut self,
        partial: &Matched<'_, Letter>,
        cx: &mut PatternContext<'_, u8>,
        out: &mut Emitter<'_, Row>,
    ) -> FunctionResult {
        out.emit((*cx.key(), [numbers(partial), vec![TIMED_OUT]].concat()))
    }
}

fn pattern() -> Pattern<Letter> {
    let is = |letter: char| move |(other, _): &Letter| *other == letter;
    let pattern = Pattern::begin("a").where_is(is('a')).followed_by("b").where_is(is('b')).times(1..=2);
    pattern.followed_by("c").where_is(is('c')).within(Duration::from_millis(20))
}

fn operator(
    pattern: &Pattern<Letter>,
    domain: TimeDomain,
    late: Option<OutputTag<Letter>>,
    info: &OperatorInfo,
) -> PatternOperator<u8, Letter, Row, Numbers> {
    PatternOperator::new(pattern.compile().ok(), Settings { domain, late }, Numbers, info)
}

fn harness(domain: TimeDomain) -> Result<OperatorHarness<(u8, Letter), Row>> {
    OperatorHarness::make(HarnessSetup::new(), |info| operator(&pattern(), domain, None, info))
}

#[test]
fn records_are_looked_at_in_the_order_of_time() -> Result<()> {
    let mut harness = harness(TimeDomain::EventTime)?;
    let records =
        [(1, ('c', 4), 14), (1, ('a', 1), 11), (2, ('b', 5), 12), (1, ('b', 2), 12), (1, ('b', 3), 13)];
    harness.push_timed(records.map(|(key, record, time)| ((key, record), at(time))))?;
    harness.watermark(at(13))?;
    assert!(harness.take_records().is_empty());
    harness.watermark(at(14))?;
    let emitted = harness.take_emitted();
    let row = |numbers: &[u32]| Emitted::Record((1, numbers.to_vec()), at(14));
    let expected =
        [Emitted::Watermark(at(13)), row(&[1, 2, 3, 4]), row(&[1, 2, 4]), Emitted::Watermark(at(14))];
    assert_eq!(emitted, expected);
    Ok(())
}

#[test]
fn records_that_no_condition_is_about_are_not_kept() -> Result<()> {
    let next = Pattern::begin("a").where_is(|(letter, _): &Letter| *letter == 'a').next("any");
    for (pattern, kept) in [(pattern(), 2), (next, 3)] {
        let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
            operator(&pattern, TimeDomain::EventTime, None, info)
        })?;
        harness
            .push_timed([('a', 1), ('x', 2), ('c', 3)].map(|(letter, n)| ((1, (letter, n)), at(n.into()))))?;
        let entries: usize = harness.snapshot(1)?.keyed_states().map(|(_, entries)| entries as usize).sum();
        assert_eq!(entries, kept);
    }
    Ok(())
}

#[test]
fn records_that_come_late_are_counted_or_go_aside() -> Result<()> {
    let mut counting = harness(TimeDomain::EventTime)?;
    let tag = OutputTag::new("late");
    let mut aside = OperatorHarness::make(HarnessSetup::new(), |info| {
        operator(&pattern(), TimeDomain::EventTime, Some(tag.clone()), info)
    })?;
    for harness in [&mut counting, &mut aside] {
        harness.watermark(at(10))?;
        harness.push_timed([((1, ('a', 1)), at(10)), ((1, ('b', 2)), at(11)), ((1, ('c', 3)), at(12))])?;
        harness.end_of_data()?;
        assert!(harness.take_records().is_empty(), "without its `a` there is no match");
    }
    assert_eq!((counting.counters().late_records, aside.counters().late_records), (1, 0));
    assert_eq!(aside.take_side_timed(&tag), [(('a', 1), at(10))]);
    let error = counting.push((1, ('a', 9)), Timestamp::MIN).unwrap_err().to_string();
    assert!(error.contains("a record without a timestamp") && error.contains("processing_time"), "{error}");
    Ok(())
}

#[test]
fn partial_matches_time_out_at_their_time_also_without_a_record_of_their_key() -> Result<()> {
    let mut harness = harness(TimeDomain::EventTime)?;
    harness.push_timed([((1, ('a', 1)), at(5)), ((2, ('a', 2)), at(6))])?;
    harness.watermark(at(25))?;
    assert_eq!(harness.take_timed(), [((1, vec![1, TIMED_OUT]), at(25))]);
    harness.watermark(Timestamp::MAX)?;
    assert_eq!(harness.take_timed(), [((2, vec![2, TIMED_OUT]), at(26))]);
    let states = harness.snapshot(1)?;
    assert!(states.keyed_states().all(|(_, entries)| entries == 0), "nothing is kept of what is over");
    Ok(())
}

#[test]
fn processing_time_is_that_of_the_clock() -> Result<()> {
    let mut harness = harness(TimeDomain::ProcessingTime)?;
    harness.push((1, ('a', 1)), at(900))?;
    assert_eq!(harness.wake_at(), Some(at(20)));
    harness.advance(Duration::from_millis(19))?;
    harness.push_all([(1, ('b', 2)), (2, ('a', 3)), (1, ('c', 4))])?;
    assert_eq!(harness.take_timed(), [((1, vec![1, 2, 4]), Timestamp::MIN)]);
    harness.advance(Duration::from_millis(1))?;
    // There could have been another `b`.
    assert_eq!(harness.take_records(), [(1, vec![1, 2, TIMED_OUT])]);
    harness.advance(Duration::from_millis(19))?;
    assert_eq!(harness.take_records(), [(2, vec![3, TIMED_OUT])]);
    harness.push((3, ('a', 5)), Timestamp::MIN)?;
    harness.end_of_data()?;
    assert!(harness.take_records().is_empty(), "what is left at the end does not time out");
    Ok(())
}

#[test]
fn another_pattern_cannot_go_on_from_a_snapshot() -> Result<()> {
    let mut before = harness(TimeDomain::EventTime)?;
    let snapshot = before.snapshot(1)?;
    let other = pattern().within(Duration::from_millis(10));
    let restored = OperatorHarness::make(HarnessSetup::new().restore([&snapshot]), |info| {
        operator(&other, TimeDomain::EventTime, None, info)
    });
    let error = restored.err().expect("an error").to_string();
    assert!(error.contains("another pattern, `a followed by b{1,2} followed by c within 20ms`"), "{error}");
    assert!(error.contains("cannot go on in `a followed by b{1,2} followed by c within 10ms`"), "{error}");
    Ok(())
}

#[test]
fn much_that_is_found_is_emitted_bit_by_bit() -> Result<()> {
    let pattern = Pattern::begin("any");
    let setup = HarnessSetup::new().emit_at_most(1);
    let mut harness =
        OperatorHarness::make(setup, |info| operator(&pattern, TimeDomain::EventTime, None, info))?;
    let count = 20_000;
    harness.push_timed((0..count).map(|number| ((0, ('a', number)), at(i64::from(number) + 1))))?;
    harness.watermark(at(i64::from(count)))?;
    let found: Vec<u32> = harness.take_records().into_iter().flat_map(|(_, numbers)| numbers).collect();
    assert_eq!(found, (0..count).collect::<Vec<_>>());
    assert!(harness.resumed_runs() > 5, "{} runs", harness.resumed_runs());
    Ok(())
}

#[test]
fn closures_make_records_of_matches_and_of_what_times_out() -> Result<()> {
    let tag = OutputTag::new("timed out");
    let function = SelectWithTimeout {
        select: |found: &Matched<'_, Letter>| [found.len()],
        timed_out: |partial: &Matched<'_, Letter>, at: Timestamp| Some((partial.len(), at)),
        tag: tag.clone(),
    };
    let settings = || Settings { domain: TimeDomain::EventTime, late: None };
    let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
        PatternOperator::<u8, _, usize, _>::new(pattern().compile().ok(), settings(), function, info)
    })?;
    let records = [('a', 1), ('b', 2), ('c', 3), ('a', 4)]
        .map(|(letter, number)| ((1, (letter, number)), at(i64::from(number))));
    harness.push_timed(records)?;
    harness.end_of_data()?;
    assert_eq!((harness.take_records(), harness.take_side(&tag)), (vec![3], vec![(2, at(21)), (1, at(24))]));
    Ok(())
}

#[derive(Clone, Debug)]
enum Step {
    Record {
        key: u8,
        letter: char,
        time: i64,
    },
    Watermark(i64),
    /// A crash after a snapshot, and a restart with so many subtasks.
    Crash(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (0..4_u8, prop::sample::select(vec!['a', 'b', 'c', 'd']), 1..60_i64)
            .prop_map(|(key, letter, time)| Step::Record { key, letter, time }),
        2 => (1..70_i64).prop_map(Step::Watermark),
        1 => (1..4_u32).prop_map(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

/// What is found in the records that are not late, sorted by time, key by key. What has timed out, too.
fn expected(steps: &[Step]) -> (Vec<Row>, u64) {
    let (mut in_time, mut watermark, mut late) = (BTreeMap::<u8, Vec<(i64, Letter)>>::new(), i64::MIN, 0);
    for (number, step) in (0..).zip(steps) {
        match step {
            Step::Record { key, letter, time } if *time > watermark => {
                in_time.entry(*key).or_default().push((*time, (*letter, number)));
            }
            Step::Record { .. } => late += 1,
            Step::Watermark(time) => watermark = watermark.max(*time),
            Step::Crash(_) => {}
        }
    }
    struct Rows(u8, Vec<Row>);
    impl MatchOutput<Letter> for Rows {
        fn matched(&mut self, matched: &Matched<'_, Letter>, _: Timestamp) -> Result<()> {
            self.1.push((self.0, numbers(matched)));
            Ok(())
        }
        fn timed_out(&mut self, partial: &Matched<'_, Letter>, _: Timestamp) -> Result<()> {
            self.1.push((self.0, [numbers(partial), vec![TIMED_OUT]].concat()));
            Ok(())
        }
    }
    let mut all = Vec::new();
    for (key, mut records) in in_time {
        records.sort_by_key(|(time, _)| *time);
        let (mut compiled, mut matches, mut rows) =
            (pattern().compile().unwrap(), Matches::default(), Rows(key, Vec::new()));
        for (time, record) in records {
            let conditions = &mut compiled.conditions;
            compiled.nfa.process(&mut matches, record, at(time), conditions, &mut rows).unwrap();
        }
        compiled.nfa.advance(&mut matches, Timestamp::MAX, &mut rows).unwrap();
        all.extend(rows.1);
    }
    (all, late)
}

proptest! {
    #[test]
    fn what_is_found_depends_neither_on_watermarks_nor_on_crashes(steps in steps()) {
        let make = |info: &OperatorInfo| operator(&pattern(), TimeDomain::EventTime, None, info);
        let mut fleet = KeyedFleet::new(2, 8, make).unwrap();
        let mut late = 0;
        let late_now = |fleet: &mut KeyedFleet<u8, Letter, Row>| -> u64 {
            fleet.members().iter().map(|member| member.counters().late_records).sum()
        };
        for (number, step) in (0..).zip(&steps) {
            match step {
                Step::Record { key, letter, time } => fleet.push(*key, (*letter, number), at(*time)).unwrap(),
                Step::Watermark(time) => fleet.watermark(at(*time)).unwrap(),
                Step::Crash(parallelism) => {
                    late += late_now(&mut fleet);
                    fleet.crash(*parallelism, |old| {
                        (0..4).try_for_each(|key| old.push(key, ('c', 9_999), at(65)))?;
                        old.end_of_data()
                    }).unwrap();
                }
            }
        }
        fleet.end_of_data().unwrap();
        late += late_now(&mut fleet);
        let (mut expected, expected_late) = expected(&steps);
        let mut found = fleet.take_records();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(late, expected_late);
    }
}
