//! Calc and exchange.

use std::hint::black_box;

use millstream::prelude::*;
use millstream::sql::chunk::{Chunk, KeyLayout, exchange};
use millstream::sql::eval::BuildContext;
use millstream::sql::operators::Calc;
use millstream::sql::plan::PhysicalNode;
use millstream::testing::OperatorHarness;
use millstream::time::Timestamp;

use crate::measure::{Table, count};
use crate::rows::{chunks, operator, pairs};

pub fn run(table: &Table) {
    calc(table);
    routes(table);
}

fn calc(table: &Table) {
    let rows = chunks(1_000);
    let all = count(&rows);
    let plan = operator("SELECT k, v * 2 + 1 AS w FROM t WHERE k < 500", |plan| {
        matches!(&plan.node, PhysicalNode::Calc { condition: Some(_), .. })
    });
    let PhysicalNode::Calc { condition, projection } = plan.node else { unreachable!() };
    let calc = Calc::new(condition.as_ref(), &projection, &BuildContext::default()).unwrap();
    table.line(
        "Calc: half of the rows, one expression",
        1.0 + 2.0 + 2.0 * 0.75,
        all,
        || {
            let mut harness = OperatorHarness::new(calc).unwrap();
            Box::new(move || {
                rows.iter().for_each(|chunk| harness.push(chunk.clone(), Timestamp::MIN).unwrap());
                black_box(harness.take_records());
            })
        },
        || {
            let rows = pairs(1_000);
            Box::new(move || {
                let kept = rows.iter().filter(|(key, _)| *key < 500);
                black_box(kept.map(|(key, value)| (*key, value * 2 + 1)).collect::<Vec<_>>());
            })
        },
    );
}

/// The time of a job whose one source spreads its rows over two subtasks, by the clock: start and end of the job are in it.
fn routes(table: &Table) {
    let rows = chunks(1_000_000);
    let all = count(&rows);
    let job = |rows: &[Chunk]| {
        let environment = Environment::new().parallelism(1);
        let source = environment.from_collection(rows.to_vec());
        let layout = {
            let plan = operator("SELECT * FROM t", |plan| matches!(plan.node, PhysicalNode::Scan { .. }));
            KeyLayout::new(vec![0], vec![plan.schema.field(0)])
        };
        exchange(&source, layout).map(|chunk: Chunk| chunk.rows()).parallelism(2).discard();
        environment.execute("exchange").unwrap();
    };
    let (first, second) = (rows.clone(), rows);
    table.line(
        "exchange of 4 columns to 2 subtasks, by the clock",
        6.0 + 4.0 * 3.0,
        all,
        || Box::new(move || job(&first)),
        || {
            Box::new(move || {
                let mut parts: [Vec<(i64, i64)>; 2] = Default::default();
                for chunk in &second {
                    use arrow_array::cast::AsArray;
                    use arrow_array::types::Int64Type;
                    let [keys, values] = [0, 1].map(|at| chunk.columns()[at].as_primitive::<Int64Type>());
                    for (key, value) in keys.values().iter().zip(values.values()) {
                        parts[(crate::rows::scramble(*key as u64) & 1) as usize].push((*key, *value));
                    }
                }
                black_box(parts);
            })
        },
    );
}
