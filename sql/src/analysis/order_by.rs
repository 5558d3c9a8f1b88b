//! ORDER BY, LIMIT, OFFSET.

use std::sync::Arc;

use super::expression::bind_over;
use super::query::QueryContext;
use super::{Scope, select, unsupported};
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{
    Expression as Syntax, ExpressionKind, Limit, Literal, OrderItem, Query, QueryBody, Select, SelectItemKind,
};
use crate::plan::{Expression, LogicalNode, LogicalPlan, RankForm, SortKey};

/// The order of an item, by this column.
pub(super) fn direction(item: &OrderItem, column: usize) -> SortKey {
    let descending = item.descending == Some(true);
    let nulls_last = item.nulls_first.map_or(descending, |first| !first);
    SortKey { column, descending, nulls_last }
}

/// Refuses values that have no order.
pub(super) fn refuse_order(value: &Expression, span: impl Into<Span>) -> SqlResult<()> {
    if can_be_key(&value.field.data_type) {
        return Ok(());
    }
    unsupported(&format!("ORDER BY a value of type {}", value.field.data_type), span)
}

/// The rows of a query in their order, as many as are asked for. An order that says nothing about which rows there are is
/// left out below the top, as in Flink.
pub(super) fn ordered(context: &QueryContext<'_>, query: &Query, is_top: bool) -> SqlResult<LogicalPlan> {
    let limit = match &query.limit {
        Some(Limit::Count(count)) => Some(number(count, *query.span)?),
        _ => None,
    };
    let offset = query.offset.as_deref().map(|offset| number(offset, *query.span)).transpose()?.unwrap_or(0);
    if query.order_by.is_empty() && limit.is_none() && offset == 0 {
        return context.body(&query.body, *query.span);
    }
    let (plan, columns, order) = match &query.body {
        QueryBody::Select(select) => of_select(context, select, &query.order_by)?,
        body => {
            let plan = context.body(body, *query.span)?;
            let (columns, scope) = (plan.schema.len(), Scope::of(Vec::new(), &plan.schema));
            let order = query.order_by.iter().map(|item| match ordinal(item, columns)? {
                Some(column) => Ok(direction(item, column)),
                None => match bind_over(&scope, &item.value)?.as_column() {
                    Some(column) => Ok(direction(item, column)),
                    None => unsupported("ORDER BY an expression over a set operation", item.span),
                },
            });
            (plan, columns, order.collect::<SqlResult<Vec<_>>>()?)
        }
    };
    for (key, item) in order.iter().zip(&query.order_by) {
        refuse_order(&plan.column(key.column), item.span)?;
    }
    let names = plan.schema.clone();
    let plan = match limit {
        None if offset > 0 => {
            return Err(SqlError::unsupported(
                "FETCH is missed, which on streaming table is not supported currently.",
            )
            .at(query.span));
        }
        Some(0) => LogicalPlan { node: LogicalNode::Values(Vec::new()), schema: names.clone() },
        Some(limit) => {
            let form = if order.is_empty() { RankForm::Limit } else { RankForm::SortLimit };
            plan.rank(Vec::new(), order, (offset + 1, offset.saturating_add(limit)), false, form)
        }
        None if is_top => plan.sort(order),
        None => plan,
    };
    if columns == names.len() {
        return Ok(plan);
    }
    let visible = plan.all_columns().into_iter().take(columns).collect();
    Ok(plan.project(visible))
}

/// A SELECT with what it is ordered by in columns behind its own; how many its own are; and the order.
fn of_select(
    context: &QueryContext<'_>,
    select: &Select,
    items: &[OrderItem],
) -> SqlResult<(LogicalPlan, usize, Vec<SortKey>)> {
    let has_star = select.items.iter().any(|item| !matches!(item.kind, SelectItemKind::Expression { .. }));
    let mut hidden: Vec<&Syntax> = Vec::new();
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        let named = select.items.iter().position(|selected| match (&selected.kind, &item.value.kind) {
            (SelectItemKind::Expression { alias: Some(alias), .. }, ExpressionKind::Column(name)) => {
                matches!(name.parts.as_slice(), [only] if only.name == alias.name)
            }
            _ => false,
        });
        let named = named.or_else(|| {
            select.items.iter().position(|selected| match &selected.kind {
                SelectItemKind::Expression { value, .. } => *value == item.value,
                _ => false,
            })
        });
        places.push(match (ordinal(item, usize::MAX)?, named) {
            (Some(column), _) => Place::Column(column),
            (None, Some(position)) if !has_star => Place::Column(position),
            (None, Some(position)) => match &select.items.get(position).map(|selected| &selected.kind) {
                Some(SelectItemKind::Expression { value, .. }) => {
                    hidden.push(value);
                    Place::Hidden(hidden.len() - 1)
                }
                _ => return unsupported("this ORDER BY", item.span),
            },
            (None, None) => {
                hidden.push(&item.value);
                Place::Hidden(hidden.len() - 1)
            }
        });
    }
    let plan = select::select(context, select, &hidden)?;
    let columns = plan.schema.len() - hidden.len();
    let order = items.iter().zip(places).map(|(item, place)| match place {
        Place::Column(column) if column < columns => Ok(direction(item, column)),
        Place::Column(_) => Err(SqlError::validation("Ordinal out of range").at(item.span)),
        Place::Hidden(column) => Ok(direction(item, columns + column)),
    });
    let order = order.collect::<SqlResult<Vec<_>>>()?;
    Ok((plan, columns, order))
}

enum Place {
    Column(usize),
    Hidden(usize),
}

/// The column that `ORDER BY 2` means.
fn ordinal(item: &OrderItem, columns: usize) -> SqlResult<Option<usize>> {
    let ExpressionKind::Literal(Literal::Number(written)) = &item.value.kind else { return Ok(None) };
    let column = written.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match column.filter(|column| *column < columns) {
        Some(column) => Ok(Some(column)),
        None => Err(SqlError::validation("Ordinal out of range").at(item.span)),
    }
}

fn number(written: &str, span: Span) -> SqlResult<u64> {
    written.parse().map_err(|_| SqlError::validation(format!("'{written}' is no number of rows")).at(span))
}

/// The names of columns, which hidden ones do not have.
pub(super) fn hidden_name(index: usize) -> Arc<str> {
    Arc::from(format!("$order{index}"))
}
