//! A slow reference, and histories of both inputs.

mod bundle;
mod reference;
mod state;

use millstream_runtime::testing::{HarnessSetup, TwoInputHarness};
use millstream_state::Timestamp;
use proptest::prelude::*;

use self::reference::{Reference, Row};
use super::{Input, Join, JoinSpecification, SideSpecification, UniqueKey};
use crate::chunk::Chunk;
use crate::eval::BuildContext;
use crate::functions::operator;
use crate::plan::{Expression, JoinCondition, JoinKey, JoinKind};
use crate::test_support::{chunk, rows, schema};
use crate::types::Schema;

const KINDS: [JoinKind; 6] =
    [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];

/// How the rows of both inputs are known: the key of the join, and an `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Appended,
    Counted,
    ById,
    ByKey,
}

const KNOWN: [Known; 4] = [Known::Appended, Known::Counted, Known::ById, Known::ByKey];

type Joins = TwoInputHarness<Chunk, Chunk, Chunk>;

fn input() -> Schema {
    schema(&[("k", "BIGINT"), ("id", "BIGINT!"), ("v", "STRING")])
}

fn specification(kind: JoinKind, known: Known, null_safe: bool, has_residual: bool) -> JoinSpecification {
    let input = input();
    let ids = |id: usize| Expression::column(id, input.field(1));
    let residual = has_residual.then(|| operator("<=").unwrap().call(vec![ids(1), ids(4)]).unwrap());
    let condition = JoinCondition { keys: vec![JoinKey { left: 0, right: 0, null_safe }], residual };
    let unique_key = match known {
        Known::Appended | Known::Counted => UniqueKey::None,
        Known::ById => UniqueKey::Columns(vec![1]),
        Known::ByKey => UniqueKey::InJoinKey,
    };
    let side = || SideSpecification::new(input.clone(), unique_key.clone(), known == Known::Appended);
    JoinSpecification::new(kind, &condition, side(), side(), &BuildContext::default()).unwrap()
}

fn open(specification: &JoinSpecification) -> Joins {
    Joins::new(Join::new(specification)).unwrap()
}

fn push<S: AsRef<str>>(harness: &mut Joins, input: Input, texts: &[S]) {
    let chunk = chunk(&self::input(), texts);
    match input {
        Input::Left => harness.push_first(chunk, Timestamp::MIN),
        Input::Right => harness.push_second(chunk, Timestamp::MIN),
    }
    .unwrap();
}

fn take(harness: &Joins, kind: JoinKind) -> Vec<String> {
    rows(&kind.schema(&input(), &input()), &harness.take_records())
}

/// What happens to an input.
#[derive(Clone, Copy, Debug)]
struct Step {
    input: Input,
    row: Row,
    /// Whether a row that is there is taken away, if the input has that; which one.
    removes: Option<prop::sample::Index>,
    updates: bool,
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let row = (prop::option::weighted(0.8, 0_i64..3), 0_i64..4, 0_u8..2);
    let step = (any::<bool>(), row, prop::option::weighted(0.4, any::<prop::sample::Index>()), any::<bool>());
    let step = step.prop_map(|(left, (key, id, value), removes, updates)| Step {
        input: if left { Input::Left } else { Input::Right },
        row: Row { key, id, value },
        removes,
        updates,
    });
    prop::collection::vec(prop::collection::vec(step, 0..8), 0..8)
}

/// The changes of steps, and what they give: each change is one of its own.
fn history(steps: &[Step], reference: &mut Reference) -> Vec<(Input, String, Vec<String>)> {
    let mut changes = Vec::new();
    for step in steps {
        let present = reference.present(step.input);
        let removed = step.removes.filter(|_| !present.is_empty() && reference.known() != Known::Appended);
        let mut change = |reference: &mut Reference, kind: &str, row: Row| {
            let expected = reference.change(step.input, kind, row);
            changes.push((step.input, row.text(kind), expected));
        };
        match removed.map(|index| *index.get(&present)) {
            Some(row) if step.updates => {
                change(reference, "-U", row);
                // What a row is known by stays.
                change(reference, "+U", Row { key: row.key, id: row.id, value: step.row.value });
            }
            Some(row) => change(reference, "-D", row),
            // A key is never there twice.
            None if reference.is_taken(step.input, step.row) => {}
            None => change(reference, "+I", step.row),
        }
    }
    changes
}

/// Groups changes of the same input that follow each other, as a chunk has them.
fn chunks(changes: &[(Input, String, Vec<String>)]) -> Vec<(Input, Vec<&str>)> {
    let mut chunks: Vec<(Input, Vec<&str>)> = Vec::new();
    for (input, text, _) in changes {
        match chunks.last_mut() {
            Some((last, texts)) if last == input => texts.push(text),
            _ => chunks.push((*input, vec![text])),
        }
    }
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_join_gives_what_the_reference_gives(
        steps in steps(),
        kind in prop::sample::select(&KINDS[..]),
        known in prop::sample::select(&KNOWN[..]),
        null_safe: bool,
        has_residual: bool,
        restored_at in 0_usize..8,
    ) {
        let specification = specification(kind, known, null_safe, has_residual);
        let mut harness = open(&specification);
        let mut reference = Reference::new(kind, known, null_safe, has_residual);
        for (index, steps) in steps.iter().enumerate() {
            let changes = history(steps, &mut reference);
            for (input, texts) in chunks(&changes) {
                push(&mut harness, input, &texts);
            }
            let expected: Vec<_> = changes.into_iter().flat_map(|(_, _, expected)| expected).collect();
            prop_assert_eq!(take(&harness, kind), expected);
            if index == restored_at {
                let snapshot = harness.snapshot(1).unwrap();
                harness = Joins::restore(Join::new(&specification), &snapshot).unwrap();
            }
        }
    }
}

#[test]
fn a_left_row_without_a_partner_is_taken_back_when_one_comes() {
    let mut harness = open(&specification(JoinKind::Left, Known::ById, false, false));
    push(&mut harness, Input::Left, &["+I[1, 10, a]"]);
    push(&mut harness, Input::Right, &["+I[1, 20, x]", "+I[1, 21, y]", "-D[1, 20, x]", "-D[1, 21, y]"]);
    let expected = [
        "+I[1, 10, a, null, null, null]",
        "-D[1, 10, a, null, null, null]",
        "+I[1, 10, a, 1, 20, x]",
        "+I[1, 10, a, 1, 21, y]",
        "-D[1, 10, a, 1, 20, x]",
        "-D[1, 10, a, 1, 21, y]",
        "+I[1, 10, a, null, null, null]",
    ];
    assert_eq!(take(&harness, JoinKind::Left), expected);
}

#[test]
fn an_update_without_what_was_before_replaces_the_row() {
    let mut harness = open(&specification(JoinKind::Inner, Known::ById, false, false));
    push(&mut harness, Input::Left, &["+I[1, 10, a]", "+U[1, 10, b]"]);
    push(&mut harness, Input::Right, &["+I[1, 20, x]", "+U[1, 20, y]"]);
    assert_eq!(take(&harness, JoinKind::Inner), ["+I[1, 10, b, 1, 20, x]", "+U[1, 10, b, 1, 20, y]"]);
}

#[test]
fn an_outer_row_is_in_as_many_pairs_after_an_update_of_the_other_as_before() {
    let mut harness = open(&specification(JoinKind::Left, Known::ById, false, false));
    push(&mut harness, Input::Left, &["+I[1, 10, a]"]);
    push(&mut harness, Input::Right, &["+I[1, 20, x]", "+U[1, 20, y]", "-D[1, 20, y]"]);
    assert_eq!(
        take(&harness, JoinKind::Left).last().map(String::as_str),
        Some("+I[1, 10, a, null, null, null]")
    );
}

#[test]
fn many_pairs_come_in_chunks_of_a_bounded_size() {
    let lefts: Vec<_> = (0..150).map(|id| format!("+I[1, {id}, l]")).collect();
    let rights: Vec<_> = (0..150).map(|id| format!("+I[1, {id}, r]")).collect();
    let specification = specification(JoinKind::Full, Known::Appended, false, true);
    let run = |at_most: u32| {
        let setup = HarnessSetup::new().emit_at_most(at_most);
        let mut harness = Joins::with(setup, Join::new(&specification)).unwrap();
        push(&mut harness, Input::Left, &lefts);
        harness.take_records();
        push(&mut harness, Input::Right, &rights);
        let chunks = harness.take_records();
        assert!(chunks.iter().all(|chunk| chunk.rows() <= 2 * Chunk::ROWS));
        (rows(&JoinKind::Full.schema(&input(), &input()), &chunks), harness.resumed_runs())
    };
    let (at_once, _) = run(u32::MAX);
    // A pair for each left id up to the right one's, and each left row's NULLs taken back once.
    assert_eq!(at_once.len(), 150 * 151 / 2 + 150);
    let (bit_by_bit, resumed) = run(1);
    assert!(resumed > 2, "{resumed}");
    assert_eq!(bit_by_bit, at_once);
}
