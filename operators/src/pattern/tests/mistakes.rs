//! Patterns that are impossible, and what is said of them.

use std::time::Duration;

use super::*;

#[test]
fn impossible_patterns_are_named() {
    let any = || Pattern::<String>::begin("first");
    let day = Duration::from_secs(86_400);
    let table: Vec<(Pattern<String>, &str)> = vec![
        (any().followed_by("first"), "two stages of the pattern are called `first`"),
        (
            any().followed_by(Pattern::begin("x").next("first")),
            "two stages of the pattern are called `first`",
        ),
        (any().not_next("first").next("x"), "two stages of the pattern are called `first`"),
        (any().next(""), "has an empty name"),
        (any().not_followed_by("bad"), "call `within`"),
        (any().optional().not_followed_by("bad").followed_by("x"), "cannot come after an optional stage"),
        (any().times(0..=2).not_next("bad").followed_by("x"), "cannot come after an optional stage"),
        (any().one_or_more().optional(), "every stage of the pattern is optional"),
        (any().optional().next("x").optional(), "every stage of the pattern is optional"),
        (any().next(Pattern::begin("x").optional()).times(2), "every stage of a group is optional"),
        (any().times(2).one_or_more(), "said twice how often stage `first`"),
        (any().times(0), "cannot occur 0..=0 times"),
        (any().times(std::ops::RangeInclusive::new(4, 2)), "cannot occur 4..=2 times"),
        (any().until(|_| true), "`until` is called on stage `first`"),
        (any().times(3).until(|_| true), "`until` is called on stage `first`"),
        (any().one_or_more().until(|_| true).until(|_| true), "`until` is called twice on stage `first`"),
        (any().greedy(), "stage `first` occurs once, so it cannot be greedy"),
        (
            any().next(Pattern::begin("x")).times(2).greedy(),
            "the group that begins with stage `x` cannot be greedy",
        ),
        (any().one_or_more().allow_combinations().greedy(), "cannot allow combinations"),
        (any().one_or_more().greedy().allow_combinations(), "cannot allow combinations"),
        (any().consecutive(), "stage `first` occurs once"),
        (any().times(2).consecutive().allow_combinations(), "not both"),
        (any().not_next("bad").times(2).next("x"), "stage `bad` must not occur"),
        (any().not_next("bad").optional().next("x"), "stage `bad` must not occur"),
        (any().not_next("bad").within_previous(day).next("x"), "the very next event"),
        (any().next(Pattern::begin("x")).where_is(|_| true), "`where_is` is called on the group"),
        (any().next(Pattern::begin("x").within(day)), "belong to the pattern as a whole"),
        (any().within(Duration::ZERO), "`within` must be a whole number of milliseconds"),
        (any().within(Duration::from_micros(1_500)), "`within` must be a whole number of milliseconds"),
        (any().next("x").within_previous(Duration::ZERO), "`within_previous` of stage `x`"),
        (any().after_match(AfterMatchSkip::to_first("last")), "no stage `last` to skip to"),
        (
            any().not_next("bad").next("x").after_match(AfterMatchSkip::to_last("bad")),
            "no stage `bad` to skip to; the pattern's stages that take events are `first`, `x`",
        ),
        (any().times(20_000), "more than 16384 events"),
        (
            (0..40).fold(any(), |pattern, number| pattern.next(format!("s{number}")).optional()).next("end"),
            "may come next",
        ),
    ];
    for (pattern, expected) in table {
        let problem = pattern.compile().err().unwrap_or_else(|| panic!("accepted: {expected}"));
        assert!(problem.contains(expected), "`{expected}` is missing: {problem}");
    }
}

#[test]
fn skipping_to_a_stage_without_an_event_may_fail_the_job() {
    let pattern = |skip| {
        begin("a", "a").next("b").where_is(is("b")).optional().next("c").where_is(is("c")).after_match(skip)
    };
    check(&pattern(AfterMatchSkip::to_last("b")), "a c", &["a c"]);
    for (stage, events, expected) in [
        ("b", "a c", "cannot skip to stage `b`, of which it has no event"),
        ("a", "a b c", "cannot skip to stage `a`, with which it begins itself"),
    ] {
        let mut compiled = pattern(AfterMatchSkip::to_first(stage).fail_on_miss()).compile().unwrap();
        let (mut matches, mut found) = (Matches::default(), Found::default());
        let mut process = |event: &str| {
            let (time, conditions) = (Timestamp::from_millis(0), &mut compiled.conditions);
            compiled.nfa.process(&mut matches, event.to_owned(), time, conditions, &mut found)
        };
        let error = events.split(' ').find_map(|event| process(event).err()).expect("an error");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
