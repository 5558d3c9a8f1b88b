//! Regular joins.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use millstream::sql::chunk::Chunk;
use millstream::sql::eval::BuildContext;
use millstream::sql::operators::{Join, JoinSpecification, SideSpecification, UniqueKey};
use millstream::sql::plan::PhysicalNode;
use millstream::testing::TwoInputHarness;
use millstream::time::Timestamp;

use crate::measure::{Table, count};
use crate::rows::{KEYS, chunks, operator, pairs};

fn join() -> Join {
    let plan = operator("SELECT t.k, v, s, w FROM t JOIN u ON t.k = u.k", |plan| {
        matches!(plan.node, PhysicalNode::Join { .. })
    });
    let PhysicalNode::Join { kind, condition, .. } = &plan.node else { unreachable!() };
    let side = |at: usize| SideSpecification::new(plan.inputs[at].schema.clone(), UniqueKey::None, true);
    Join::new(&JoinSpecification::new(*kind, condition, side(0), side(1), &BuildContext::default()).unwrap())
}

/// The columns k, v, s of rows.
fn left(rows: &[Chunk]) -> Vec<Chunk> {
    rows.iter().map(|chunk| Chunk::new(chunk.columns()[..3].to_vec(), chunk.rows())).collect()
}

/// One row for each key, of the right side.
fn right(keys: u64) -> Vec<Chunk> {
    let all: Vec<i64> = (0..keys as i64).collect();
    let chunk = |keys: &[i64]| {
        let column: ArrayRef = Arc::new(Int64Array::from(keys.to_vec()));
        Chunk::new(vec![column.clone(), column], keys.len())
    };
    all.chunks(4_096).map(chunk).collect()
}

pub fn run(table: &Table) {
    for (index, keys) in KEYS.into_iter().enumerate() {
        let rows = left(&chunks(keys));
        let all = count(&rows);
        /// Key, value, and a text with its length.
        const ROW: f64 = 8.0 + 8.0 + 28.0;
        table.line(
            &format!("join: append, nothing matches, {keys} keys"),
            30.0 + 0.5 * ROW + [6.0, 40.0][index],
            all,
            || {
                let rows = rows.clone();
                Box::new(move || {
                    // From the beginning each time: what is appended stays.
                    let mut harness = TwoInputHarness::new(join()).unwrap();
                    for chunk in &rows {
                        harness.push_first(chunk.clone(), Timestamp::MIN).unwrap();
                    }
                    black_box(harness.take_records());
                })
            },
            || {
                let rows = pairs(keys);
                Box::new(move || {
                    let mut side = HashMap::<i64, Vec<(i64, [u8; 20])>>::new();
                    for (key, value) in &rows {
                        side.entry(*key).or_default().push((*value, [1; 20]));
                    }
                    black_box(side.len());
                })
            },
        );
        table.line(
            &format!("join: append, one row matches, {keys} keys"),
            30.0 + 0.5 * ROW + [6.0, 40.0][index] + 10.0 + 4.0 * 2.0,
            all,
            || {
                Box::new(move || {
                    let mut harness = TwoInputHarness::new(join()).unwrap();
                    for chunk in right(keys) {
                        harness.push_second(chunk, Timestamp::MIN).unwrap();
                    }
                    for chunk in &rows {
                        harness.push_first(chunk.clone(), Timestamp::MIN).unwrap();
                        black_box(harness.take_records());
                    }
                })
            },
            || {
                let rows = pairs(keys);
                Box::new(move || {
                    let other: HashMap<i64, i64> = (0..keys as i64).map(|key| (key, key)).collect();
                    let mut side = HashMap::<i64, Vec<(i64, [u8; 20])>>::new();
                    let mut matches = Vec::new();
                    for (key, value) in &rows {
                        side.entry(*key).or_default().push((*value, [1; 20]));
                        matches.extend(other.get(key).map(|other| (*key, *value, [1_u8; 20], *other)));
                        if matches.len() > 4_000 {
                            black_box(&matches);
                            matches.clear();
                        }
                    }
                })
            },
        );
    }
}
