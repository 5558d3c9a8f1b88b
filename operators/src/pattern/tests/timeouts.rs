//! Bounds on time: what is in time, what times out, and when.

use std::time::Duration;

use super::*;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn timed_out(found: &Found) -> Vec<(&str, i64)> {
    let mut all: Vec<_> = found.timed_out.iter().map(|(events, at)| (events.as_str(), *at)).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_match_takes_less_than_its_time() {
    let pattern = begin("a", "a").followed_by("b").where_is(is("b")).within(seconds(2));
    let found = find(&pattern, "a1@0 a2@1 b1@1999 a3@2000 b2@4000");
    assert_eq!(found.matches, ["a1 b1", "a2 b1"]);
    assert_eq!(timed_out(&found), [("a3", 4_000)]);
    // The shortest counts.
    let shorter = pattern.within(seconds(1)).within(seconds(3));
    assert_eq!(timed_out(&find(&shorter, "a@0 b@1500")), [("a", 1_000)]);
}

#[test]
fn each_partial_match_times_out_once() {
    // It waits for another `b` and for a `c`.
    let pattern =
        begin("a", "a").followed_by("b").where_is(is("b")).one_or_more().followed_by("c").where_is(is("c"));
    let found = find(&pattern.within(seconds(10)), "a@0 b1@1 b2@2 c@20000");
    assert_eq!(timed_out(&found), [("a b1", 10_000), ("a b1 b2", 10_000)]);
}

#[test]
fn time_from_one_event_to_the_next() {
    let pattern =
        begin("a", "a").followed_by("b").where_is(is("b")).one_or_more().within_previous(seconds(1));
    let pattern = pattern.followed_by("c").where_is(is("c"));
    // `b2` is too late for `b1`, but `c` may come at any time.
    let found = find(&pattern, "a@0 b1@999 b2@1999 c@90000");
    assert_eq!(found.matches, ["a b1 c"]);
    assert_eq!(timed_out(&find(&pattern, "a@0 b1@1000")), [("a", 1_000)]);
}

#[test]
fn what_must_not_come_for_a_time() {
    let pattern = begin("a", "a").not_followed_by("b").where_is(is("b")).within(seconds(2));
    let found = find(&pattern, "a1@0 b@1999 a2@2000 b@4000 a3@5000");
    assert_eq!((found.matches, found.timed_out), (vec!["a2".to_owned(), "a3".to_owned()], vec![]));
    let from_last =
        begin("a", "a").one_or_more().not_followed_by("b").where_is(is("b")).within_previous(seconds(1));
    assert_eq!(find(&from_last, "a1@0 a2@500 b@1200").matches, ["a1"]);
    check(&from_last, "a1@0 a2@500 b@1500", &["a1", "a1 a2", "a2"]);
}

#[test]
fn a_match_that_waited_for_a_partial_one_comes_when_that_has_timed_out() {
    let same = |event: &String, found: &Matched<'_, String>| {
        found.first("a").is_some_and(|first| first[1..] == event[1..])
    };
    let pattern = begin("a", "a").followed_by("b").where_is(is("b")).where_with(same).within(seconds(10));
    let pattern = pattern.after_match(AfterMatchSkip::past_last_event());
    let mut compiled = pattern.compile().unwrap();
    let (mut matches, mut found) = (Matches::default(), Found::default());
    for (event, time) in [("a1", 0), ("a2", 1), ("b2", 2)] {
        let time = Timestamp::from_millis(time);
        compiled
            .nfa
            .process(&mut matches, event.to_owned(), time, &mut compiled.conditions, &mut found)
            .unwrap();
    }
    assert!(found.matches.is_empty(), "`a1` may still become a match that leaves it out");
    assert_eq!(matches.next_due(), Some(Timestamp::from_millis(10_000)));
    compiled.nfa.advance(&mut matches, Timestamp::from_millis(10_000), &mut found).unwrap();
    assert_eq!((found.matches, found.timed_out), (vec!["a2 b2".to_owned()], vec![("a1".to_owned(), 10_000)]));
    assert!(matches.is_empty() && matches.next_due().is_none());
}
