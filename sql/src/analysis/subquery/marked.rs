//! IN and EXISTS among other conditions: whether a row belongs to one of the query is a column that is joined.

use super::correlated::equality;
use super::{Inner, Test};
use crate::analysis::Scope;
use crate::analysis::expression::Binder;
use crate::analysis::query::QueryContext;
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::functions::operator;
use crate::plan::{Expression, JoinKind, LogicalPlan};
use crate::types::{Field, NamedField, SqlType};

/// Adds columns that say whether a test holds; the test over them.
///
/// What is NULL is taken for not found: where that would not do, the test is refused.
pub(super) fn mark(
    context: &QueryContext<'_>,
    plan: LogicalPlan,
    scope: &Scope,
    test: &Test<'_>,
) -> SqlResult<(LogicalPlan, Expression)> {
    let inner = Inner::of(context, scope, test.query)?;
    let inner_columns = inner.plan.schema.len();
    // Pairs of what must be equal: over the subquery, and over the query around it.
    let (mut keys, mut outer) = (Vec::new(), Vec::new());
    for condition in &inner.correlated {
        let (key, value) = equality(condition, inner_columns).ok_or_else(|| {
            SqlError::unsupported(
                "IN or EXISTS among other conditions, whose rows are chosen by more than equality with the query around \
                 it, is not supported yet",
            )
            .at(test.span)
        })?;
        keys.push(key);
        outer.push(value);
    }
    for (value, column) in test.compared(&inner)? {
        let value = Binder::new(scope).bind(value)?;
        if test.negated && (value.field.nullable || column.field.nullable) {
            return Err(SqlError::unsupported(
                "NOT IN among other conditions, where a value may be NULL, is not supported yet",
            )
            .with_hint("NOT EXISTS with an equality does not look at NULLs")
            .at(test.span));
        }
        keys.push(column.clone());
        outer.push(value);
    }
    if let Some(key) = keys.iter().find(|key| !can_be_key(&key.field.data_type)) {
        return Err(SqlError::unsupported(format!("IN of type {}", key.field.data_type)).at(test.span));
    }
    // Each combination once, and behind it what is there for every row of the query.
    let named = |index: usize| std::sync::Arc::from(format!("$f{index}"));
    let present = Expression::boolean(true);
    let columns = keys.iter().cloned().chain([present]).enumerate();
    let below = inner.plan.project(columns.map(|(index, column)| (named(index), column)).collect());
    let (schema, all) = (below.schema.clone(), (0..below.schema.len()).collect());
    let found = below.aggregate(all, Vec::new(), schema);
    let before = plan.schema.len();
    let conditions = outer.into_iter().enumerate().map(|(index, value)| {
        let key = Expression::column(before + index, found.schema.field(index));
        operator("=")?.call(vec![value, key]).map_err(|error| error.at(test.span))
    });
    let condition = Expression::all(conditions.collect::<SqlResult<Vec<_>>>()?);
    let appended = found.schema.iter();
    let appended = appended
        .map(|column| NamedField::new(column.name.clone(), Field::nullable(column.field.data_type.clone())));
    let schema = plan.schema.iter().cloned().chain(appended).collect();
    let marker = Expression::column(before + keys.len(), Field::nullable(SqlType::Boolean));
    let joined = plan.join(found, JoinKind::Left, condition);
    let holds = operator(if test.negated { "IS NULL" } else { "IS NOT NULL" })?.call(vec![marker])?;
    Ok((LogicalPlan { schema, ..joined }, holds))
}
