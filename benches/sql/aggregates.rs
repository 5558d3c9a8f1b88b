//! Group aggregates, DISTINCT in them, and window aggregates.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;

use millstream::sql::chunk::Chunk;
use millstream::sql::operators::{
    GroupAggregate, GroupAggregateSpecification, LocalWindowAggregate, WindowAggregate,
    WindowAggregateSpecification,
};
use millstream::sql::plan::{PhysicalNode, PhysicalPlan};
use millstream::sql::types::zone::Zone;
use millstream::testing::OperatorHarness;
use millstream::time::Timestamp;

use crate::measure::{Table, count};
use crate::rows::{KEYS, chunks, operator, pairs};

pub fn run(table: &Table) {
    for (index, keys) in KEYS.into_iter().enumerate() {
        groups(table, index, keys);
        distinct(table, index, keys);
        windows(table, index, keys);
    }
}

/// Pushes all chunks; what comes out is dropped.
fn passes(mut harness: OperatorHarness<Chunk, Chunk>, rows: Vec<Chunk>) -> Box<dyn FnMut()> {
    Box::new(move || {
        for chunk in &rows {
            harness.push(chunk.clone(), Timestamp::MIN).unwrap();
            black_box(harness.take_records());
        }
    })
}

fn group_aggregate(query: &str) -> GroupAggregate {
    let plan = operator(query, |plan| matches!(plan.node, PhysicalNode::GroupAggregate { .. }));
    let schema = plan.input().unwrap().schema.clone();
    let PhysicalNode::GroupAggregate { keys, calls, .. } = &plan.node else { unreachable!() };
    GroupAggregate::new(&GroupAggregateSpecification::new(keys, calls, &schema, false, true).unwrap())
}

/// Exactly the changes of COUNT and SUM: the row before and the row after.
fn groups(table: &Table, index: usize, keys: u64) {
    let rows = chunks(keys);
    table.line(
        &format!("group aggregate, all changes, {keys} keys"),
        [4.0 + 5.0, 45.0 + 30.0][index],
        count(&rows),
        || {
            passes(
                OperatorHarness::new(group_aggregate("SELECT k, COUNT(*), SUM(v) FROM t GROUP BY k"))
                    .unwrap(),
                rows,
            )
        },
        || {
            let (rows, mut groups) = (pairs(keys), HashMap::<i64, (i64, i64)>::new());
            Box::new(move || {
                let mut changes = Vec::new();
                for (key, value) in &rows {
                    let group = groups.entry(*key).or_default();
                    changes.push((*key, *group));
                    *group = (group.0 + 1, group.1 + value);
                    changes.push((*key, *group));
                    if changes.len() > 8_000 {
                        black_box(&changes);
                        changes.clear();
                    }
                }
            })
        },
    );
}

/// Two filters over one argument, in a hundred groups.
fn distinct(table: &Table, index: usize, keys: u64) {
    let rows = chunks(keys);
    let query = "SELECT k, COUNT(DISTINCT v), COUNT(DISTINCT v) FILTER (WHERE k > 5) FROM t GROUP BY k";
    // Group and argument change places: few groups, many arguments.
    let swapped = rows.iter().map(|chunk| {
        let [keys, values, ..] = chunk.columns() else { unreachable!() };
        use arrow_array::cast::AsArray;
        use arrow_array::types::Int64Type;
        let groups = values.as_primitive::<Int64Type>().unary::<_, Int64Type>(|value| value % 100);
        let holds =
            arrow_array::BooleanArray::from_iter(groups.values().iter().map(|group| Some(*group > 5)));
        let columns: Vec<arrow_array::ArrayRef> =
            vec![std::sync::Arc::new(groups), keys.clone(), std::sync::Arc::new(holds)];
        Chunk::new(columns, chunk.rows())
    });
    let swapped: Vec<Chunk> = swapped.collect();
    table.line(
        &format!("DISTINCT, two filters, 100 groups x {keys}"),
        [4.0 + 4.0 + 5.0, 8.0 + 60.0 + 5.0][index],
        count(&rows),
        || passes(OperatorHarness::new(group_aggregate(query)).unwrap(), swapped),
        || {
            let (rows, mut seen) = (pairs(keys), HashSet::<(i64, i64)>::new());
            let mut counts = [0_u64; 100];
            Box::new(move || {
                for (key, value) in &rows {
                    let group = value % 100;
                    counts[group as usize] += u64::from(seen.insert((group, *key)));
                }
                black_box(counts);
            })
        },
    );
}

fn window_aggregate() -> (WindowAggregateSpecification, PhysicalPlan) {
    let query = "SELECT k, window_start, window_end, COUNT(*), SUM(v)
                 FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end";
    let plan = operator(query, |plan| matches!(plan.node, PhysicalNode::WindowAggregate { .. }));
    let PhysicalNode::WindowAggregate { keys, calls, windowing, columns, .. } = &plan.node else {
        unreachable!()
    };
    let schema = &plan.input().unwrap().schema;
    let specification =
        WindowAggregateSpecification::new(windowing, keys, calls, schema, false, columns, &Zone::UTC)
            .unwrap();
    (specification, plan)
}

/// Rows of one slice, in one phase, and the first of two phases.
fn windows(table: &Table, index: usize, keys: u64) {
    let (specification, plan) = window_aggregate();
    // The columns that the operator reads, in their order.
    let names: Vec<&str> = plan.input().unwrap().schema.names().collect();
    let rows: Vec<Chunk> = chunks(keys)
        .into_iter()
        .map(|chunk| {
            let columns = names.iter().map(|name| {
                let at = ["k", "v", "s", "ts"].iter().position(|known| known == name).unwrap();
                chunk.columns()[at].clone()
            });
            Chunk::new(columns.collect::<Vec<_>>(), chunk.rows())
        })
        .collect();
    let plain = |keys| -> Box<dyn FnMut()> {
        let (rows, mut groups) = (pairs(keys), HashMap::<i64, (i64, i64)>::new());
        Box::new(move || {
            for (key, value) in &rows {
                let group = groups.entry(*key).or_default();
                *group = (group.0 + 1, group.1 + value);
            }
            black_box(groups.len());
        })
    };
    table.line(
        &format!("window aggregate, {keys} keys"),
        [5.0, 45.0][index],
        count(&rows),
        || passes(OperatorHarness::new(WindowAggregate::new(&specification)).unwrap(), rows.clone()),
        || plain(keys),
    );
    table.line(
        &format!("its local phase, {keys} keys"),
        [5.0, 5.0][index],
        count(&rows),
        || passes(OperatorHarness::new(LocalWindowAggregate::new(&specification)).unwrap(), rows.clone()),
        || plain(keys),
    );
}
