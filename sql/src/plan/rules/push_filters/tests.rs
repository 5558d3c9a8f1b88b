use super::push_filters;
use crate::functions::operator;
use crate::plan::{Expression, JoinKind, LogicalNode, LogicalPlan};
use crate::test_support::schema;

/// Rows of two columns.
fn input(names: [&str; 2]) -> LogicalPlan {
    let columns = names.map(|name| (name, "BIGINT"));
    LogicalPlan { node: LogicalNode::Values(Vec::new()), schema: schema(&columns) }
}

fn call(name: &str, arguments: Vec<Expression>) -> Expression {
    operator(name).unwrap().call(arguments).unwrap()
}

/// A plan with a condition for its column of this number.
fn positive(plan: &LogicalPlan, column: usize) -> Expression {
    call(">", vec![plan.column(column), plan.column(column)])
}

/// The plan in few words, with the columns that conditions read.
fn text(plan: &LogicalPlan) -> String {
    let columns = |condition: &Expression| {
        let mut read = Vec::new();
        condition.visit_columns(&mut |column| read.push(column.to_string()));
        read.dedup();
        read.join(",")
    };
    match &plan.node {
        LogicalNode::Values(_) => plan.schema.name(0).to_owned(),
        LogicalNode::Filter { input, condition } => {
            format!("filter[{}]({})", columns(condition), text(input))
        }
        LogicalNode::Project { input, .. } => format!("project({})", text(input)),
        LogicalNode::Aggregate { input, .. } => format!("aggregate({})", text(input)),
        LogicalNode::Union { inputs } => {
            format!("union({})", inputs.iter().map(text).collect::<Vec<_>>().join(", "))
        }
        LogicalNode::Watermark { input, .. } => format!("watermark({})", text(input)),
        LogicalNode::Join { left, right, kind, condition, .. } => {
            format!("{kind}[{}]({}, {})", columns(condition), text(left), text(right))
        }
        _ => "?".to_owned(),
    }
}

/// A join of `a.0 = b.0`, of which column `column` of four must be positive.
fn joined(kind: JoinKind, column: usize) -> String {
    let (a, b) = (input(["a", "a1"]), input(["b", "b1"]));
    let equal = call("=", vec![a.column(0), b.column(0).over_moved(&|column| column + 2)]);
    let join = a.join(b, kind, equal);
    let condition = positive(&join, column);
    text(&push_filters(join.filter(condition)))
}

#[test]
fn conditions_go_to_the_side_that_has_their_columns() {
    assert_eq!(joined(JoinKind::Inner, 1), "InnerJoin[0,2](filter[1](a), b)");
    assert_eq!(joined(JoinKind::Inner, 3), "InnerJoin[0,2](a, filter[1](b))");
    assert_eq!(joined(JoinKind::Semi, 1), "LeftSemiJoin[0,2](filter[1](a), b)");
    assert_eq!(joined(JoinKind::Anti, 1), "LeftAntiJoin[0,2](filter[1](a), b)");
    assert_eq!(joined(JoinKind::Left, 1), "LeftOuterJoin[0,2](filter[1](a), b)");
}

#[test]
fn a_condition_that_null_does_not_fulfil_reduces_an_outer_join() {
    assert_eq!(joined(JoinKind::Left, 3), "InnerJoin[0,2](a, filter[1](b))");
    assert_eq!(joined(JoinKind::Right, 1), "InnerJoin[0,2](filter[1](a), b)");
    assert_eq!(joined(JoinKind::Full, 1), "LeftOuterJoin[0,2](filter[1](a), b)");
    assert_eq!(joined(JoinKind::Full, 3), "RightOuterJoin[0,2](a, filter[1](b))");
}

#[test]
fn a_condition_that_null_may_fulfil_stays_above_an_outer_join() {
    let (a, b) = (input(["a", "a1"]), input(["b", "b1"]));
    let join = a.join(b, JoinKind::Left, Expression::boolean(true));
    let condition = call("IS NULL", vec![join.column(3)]);
    assert_eq!(text(&push_filters(join.filter(condition))), "filter[3](LeftOuterJoin[](a, b))");
}

#[test]
fn conditions_of_on_go_to_the_side_whose_rows_need_a_partner() {
    let on = |kind: JoinKind, column: usize| {
        let (a, b) = (input(["a", "a1"]), input(["b", "b1"]));
        let condition = call(">", vec![Expression::column(column, a.schema.field(0)); 2]);
        text(&push_filters(a.join(b, kind, condition)))
    };
    assert_eq!(on(JoinKind::Left, 1), "LeftOuterJoin[1](a, b)");
    assert_eq!(on(JoinKind::Left, 3), "LeftOuterJoin[](a, filter[1](b))");
    assert_eq!(on(JoinKind::Full, 3), "FullOuterJoin[3](a, b)");
    assert_eq!(on(JoinKind::Anti, 1), "LeftAntiJoin[1](a, b)");
    assert_eq!(on(JoinKind::Anti, 3), "LeftAntiJoin[](a, filter[1](b))");
    assert_eq!(on(JoinKind::Semi, 1), "LeftSemiJoin[](filter[1](a), b)");
}

#[test]
fn conditions_go_through_projections_unions_and_the_keys_of_aggregates() {
    let swapped = {
        let a = input(["a", "a1"]);
        let columns = vec![("x".into(), a.column(1)), ("y".into(), a.column(0))];
        a.project(columns)
    };
    let condition = positive(&swapped, 0);
    assert_eq!(text(&push_filters(swapped.filter(condition))), "project(filter[1](a))");

    let schema = input(["a", "a1"]).schema;
    let inputs = vec![input(["a", "a1"]), input(["b", "b1"])];
    let union = LogicalPlan { node: LogicalNode::Union { inputs }, schema: schema.clone() };
    let condition = positive(&union, 1);
    assert_eq!(text(&push_filters(union.filter(condition))), "union(filter[1](a), filter[1](b))");

    let grouped = input(["a", "a1"]).aggregate(vec![1], Vec::new(), schema.project(&[1]));
    let condition = positive(&grouped, 0);
    assert_eq!(text(&push_filters(grouped.filter(condition))), "aggregate(filter[1](a))");
}

#[test]
fn conditions_stay_above_watermarks() {
    let a = input(["a", "a1"]);
    let watermark = a.column(0);
    let plan = a.watermark(0, watermark);
    let condition = positive(&plan, 1);
    assert_eq!(text(&push_filters(plan.filter(condition))), "filter[1](watermark(a))");
}
