//! Groups that expire, against lists of the rows that are alive.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const TTL: Ttl = Ttl { seconds: 10 };

/// All that a group may keep: in its row, beside it, and by argument.
fn calls() -> Vec<AggregateCall> {
    vec![
        call(AggregateFunction::Count, &[]),
        distinct_call(AggregateFunction::Count, NUMBER, None),
        distinct_call(AggregateFunction::Sum, NUMBER, Some(FLAG)),
        call(AggregateFunction::Minimum, &[TEXT]),
        call(AggregateFunction::Maximum, &[NUMBER]),
        call(AggregateFunction::FirstValue, &[NUMBER]),
        call(AggregateFunction::LastValue, &[TEXT]),
        call(AggregateFunction::ListAggregate, &[TEXT]),
    ]
}

#[derive(Clone, Debug)]
struct Row {
    text: Option<String>,
    number: Option<i32>,
    flag: bool,
}

impl Row {
    fn text(&self, kind: &str, key: i64) -> String {
        let number = self.number.map_or_else(|| "null".to_owned(), |number| number.to_string());
        format!("{kind}[{key}, {}, {number}, {}]", self.text.as_deref().unwrap_or("null"), self.flag)
    }
}

/// The rows of a group, and when there was the last.
#[derive(Clone, Debug)]
struct Group {
    rows: Vec<Row>,
    written: u32,
}

impl Group {
    fn line(&self, key: i64) -> String {
        let numbers = || self.rows.iter().filter_map(|row| row.number);
        let texts = || self.rows.iter().filter_map(|row| row.text.as_deref());
        let flagged: BTreeSet<i32> =
            self.rows.iter().filter(|row| row.flag).filter_map(|row| row.number).collect();
        let list: Vec<&str> = texts().collect();
        let number = |value: Option<i32>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
        let text = |value: Option<&str>| value.unwrap_or("null").to_owned();
        let values = [
            self.rows.len().to_string(),
            numbers().collect::<BTreeSet<_>>().len().to_string(),
            number((!flagged.is_empty()).then(|| flagged.iter().sum())),
            text(texts().min()),
            number(numbers().max()),
            number(numbers().next()),
            text(texts().next_back()),
            text((!list.is_empty()).then(|| list.join(",")).as_deref()),
        ];
        format!("[{key}, {}]", values.join(", "))
    }
}

/// How many seconds pass, the group, the row, and, if it is above 3, that a row of the group goes instead.
type Step = (u32, i64, Row, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let passes = prop_oneof![4 => Just(0), 2 => 1..6_u32, 1 => 8..13_u32];
    let text = proptest::option::weighted(0.9, "[ab]{1,2}");
    let number = proptest::option::weighted(0.9, -2..3_i32);
    let row = (text, number, any::<bool>()).prop_map(|(text, number, flag)| Row { text, number, flag });
    proptest::collection::vec((passes, 0..3_i64, row, 0..8_usize), 1..60)
}

/// The chunks of a history, with the times at which they come, and the changes that they make.
fn history(steps: &[Step], retracts: bool) -> (Vec<(u32, Vec<String>)>, Vec<String>) {
    let (mut now, mut groups) = (0, BTreeMap::<i64, Group>::new());
    let (mut chunks, mut changes) = (Vec::<(u32, Vec<String>)>::new(), Vec::new());
    for (passed, key, row, goes) in steps {
        now += passed;
        groups.retain(|_, group| group.written + TTL.seconds > now);
        let before = groups.get(key).cloned();
        let goes = retracts && *goes > 3;
        let row = match &before {
            Some(group) if goes => group.rows[0].clone(),
            _ => row.clone(),
        };
        if *passed > 0 || chunks.is_empty() {
            chunks.push((now, Vec::new()));
        }
        chunks.last_mut().unwrap().1.push(row.text(if goes { "-D" } else { "+I" }, *key));
        match before {
            // Also one that was of a group which is gone: it changes nothing.
            None if goes => {}
            None => {
                let group = Group { rows: vec![row], written: now };
                changes.push(format!("+I{}", group.line(*key)));
                groups.insert(*key, group);
            }
            Some(before) => {
                let group = groups.get_mut(key).unwrap();
                group.written = now;
                if goes {
                    group.rows.remove(0);
                } else {
                    group.rows.push(row);
                }
                if group.rows.is_empty() {
                    changes.push(format!("-D{}", before.line(*key)));
                    groups.remove(key);
                } else {
                    // Also where nothing has changed.
                    changes.push(format!("-U{}", before.line(*key)));
                    changes.push(format!("+U{}", group.line(*key)));
                }
            }
        }
    }
    (chunks, changes)
}

fn pass(harness: &mut Groups, from: &mut u32, to: u32) {
    harness.advance(Duration::from_secs(u64::from(to - *from))).unwrap();
    *from = to;
}

/// As many rows as it takes to look through all of a small state.
fn sweep(harness: &mut Groups) {
    for _ in 0..20 {
        push(harness, &["+I[99, z, 9, true]"]);
    }
}

fn check(steps: &[Step], cut: usize, retracts: bool) {
    let specification = specification(&[0], &calls(), retracts, Some(TTL));
    let (chunks, expected) = history(steps, retracts);
    let cut = cut % (chunks.len() + 1);
    let mut harness = open(HarnessSetup::new(), &specification);
    let (mut now, mut emitted) = (0, Vec::new());
    for (index, (at, rows)) in chunks.iter().enumerate() {
        if index == cut {
            emitted.extend(harness.take_records());
            let snapshot = harness.snapshot(1).unwrap();
            let setup = HarnessSetup::new().clock(Duration::from_secs(u64::from(now)));
            harness = open(setup.restore([&snapshot]), &specification);
        }
        pass(&mut harness, &mut now, *at);
        push(&mut harness, rows);
    }
    emitted.extend(harness.take_records());
    assert_eq!(rows(&output(&[0], &calls()), &emitted), expected);

    // Whatever there was has expired, and is gone, with all that was kept beside it.
    let later = now + TTL.seconds;
    pass(&mut harness, &mut now, later);
    sweep(&mut harness);
    let kept = harness.snapshot(2).unwrap().keyed_entries();
    let mut other = open(HarnessSetup::new(), &specification);
    sweep(&mut other);
    assert_eq!(kept, other.snapshot(1).unwrap().keyed_entries());
}

proptest! {
    #[test]
    fn groups_expire_after_their_last_row(steps in steps(), cut in 0..60_usize) {
        check(&steps, cut, false);
    }

    #[test]
    fn groups_of_rows_that_go_expire_as_well(steps in steps(), cut in 0..60_usize) {
        check(&steps, cut, true);
    }
}

#[test]
fn updates_that_change_nothing_are_changes_where_state_expires() {
    let calls = [call(AggregateFunction::Maximum, &[NUMBER])];
    let changes = |ttl| {
        let mut harness = open(HarnessSetup::new(), &specification(&[], &calls, false, ttl));
        push(&mut harness, &["+I[1, a, 5, true]", "+I[1, a, 3, true]"]);
        rows(&output(&[], &calls), &harness.take_records())
    };
    assert_eq!(changes(None), ["+I[5]"]);
    assert_eq!(changes(Some(TTL)), ["+I[5]", "-U[5]", "+U[5]"]);
    // DISTINCT alone: there is nothing that could change, and there are no updates if the plan says so.
    for (has_updates, expected) in [(true, vec!["+I[1]", "-U[1]", "+U[1]"]), (false, vec!["+I[1]"])] {
        let specification = specification(&[0], &[], false, None).with_ttl(Some(TTL), has_updates);
        let mut harness = open(HarnessSetup::new(), &specification);
        push(&mut harness, &["+I[1, a, 5, true]", "+I[1, a, 3, true]"]);
        assert_eq!(rows(&output(&[0], &[]), &harness.take_records()), expected);
    }
}

#[test]
fn state_does_not_grow_with_groups_that_have_expired() {
    for retracts in [false, true] {
        let mut harness = open(HarnessSetup::new(), &specification(&[0], &calls(), retracts, Some(TTL)));
        let mut most = 0;
        for second in 0..100_i64 {
            let keys = second * 100..(second + 1) * 100;
            let rows: Vec<_> = keys.map(|key| format!("+I[{key}, a, {}, true]", key % 7)).collect();
            push(&mut harness, &rows);
            harness.take_records();
            harness.advance(Duration::from_secs(1)).unwrap();
            if second % 10 == 9 {
                most = most.max(harness.snapshot(second as u64).unwrap().keyed_entries());
            }
        }
        let of_one_group = 2 + if retracts { 9 } else { 4 };
        assert!(most < 3 * 1_000 * of_one_group, "{most} entries, of 1000 groups that are alive");
    }
}

#[test]
fn arguments_stay_as_long_as_their_group() {
    let calls = [distinct_call(AggregateFunction::Count, NUMBER, None)];
    let mut harness = open(HarnessSetup::new(), &specification(&[0], &calls, false, Some(TTL)));
    for _ in 0..10 {
        // The first has been written to long ago at the end, and the group all the time.
        push(&mut harness, &["+I[1, a, 2, true]"]);
        harness.advance(Duration::from_secs(5)).unwrap();
    }
    push(&mut harness, &["+I[1, a, 1, true]"]);
    for _ in 0..10 {
        push(&mut harness, &["+I[1, a, 2, true]"]);
        harness.advance(Duration::from_secs(5)).unwrap();
    }
    harness.take_records();
    push(&mut harness, &["+I[1, a, 1, true]"]);
    assert_eq!(rows(&output(&[0], &calls), &harness.take_records()), ["-U[1, 2]", "+U[1, 2]"]);
    assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), 3);
}

#[test]
fn a_snapshot_fits_whether_groups_expire_or_not() {
    let calls = [call(AggregateFunction::Count, &[]), distinct_call(AggregateFunction::Count, NUMBER, None)];
    let run = |ttls: [Option<Ttl>; 3]| {
        let (mut snapshot, mut emitted) = (None, Vec::new());
        for (ttl, second) in ttls.into_iter().zip([1_000, 1_100, 1_109]) {
            let specification = specification(&[0], &calls, false, ttl);
            let setup = HarnessSetup::new().clock(Duration::from_secs(second)).restore(&snapshot);
            let mut harness = open(setup, &specification);
            push(&mut harness, &["+I[1, a, 1, true]"]);
            emitted.extend(harness.take_records());
            snapshot = Some(harness.snapshot(second).unwrap());
        }
        rows(&output(&[0], &calls), &emitted).pop().unwrap()
    };
    // Rows that begin to expire count as written when they are restored.
    assert_eq!(run([None, None, Some(TTL)]), "+U[1, 3, 1]");
    assert_eq!(run([None, Some(TTL), Some(TTL)]), "+U[1, 3, 1]");
    assert_eq!(run([Some(TTL), Some(TTL), None]), "+U[1, 2, 1]");
}

#[test]
fn arguments_of_groups_that_are_gone_do_not_come_back_where_nothing_expires_any_more() {
    let calls = [call(AggregateFunction::Count, &[]), distinct_call(AggregateFunction::Count, NUMBER, None)];
    let expiring = specification(&[0], &calls, false, Some(TTL));
    let mut harness = open(HarnessSetup::new().clock(Duration::from_secs(100)), &expiring);
    push(&mut harness, &["+I[1, a, 1, true]", "+I[2, a, 1, true]", "+I[3, a, 1, true]"]);
    let snapshot = harness.snapshot(1).unwrap();
    let setup = || HarnessSetup::new().restore([&snapshot]);
    let mut harness = open(setup().clock(Duration::from_secs(110)), &expiring);
    push(&mut harness, &["+I[2, a, 7, true]"]);
    let snapshot = harness.snapshot(2).unwrap();
    let setup = HarnessSetup::new().clock(Duration::from_secs(120)).restore([&snapshot]);
    let mut harness = open(setup, &specification(&[0], &calls, false, None));
    push(&mut harness, &["+I[1, a, 1, true]", "+I[2, a, 1, true]"]);
    let emitted = rows(&output(&[0], &calls), &harness.take_records());
    assert_eq!(emitted, ["+I[1, 1, 1]", "-U[2, 1, 1]", "+U[2, 2, 2]"]);
    assert_eq!(harness.snapshot(3).unwrap().keyed_entries(), 2 + 3);
}
