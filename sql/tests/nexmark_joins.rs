//! Where the conditions of Nexmark's joins end up.

use std::fs;

use millstream_sql::plan::{Expression, PhysicalNode, PhysicalPlan};
use millstream_sql::{TableEnvironment, TableResult};

/// The plan of a Nexmark query.
fn plan(query: &str) -> PhysicalPlan {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parser/nexmark");
    let mut tables = TableEnvironment::new();
    for file in ["tables", query] {
        let script = fs::read_to_string(format!("{folder}/{file}.sql")).unwrap();
        for statement in script.split(';').filter(|statement| !statement.trim().is_empty()) {
            if let TableResult::Insert(job) = tables.execute_sql(statement).unwrap() {
                return job.plans()[0].clone();
            }
        }
    }
    panic!("{query} has no INSERT")
}

fn join(plan: &PhysicalPlan) -> Option<&PhysicalPlan> {
    match plan.node {
        PhysicalNode::Join { .. } => Some(plan),
        _ => plan.inputs.iter().find_map(join),
    }
}

/// How many conditions the rows of an input meet before they are sent to the join.
fn conditions(input: &PhysicalPlan) -> usize {
    match &input.node {
        PhysicalNode::Exchange { .. } => input.input().map_or(0, conditions),
        PhysicalNode::Calc { condition: Some(condition), .. } => {
            Expression::conjuncts(condition.clone()).len()
        }
        _ => 0,
    }
}

/// Of a query's join: the conditions of both inputs, and how many equalities and other conditions it has.
fn shape(query: &str) -> (usize, usize, usize, usize) {
    let plan = plan(query);
    let join = join(&plan).unwrap_or_else(|| panic!("{query} has no join"));
    let PhysicalNode::Join { condition, .. } = &join.node else { unreachable!() };
    let residual = condition.residual.clone().map_or(0, |residual| residual.conjuncts().len());
    (conditions(&join.inputs[0]), conditions(&join.inputs[1]), condition.keys.len(), residual)
}

#[test]
fn conditions_of_one_table_are_met_before_the_join() {
    // The kind of event, and the query's own condition.
    assert_eq!(shape("q3"), (2, 2, 1, 0));
    assert_eq!(shape("q20"), (1, 2, 1, 0));
    // That a bid comes while the auction goes on can be said of both alone.
    assert_eq!(shape("q4"), (1, 1, 1, 2));
    assert_eq!(shape("q9"), (1, 1, 1, 2));
}
