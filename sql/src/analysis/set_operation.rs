//! UNION, INTERSECT and EXCEPT, with and without ALL.
//!
//! As Flink's `ReplaceIntersectWithSemiJoinRule`, `ReplaceMinusWithAntiJoinRule`, `RewriteIntersectAllRule` and
//! `RewriteMinusAllRule`.

use std::sync::Arc;

use arrow_array::Int64Array;

use super::query::cast_columns;
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::functions::operator as operator_of;
use crate::parser::ast::SetOperator;
use crate::plan::{
    AggregateCall, AggregateFunction, CaseBranch, Expression, ExpressionKind, JoinKind, LogicalNode,
    LogicalPlan,
};
use crate::types::{Field, NamedField, Schema, SqlType, common_type};

/// The rows of two queries, put together.
///
/// # Errors
/// If the queries have other columns or such of types that are not compared.
pub(super) fn set_operation(
    left: LogicalPlan,
    operator: SetOperator,
    all: bool,
    right: LogicalPlan,
) -> SqlResult<LogicalPlan> {
    let name = match operator {
        SetOperator::Union => "UNION",
        SetOperator::Intersect => "INTERSECT",
        SetOperator::Except => "EXCEPT",
    };
    let schema = common_schema(&left, &right, name)?;
    let (left, right) = (cast_columns(left, &schema), cast_columns(right, &schema));
    if (operator, all) != (SetOperator::Union, true) {
        check_keys(&schema, name)?;
    }
    match (operator, all) {
        (SetOperator::Union, true) => Ok(union(left, right, schema)),
        (SetOperator::Union, false) => Ok(distinct(union(left, right, schema))),
        (SetOperator::Intersect, false) => filtered(left, JoinKind::Semi, right, schema),
        (SetOperator::Except, false) => filtered(left, JoinKind::Anti, right, schema),
        (SetOperator::Intersect, true) => intersect_all(left, right, &schema),
        (SetOperator::Except, true) => except_all(left, right, &schema),
    }
}

/// The types that the columns of both have in common, with the names of the left ones.
fn common_schema(left: &LogicalPlan, right: &LogicalPlan, name: &str) -> SqlResult<Schema> {
    if left.schema.len() != right.schema.len() {
        return Err(SqlError::validation(format!(
            "the queries of {name} have {} and {} columns",
            left.schema.len(),
            right.schema.len()
        )));
    }
    let columns = left.schema.iter().zip(right.schema.iter()).map(|(a, b)| {
        let common = common_type(&a.field.data_type, &b.field.data_type).ok_or_else(|| {
            SqlError::validation(format!(
                "column `{}` of {name} is of type {} in one query and {} in the other",
                a.name, a.field.data_type, b.field.data_type
            ))
        })?;
        Ok(NamedField::new(a.name.clone(), Field::new(common, a.field.nullable || b.field.nullable)))
    });
    columns.collect()
}

/// Refuses rows that cannot be compared.
fn check_keys(schema: &Schema, name: &str) -> SqlResult<()> {
    let Some(column) = schema.iter().find(|column| !can_be_key(&column.field.data_type)) else {
        return Ok(());
    };
    Err(SqlError::unsupported(format!(
        "{name} of rows with column `{}` of type {} is not supported yet",
        column.name, column.field.data_type
    )))
}

fn union(left: LogicalPlan, right: LogicalPlan, schema: Schema) -> LogicalPlan {
    LogicalPlan { node: LogicalNode::Union { inputs: vec![left, right] }, schema }
}

/// Each row once.
fn distinct(plan: LogicalPlan) -> LogicalPlan {
    let (schema, keys) = (plan.schema.clone(), (0..plan.schema.len()).collect());
    plan.aggregate(keys, Vec::new(), schema)
}

/// Those rows of the left query that are, or are not, among those of the right one, each once.
fn filtered(left: LogicalPlan, kind: JoinKind, right: LogicalPlan, schema: Schema) -> SqlResult<LogicalPlan> {
    // Rows are equal that have NULL in the same places.
    let equal = left.all_columns().into_iter().zip(right.all_columns()).map(|((_, first), (_, second))| {
        let second = second.over_moved(&|column| column + left.schema.len());
        operator_of("IS NOT DISTINCT FROM")?.call(vec![first, second])
    });
    let equal = Expression::all(equal.collect::<SqlResult<Vec<_>>>()?);
    let joined = left.join(right, kind, equal);
    Ok(distinct(LogicalPlan { schema, ..joined }))
}

/// Each row as often as it is in that query in which it is less often.
fn intersect_all(left: LogicalPlan, right: LogicalPlan, schema: &Schema) -> SqlResult<LogicalPlan> {
    let (mine, other) = (|| Expression::boolean(true), || Expression::null(SqlType::Boolean));
    let left = marked(left, [("vcol_left_marker", mine()), ("vcol_right_marker", other())]);
    let right = marked(right, [("vcol_left_marker", other()), ("vcol_right_marker", mine())]);
    let results = [("vcol_left_cnt", AggregateFunction::Count), ("vcol_right_cnt", AggregateFunction::Count)];
    let counted = counted(left, right, schema, results)?;
    let (lefts, rights) = (counted.column(schema.len()), counted.column(schema.len() + 1));
    let is_in_both = [&lefts, &rights]
        .map(|count| operator_of(">=")?.call(vec![count.clone(), bigint(1)]))
        .into_iter()
        .collect::<SqlResult<Vec<_>>>()?;
    let condition = operator_of(">")?.call(vec![lefts.clone(), rights.clone()])?;
    let field = lefts.field.clone();
    let branches = vec![CaseBranch { condition, result: rights }];
    let kind = ExpressionKind::Case { branches, otherwise: Box::new(lefts) };
    let fewer = Expression { kind, field };
    Ok(replicated(counted.filter(Expression::all(is_in_both)), ("$f0", fewer), schema))
}

/// Each row of the left query as often as it is there more often than in the right one.
fn except_all(left: LogicalPlan, right: LogicalPlan, schema: &Schema) -> SqlResult<LogicalPlan> {
    let left = marked(left, [("vcol_marker", bigint(1))]);
    let right = marked(right, [("vcol_marker", bigint(-1))]);
    let counted = counted(left, right, schema, [("sum_vcol_marker", AggregateFunction::Sum)])?;
    let left_over = counted.column(schema.len());
    let is_left_over = operator_of(">")?.call(vec![left_over.clone(), bigint(0)])?;
    Ok(replicated(counted.filter(is_left_over), ("sum_vcol_marker", left_over), schema))
}

fn bigint(value: i64) -> Expression {
    Expression::constant(Arc::new(Int64Array::from(vec![value])), SqlType::BigInt)
}

/// The rows of a query with columns behind them that say whose they are.
fn marked<const N: usize>(plan: LogicalPlan, markers: [(&str, Expression); N]) -> LogicalPlan {
    let mut columns = plan.all_columns();
    columns.extend(markers.map(|(name, marker)| (Arc::from(name), marker)));
    plan.project(columns)
}

/// A row for each group of equal rows of both queries, with a result for each column that was put behind them.
fn counted<const N: usize>(
    left: LogicalPlan,
    right: LogicalPlan,
    schema: &Schema,
    results: [(&str, AggregateFunction); N],
) -> SqlResult<LogicalPlan> {
    let width = schema.len();
    let markers = left.schema.iter().zip(right.schema.iter()).skip(width).map(|(left, right)| {
        let nullable = left.field.nullable || right.field.nullable;
        NamedField::new(left.name.clone(), Field::new(left.field.data_type.clone(), nullable))
    });
    let both = schema.iter().cloned().chain(markers).collect();
    let rows = union(left, right, both);
    // Rows of a group have no time of their own.
    let mut columns: Vec<NamedField> = schema
        .iter()
        .map(|column| {
            let Field { data_type, nullable } = column.field.clone();
            NamedField::new(column.name.clone(), Field::new(data_type.materialized(), nullable))
        })
        .collect();
    let mut calls = Vec::new();
    for (index, (name, function)) in results.into_iter().enumerate() {
        let argument = width + index;
        let field = function.infer(&[rows.schema.field(argument)], true)?;
        columns.push(NamedField::new(name, field.clone()));
        calls.push(AggregateCall {
            function,
            arguments: vec![argument],
            distinct: false,
            filter: None,
            field,
        });
    }
    Ok(rows.aggregate((0..width).collect(), calls, columns.into_iter().collect()))
}

/// The first columns of a plan, each row as often as an expression over it says.
fn replicated(plan: LogicalPlan, (name, count): (&str, Expression), schema: &Schema) -> LogicalPlan {
    let width = schema.len();
    let counted = std::iter::once((Arc::from(name), count));
    let columns = counted.chain(plan.all_columns().into_iter().take(width)).collect();
    let rows = plan.project(columns).replicate();
    let named = rows.all_columns().into_iter().skip(1 + width).zip(schema.iter());
    let named = named.map(|((_, column), original)| (original.name.clone(), column)).collect();
    rows.project(named)
}
