//! Top-N, deduplication, and the last row of each key.

use std::collections::HashMap;
use std::hint::black_box;

use millstream::sql::chunk::{Chunk, Kinds, RowKind};
use millstream::sql::operators::{
    BoundedRank, ChangelogNormalize, Deduplicate, DeduplicateSpecification, RankSpecification,
};
use millstream::sql::plan::{PhysicalNode, SortKey};
use millstream::testing::OperatorHarness;
use millstream::time::Timestamp;

use crate::measure::{Table, count};
use crate::rows::{KEYS, chunks, operator, pairs};

/// Pushes all chunks; what comes out is dropped.
fn passes(mut harness: OperatorHarness<Chunk, Chunk>, rows: Vec<Chunk>) -> Box<dyn FnMut()> {
    Box::new(move || {
        for chunk in &rows {
            harness.push(chunk.clone(), Timestamp::MIN).unwrap();
            black_box(harness.take_records());
        }
    })
}

/// A row of 44 bytes for each key.
fn last_rows(keys: u64) -> Box<dyn FnMut()> {
    let (rows, mut last) = (pairs(keys), HashMap::<i64, (i64, [u8; 20])>::new());
    Box::new(move || {
        let mut changes = Vec::new();
        for (key, value) in &rows {
            changes.push((*key, last.insert(*key, (*value, [1; 20]))));
            if changes.len() > 4_000 {
                black_box(&changes);
                changes.clear();
            }
        }
    })
}

pub fn run(table: &Table) {
    let scan = operator("SELECT * FROM t", |plan| plan.schema.len() == 4 && plan.inputs.is_empty());
    let schema = match &scan.node {
        PhysicalNode::Scan { .. } => scan.schema.clone(),
        _ => unreachable!(),
    };
    for (index, keys) in KEYS.into_iter().enumerate() {
        let rows = chunks(keys);
        let all = count(&rows);
        let order = [SortKey { column: 1, descending: true, nulls_last: true }];
        let top = RankSpecification::new(&[0], &order, &schema, (1, 3), false, true);
        // The same rows again and again: behind the first pass each is one of the first three, or misses.
        table.line(
            &format!("top-3, mostly misses, {keys} keys"),
            [6.0, 40.0][index],
            all,
            || passes(OperatorHarness::new(BoundedRank::new(&top)).unwrap(), rows.clone()),
            || {
                let (rows, mut tops) = (pairs(keys), HashMap::<i64, [i64; 3]>::new());
                Box::new(move || {
                    for (key, value) in &rows {
                        let top = tops.entry(*key).or_insert([i64::MIN; 3]);
                        if *value > top[2] {
                            top[2] = *value;
                            top.sort_unstable_by(|a, b| b.cmp(a));
                        }
                    }
                    black_box(tops.len());
                })
            },
        );
        let last = DeduplicateSpecification::new(&[0], &schema, 3, true, true);
        table.line(
            &format!("deduplicate, last row, {keys} keys"),
            [4.0 + 5.0, 45.0 + 30.0][index] + 4.0 * 2.0,
            all,
            || passes(OperatorHarness::new(Deduplicate::new(&last)).unwrap(), rows.clone()),
            || last_rows(keys),
        );
        let upserts: Vec<Chunk> = rows
            .iter()
            .map(|chunk| {
                let kinds = std::iter::repeat_n(RowKind::UpdateAfter, chunk.rows());
                chunk.clone().with_kinds(kinds.collect::<Kinds>())
            })
            .collect();
        table.line(
            &format!("changelog normalize, {keys} keys"),
            [4.0 + 5.0, 45.0 + 30.0][index] + 4.0 * 2.0,
            all,
            || {
                passes(
                    OperatorHarness::new(ChangelogNormalize::new(&[0], &schema, true, None)).unwrap(),
                    upserts,
                )
            },
            || last_rows(keys),
        );
    }
}
