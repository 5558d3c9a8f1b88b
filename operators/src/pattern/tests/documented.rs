//! The examples of Flink's documentation, and cases whose answers its own tests give.

use super::*;

#[test]
fn contiguity_between_stages() {
    let a = || begin("a", "a");
    let events = "a c b1 b2";
    check(&a().next("b").where_is(is("b")), events, &[]);
    check(&a().followed_by("b").where_is(is("b")), events, &["a b1"]);
    check(&a().followed_by_any("b").where_is(is("b")), events, &["a b1", "a b2"]);
}

#[test]
fn contiguity_within_loops() {
    let loops = || begin("a", "a").followed_by_any("b").where_is(is("b")).one_or_more();
    let events = "a b1 d1 b2 d2 b3 c";
    check(&loops().consecutive().next("c").where_is(is("c")), events, &["a b3 c"]);
    let relaxed = ["a b1 c", "a b1 b2 c", "a b1 b2 b3 c", "a b2 c", "a b2 b3 c", "a b3 c"];
    check(&loops().followed_by("c").where_is(is("c")), events, &relaxed);
    let any = [&relaxed[..], &["a b1 b3 c"]].concat();
    check(&loops().allow_combinations().followed_by("c").where_is(is("c")), events, &any);
}

#[test]
fn consecutive_and_combinations() {
    let middle = || begin("start", "C").followed_by("middle").where_is(is("A")).one_or_more();
    let end = |pattern: Pattern<String>| pattern.followed_by("end1").where_is(is("B"));
    let events = "C D A1 A2 A3 D A4 B";
    check(&end(middle().consecutive()), events, &["C A1 B", "C A1 A2 B", "C A1 A2 A3 B"]);
    check(&end(middle()), events, &["C A1 B", "C A1 A2 B", "C A1 A2 A3 B", "C A1 A2 A3 A4 B"]);
    // The first one follows by any in the documented answer, which also has matches that begin with the later ones.
    let any = begin("start", "C").followed_by_any("middle").where_is(is("A")).one_or_more();
    let expected = [
        "C A1 B",
        "C A1 A2 B",
        "C A1 A3 B",
        "C A1 A4 B",
        "C A1 A2 A3 B",
        "C A1 A2 A4 B",
        "C A1 A3 A4 B",
        "C A1 A2 A3 A4 B",
        "C A2 B",
        "C A2 A3 B",
        "C A2 A4 B",
        "C A2 A3 A4 B",
        "C A3 B",
        "C A3 A4 B",
        "C A4 B",
    ];
    check(&end(any.allow_combinations()), events, &expected);
}

#[test]
fn until_ends_a_loop() {
    let pattern = begin("a", "a").one_or_more().until(is("b"));
    check(&pattern, "a1 c a2 b a3", &["a1 a2", "a1", "a2", "a3"]);
}

#[test]
fn matches_that_are_left_out_where_a_loop_begins() {
    let pattern =
        |skip| begin("b", "b").one_or_more().consecutive().next("c").where_is(is("c")).after_match(skip);
    let events = "b1 b2 b3 c";
    let all = ["b1 b2 b3 c", "b2 b3 c", "b3 c"];
    check(&pattern(AfterMatchSkip::no_skip()), events, &all);
    check(&pattern(AfterMatchSkip::to_next()), events, &all);
    check(&pattern(AfterMatchSkip::past_last_event()), events, &all[..1]);
    check(&pattern(AfterMatchSkip::to_first("b")), events, &all);
    check(&pattern(AfterMatchSkip::to_last("b")), events, &["b1 b2 b3 c", "b3 c"]);
}

#[test]
fn matches_that_are_left_out_before_a_stage() {
    // (a | b | c) (b | c) c+.greedy d
    let pattern = |skip| {
        let pattern = begin("first", "abc").next("second").where_is(is("bc"));
        let pattern = pattern.next("c").where_is(is("c")).one_or_more().consecutive().greedy();
        pattern.next("d").where_is(is("d")).after_match(skip)
    };
    let events = "a b c1 c2 c3 d";
    let all = ["a b c1 c2 c3 d", "b c1 c2 c3 d", "c1 c2 c3 d"];
    check(&pattern(AfterMatchSkip::no_skip()), events, &all);
    check(&pattern(AfterMatchSkip::to_first("c")), events, &[all[0], all[2]]);
}

#[test]
fn matches_that_are_left_out_where_a_loop_ends() {
    let pattern = |skip| begin("a", "a").next("b").where_is(is("b")).one_or_more().after_match(skip);
    let events = "a b1 b2 b3";
    check(&pattern(AfterMatchSkip::no_skip()), events, &["a b1", "a b1 b2", "a b1 b2 b3"]);
    check(&pattern(AfterMatchSkip::to_next()), events, &["a b1"]);
}

#[test]
fn matches_of_times_that_are_left_out() {
    let three = |skip| begin("start", "a").times(3).after_match(skip);
    let events = "a1 a2 a3 a4 a5 a6";
    check(&three(AfterMatchSkip::no_skip()), events, &["a1 a2 a3", "a2 a3 a4", "a3 a4 a5", "a4 a5 a6"]);
    check(&three(AfterMatchSkip::past_last_event()), events, &["a1 a2 a3", "a4 a5 a6"]);
    let four = |skip| begin("start", "x").times(2).next("end").where_is(is("x")).times(2).after_match(skip);
    check(&four(AfterMatchSkip::to_first("end")), "x1 x2 x3 x4 x5 x6", &["x1 x2 x3 x4", "x3 x4 x5 x6"]);
    check(&four(AfterMatchSkip::to_last("end")), "x1 x2 x3 x4 x5 x6 x7", &["x1 x2 x3 x4", "x4 x5 x6 x7"]);
}

#[test]
fn an_earlier_partial_match_holds_a_later_match_back() {
    let pattern =
        begin("a", "a").followed_by_any("b").where_is(is("b")).followed_by_any("c").where_is(is("c"));
    let pattern = pattern.followed_by("d").where_is(is("d")).after_match(AfterMatchSkip::past_last_event());
    check(&pattern, "a1 a2 b1 b2 c1 c2 d1 d2", &["a1 b1 c1 d1"]);
}

#[test]
fn greedy_loops() {
    let pattern = |end: &'static str| {
        let pattern =
            begin("start", "c").followed_by("middle").where_is(is("a")).one_or_more().optional().greedy();
        pattern.followed_by("end").where_is(is(end))
    };
    check(&pattern("d"), "c a1 a2 a3 d", &["c a1 a2 a3 d"]);
    check(&pattern("d"), "c x a1 x a2 x a3 d", &["c a1 a2 a3 d"]);
    check(&pattern("d"), "c a1 a2 x d", &["c a1 a2 d"]);
    check(&pattern("d"), "c x d", &["c d"]);
    let optional = |pattern: Pattern<String>| pattern.optional().followed_by("last").where_is(is("e"));
    check(&optional(pattern("d")), "c a1 a2 x e", &["c a1 a2 e"]);
    check(&optional(pattern("d")), "c a1 a2 d e", &["c a1 a2 e", "c a1 a2 d e"]);
    let once = begin("start", "c").followed_by("middle").where_is(is("a")).one_or_more().greedy();
    let once = once.followed_by("end").where_is(is("d"));
    check(&once, "c a1 a2 a3 d", &["c a1 a2 a3 d"]);
    check(&once, "c x d", &[]);
    let until =
        begin("start", "c").followed_by("middle").where_is(is("ab")).one_or_more().greedy().until(is("b"));
    let until = until.followed_by("end").where_is(is("d"));
    check(&until, "c a1 a2 a3 b d", &["c a1 a2 a3 d"]);
    check(&until, "c a1 b a2 d", &["c a1 d"]);
    check(&until, "c b a1 a2 d", &[]);
    let group = begin("x", "d").followed_by("y").where_is(is("e"));
    let group = begin("start", "c")
        .followed_by("middle")
        .where_is(is("a"))
        .one_or_more()
        .optional()
        .greedy()
        .followed_by(group)
        .times(2)
        .followed_by("end")
        .where_is(is("f"));
    check(&group, "c a1 a2 x a3 d1 e1 d2 e2 f", &["c a1 a2 a3 d1 e1 d2 e2 f"]);
}

#[test]
fn what_must_not_come() {
    let a = || begin("start", "a");
    let end = |pattern: Pattern<String>| {
        pattern.followed_by_any("middle").where_is(is("c")).followed_by("end").where_is(is("d"))
    };
    check(&end(a().not_next("not").where_is(is("b"))), "a1 c1 b1 c2 d", &["a1 c1 d", "a1 c2 d"]);
    check(&end(a().not_next("not").where_is(is("b"))), "a1 b1 c1 c2 d", &[]);
    check(&end(a().not_followed_by("not").where_is(is("b"))), "a1 c1 b1 c2 d", &["a1 c1 d"]);
    let at_end = a().followed_by_any("middle").where_is(is("c")).followed_by_any("end").where_is(is("d"));
    check(&at_end.clone().not_next("not").where_is(is("b")), "a1 c1 c2 d b1", &[]);
    check(&at_end.not_next("not").where_is(is("b")), "a1 c1 c2 d x b1", &["a1 c1 d", "a1 c2 d"]);
    let optional =
        a().not_followed_by("not").where_is(is("b")).followed_by_any("middle").where_is(is("c")).optional();
    check(&optional.clone().followed_by("end").where_is(is("d")), "a1 c1 b1 c2 d", &["a1 c1 d"]);
    check(&optional, "a1 c1 b1 c2", &["a1 c1", "a1"]);
    let times =
        a().followed_by_any("middle").where_is(is("b")).times(2).not_followed_by("not").where_is(is("c"));
    check(&times.clone().followed_by("end").where_is(is("d")), "a1 b1 c b2 d", &[]);
    check(&times.followed_by("end").where_is(is("d")), "a1 d1 e b1 b2 c1 d2", &[]);
    let times = a()
        .not_followed_by("not")
        .where_is(is("b"))
        .followed_by_any("middle")
        .where_is(is("c"))
        .times(2)
        .optional();
    check(&times.followed_by("end").where_is(is("d")), "a1 d1 e b1 c1 c2 d2", &["a1 d1"]);
}

#[test]
fn groups() {
    let c = || begin("start", "c");
    let group = || begin("middle1", "a").followed_by("middle2").where_is(is("b"));
    let end = |pattern: Pattern<String>| pattern.followed_by("end").where_is(is("d"));
    check(&end(c().followed_by(group()).times(2)), "c a1 b1 a2 b2 d", &["c a1 b1 a2 b2 d"]);
    check(&end(c().followed_by(group()).optional()), "c a1 a2 b d", &["c d", "c a1 b d"]);
    check(&end(c().followed_by(group()).times(2).optional()), "c a d", &["c d"]);
    check(&end(c().followed_by(group()).one_or_more()), "c a1 b1 a2 b2 d", &["c a1 b1 d", "c a1 b1 a2 b2 d"]);
    let twice = c().followed_by(group()).times(2).consecutive();
    check(&end(twice), "c a1 b1 x a2 b2 d", &[]);
    check(&end(c().next(group())), "c x a1 b1 d", &[]);
    check(&Pattern::begin(group()).times(2), "a1 b1 a2 b2", &["a1 b1 a2 b2"]);
}

#[test]
fn conditions_that_look_back() {
    let sum = |event: &String, found: &Matched<'_, String>| {
        let value = |event: &String| event[1..].parse::<u32>().unwrap();
        found.events("middle").map(value).sum::<u32>() + value(event) < 5
    };
    let pattern = begin("start", "a").followed_by("middle").where_is(is("b")).where_with(sum).one_or_more();
    let pattern = pattern.followed_by("end").where_is(is("c"));
    check(&pattern, "a0 b1 b2 b3 c0", &["a0 b1 c0", "a0 b1 b2 c0"]);
    let either = begin("start", "a")
        .or(is("b"))
        .where_is(|event| event.ends_with('1'))
        .or_with(|event, found| found.is_empty() && event == "z");
    check(&either, "a1 a2 b1 c1 z", &["a1", "b1", "z"]);
}

#[test]
fn a_match_is_asked_by_stage() {
    let pattern = begin("a", "a").one_or_more().followed_by("b").where_is(is("b"));
    let mut compiled = pattern.compile().unwrap();
    struct Asks(u32);
    impl MatchOutput<String> for Asks {
        fn matched(&mut self, matched: &Matched<'_, String>, at: Timestamp) -> Result<()> {
            self.0 += 1;
            if matched.len() == 3 {
                assert_eq!(matched.events("a").collect::<Vec<_>>(), ["a1", "a2"]);
                assert_eq!(
                    (matched.first("a").unwrap().as_str(), matched.last("a").unwrap().as_str()),
                    ("a1", "a2")
                );
                assert_eq!(matched.iter().map(|(stage, _)| stage).collect::<Vec<_>>(), ["a", "a", "b"]);
                let times = (matched.start(), matched.end(), at);
                let at = Timestamp::from_millis;
                assert_eq!(times, (Some(at(1)), Some(at(3)), at(3)));
            }
            let unknown =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| matched.first("c").is_some()));
            let said = unknown.unwrap_err().downcast::<String>().unwrap();
            assert!(said.contains("no stage `c`") && said.contains("`a`, `b`"), "{said}");
            Ok(())
        }
        fn timed_out(&mut self, _: &Matched<'_, String>, _: Timestamp) -> Result<()> {
            unreachable!()
        }
    }
    let (mut matches, mut asks) = (Matches::default(), Asks(0));
    for (event, time) in [("a1", 1), ("a2", 2), ("b", 3)] {
        let time = Timestamp::from_millis(time);
        compiled
            .nfa
            .process(&mut matches, event.to_owned(), time, &mut compiled.conditions, &mut asks)
            .unwrap();
    }
    assert_eq!(asks.0, 3);
}
