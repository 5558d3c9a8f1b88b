//! A value that depends on the row around it: what the rows that belong to it add up to.
//!
//! `(SELECT MAX(price) FROM bid WHERE bid.auction = auction.id)` is the aggregate of all groups, joined by the group: as
//! Calcite's `RelDecorrelator` makes it.

use super::{Query, QueryBody, reads_behind, split};
use crate::analysis::expression::Binder;
use crate::analysis::grouping::{Grouping, has_aggregate};
use crate::analysis::query::QueryContext;
use crate::analysis::select::from;
use crate::analysis::{Scope, unsupported};
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::functions::operator;
use crate::parser::Span;
use crate::parser::ast::{Select, SelectItemKind};
use crate::plan::{
    AggregateCall, AggregateFunction, Expression, ExpressionKind, JoinKind, LogicalNode, LogicalPlan,
};
use crate::types::{Field, NamedField};

/// Adds the columns of a subquery that reads columns of the query around it; what it is over them. `None` if it reads none.
pub(super) fn value(
    context: &QueryContext<'_>,
    plan: LogicalPlan,
    around: &Scope,
    query: &Query,
) -> SqlResult<Option<(LogicalPlan, Expression)>> {
    let QueryBody::Select(select) = &query.body else { return Ok(None) };
    if query.with.is_some() {
        return Ok(None);
    }
    let span = Span::from(query.span);
    let (inner, scope) = from(context, select)?;
    let scope = scope.within(around);
    let columns = inner.schema.len();
    let (mut own, mut keys, mut outer) = (Vec::new(), Vec::new(), Vec::new());
    let mut conjuncts = Vec::new();
    select.selection.iter().for_each(|selection| split(selection, &mut conjuncts));
    for conjunct in conjuncts {
        let condition = Binder::new(&scope).condition(conjunct, "WHERE")?;
        if !reads_behind(&condition, columns) {
            own.push(condition);
            continue;
        }
        let Some((key, value)) = equality(&condition, columns) else {
            return unsupported(
                "a value of rows that are chosen by more than equality with the query around it",
                conjunct.span,
            );
        };
        if !can_be_key(&key.field.data_type) {
            return unsupported(&format!("a group by type {}", key.field.data_type), conjunct.span);
        }
        keys.push(key);
        outer.push(value);
    }
    if keys.is_empty() {
        return Ok(None);
    }
    if select.group_by.is_some() || select.having.is_some() || select.qualify.is_some() {
        return unsupported("GROUP BY in a value that depends on the query around it", span);
    }
    let inner = if own.is_empty() { inner } else { inner.filter(Expression::all(own)) };
    let (aggregate, result) = aggregate(select, &scope, inner, &keys, span)?;
    // Each key once: the same column may be said to be equal to several.
    let before = plan.schema.len();
    let field = |column: usize| Field::nullable(aggregate.schema.field(column).data_type);
    let conditions =
        outer.into_iter().zip(keys.iter().map(|key| position(&keys, key))).map(|(outer, key)| {
            let key = Expression::column(before + key, aggregate.schema.field(key));
            operator("=")?.call(vec![key, outer])
        });
    let condition = Expression::all(conditions.collect::<SqlResult<Vec<_>>>()?);
    let counts = counts(&aggregate);
    let value = result.replace_columns(&|column| {
        let value = Expression::column(before + column, field(column));
        // Where no row belongs, there are none.
        match counts.contains(&column) {
            true => zero_for_null(value).ok(),
            false => Some(value),
        }
    });
    let value = value.ok_or_else(|| SqlError::validation("a subquery without a value").at(span))?;
    let appended = aggregate.schema.iter().enumerate();
    let appended = appended.map(|(index, column)| NamedField::new(column.name.clone(), field(index)));
    let schema = plan.schema.iter().cloned().chain(appended).collect();
    let joined = plan.join(aggregate, JoinKind::Left, condition);
    let value = Expression { field: Field::nullable(value.field.data_type.clone()), ..value };
    Ok(Some((LogicalPlan { schema, ..joined }, value)))
}

/// What is selected of each group, and the only item over it.
fn aggregate(
    select: &Select,
    scope: &Scope,
    inner: LogicalPlan,
    keys: &[Expression],
    span: Span,
) -> SqlResult<(LogicalPlan, Expression)> {
    let [item] = select.items.as_slice() else {
        return Err(SqlError::validation(format!(
            "Cannot apply '$SCALAR_QUERY' to a query of {} columns: a value is one",
            select.items.len()
        ))
        .at(span));
    };
    let SelectItemKind::Expression { value, .. } = &item.kind else {
        return unsupported("* in a value that depends on the query around it", item.span);
    };
    let mut distinct: Vec<Expression> = Vec::new();
    for key in keys {
        if !distinct.contains(key) {
            distinct.push(key.clone());
        }
    }
    if has_aggregate(value) {
        let mut grouping = Grouping::new(scope, distinct, true);
        let result = Binder::above(&mut grouping).bind(value)?;
        return Ok((grouping.plan(inner), result));
    }
    // A job fails that finds a second row.
    let value = Binder::new(scope).bind(value)?;
    if reads_behind(&value, inner.schema.len()) {
        return unsupported("a value that is computed of the query around it", item.span);
    }
    let count = distinct.len();
    let named = |index: usize| std::sync::Arc::from(format!("$f{index}"));
    let field = Field::nullable(value.field.data_type.clone());
    let columns = distinct.into_iter().chain([value]).enumerate();
    let below = inner.project(columns.map(|(index, column)| (named(index), column)).collect());
    let call = AggregateCall {
        function: AggregateFunction::SingleValue,
        arguments: vec![count],
        distinct: false,
        filter: None,
        field: field.clone(),
    };
    let schema = below.schema.iter().take(count).cloned();
    let schema = schema.chain([NamedField::new("EXPR$0", field.clone())]).collect();
    Ok((below.aggregate((0..count).collect(), vec![call], schema), Expression::column(count, field)))
}

/// The position of a key among those that are different.
fn position(keys: &[Expression], key: &Expression) -> usize {
    let mut distinct: Vec<&Expression> = Vec::new();
    for known in keys {
        if !distinct.contains(&known) {
            distinct.push(known);
        }
        if known == key {
            break;
        }
    }
    distinct.iter().position(|known| *known == key).unwrap_or_default()
}

/// What an equality says is equal: an expression over the subquery, and one over the query around it, as it is there.
pub(super) fn equality(condition: &Expression, columns: usize) -> Option<(Expression, Expression)> {
    let ExpressionKind::Call { function, arguments } = &condition.kind else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    if function.name != "=" {
        return None;
    }
    let reads_own = |expression: &Expression| {
        let mut reads = false;
        expression.visit_columns(&mut |column| reads |= column < columns);
        reads
    };
    let (own, outer) = match (reads_own(left), reads_own(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return None,
    };
    if reads_behind(own, columns) {
        return None;
    }
    Some((own.clone(), outer.over_moved(&|column| column - columns)))
}

/// The columns that are counts.
fn counts(plan: &LogicalPlan) -> Vec<usize> {
    let LogicalNode::Aggregate { keys, calls, .. } = &plan.node else { return Vec::new() };
    let calls = calls.iter().enumerate();
    let counts = calls.filter(|(_, call)| call.function == AggregateFunction::Count);
    counts.map(|(index, _)| keys.len() + index).collect()
}

fn zero_for_null(value: Expression) -> SqlResult<Expression> {
    let zero = crate::analysis::literal::integer(0).cast_to(&value.field.data_type);
    crate::analysis::expression::coalesce(vec![value, zero])
}
