//! SELECT … FROM … WHERE …

use std::sync::Arc;

use super::expression::Binder;
use super::group_window::GroupWindow;
use super::grouping::{Grouping, has_aggregate};
use super::join::combined;
use super::lookup_join::LookupHints;
use super::order_by::hidden_name;
use super::over::RowNumbers;
use super::query::QueryContext;
use super::state_ttl::StateTtlHints;
use super::{Scope, subquery, table_reference, unsupported};
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    Expression as Syntax, ExpressionKind, GroupBy, GroupingElementKind, Select, SelectItem, SelectItemKind,
    SetQuantifier,
};
use crate::plan::{Expression, JoinHints, JoinKind, LogicalNode, LogicalPlan};
use crate::types::Schema;

/// A SELECT; with `hidden` expressions, which its rows are ordered by, in columns behind its own.
pub(super) fn select(
    context: &QueryContext<'_>,
    select: &Select,
    hidden: &[&Syntax],
) -> SqlResult<LogicalPlan> {
    // Other hints say how, not what: Flink overlooks those that do not fit, too.
    let hints = StateTtlHints::of(select)?;
    hints.check(context, select)?;
    let group_ttl = hints.of_groups(context, select);
    let lookups = LookupHints::of(select)?;
    let context = &QueryContext { state_ttl: hints, lookups: lookups.clone(), ..context.clone() };
    let (plan, scope) = from(context, select)?;
    lookups.check()?;
    let scope = scope.with_functions(context.session);
    let selected = select.items.iter().filter_map(|item| match &item.kind {
        SelectItemKind::Expression { value, .. } => Some(value),
        _ => None,
    });
    let (mut plan, mut scope) = subquery::values(context, plan, scope, selected, select.selection.as_ref())?;
    if let Some(selection) = &select.selection {
        plan = subquery::filter(context, plan, &scope, selection)?;
        // Joined with those of a subquery, rows have no time attributes any more.
        scope = scope.with_fields(plan.schema.fields());
    }
    let is_aggregate = |item: &SelectItem| match &item.kind {
        SelectItemKind::Expression { value, .. } => has_aggregate(value),
        _ => false,
    };
    let has_aggregates =
        select.items.iter().any(is_aggregate) || hidden.iter().any(|value| has_aggregate(value));
    let mut numbers = RowNumbers::new(&select.windows);
    let is_grouped = select.group_by.is_some() || select.having.is_some() || has_aggregates;
    let (plan, columns, qualify) = if is_grouped {
        let grouping = Grouping::new(&scope, keys(select, &scope)?, select.group_by.is_some()).over(&plan);
        let mut grouping = grouping.with_window(GroupWindow::of(context.session, select, &scope)?);
        let mut binder = Binder::above(&mut grouping).with_numbers(&mut numbers);
        let columns = columns(&scope, select, hidden, &mut binder)?;
        let having = select.having.as_ref();
        let having =
            having.map(|having| Binder::above(&mut grouping).condition(having, "HAVING")).transpose()?;
        let binder = Binder::above(&mut grouping).with_numbers(&mut numbers);
        let qualify = qualify(select, binder)?;
        let plan = grouping.plan(plan).with_group_ttl(group_ttl.clone());
        let plan = match having {
            Some(having) => plan.filter(having),
            None => plan,
        };
        (plan, columns, qualify)
    } else {
        let mut binder = Binder::new(&scope).with_numbers(&mut numbers);
        let columns = columns(&scope, select, hidden, &mut binder)?;
        let qualify = qualify(select, Binder::new(&scope).with_numbers(&mut numbers))?;
        (plan, columns, qualify)
    };
    let (mut plan, placed) = numbers.plan(plan);
    if let Some(qualify) = qualify {
        plan = plan.filter(placed.expression(&qualify));
    }
    let columns = columns.into_iter().map(|(name, column)| (name, placed.expression(&column)));
    let plan = plan.project(columns.collect());
    if select.quantifier == Some(SetQuantifier::Distinct) {
        if let Some(value) = hidden.first() {
            return Err(
                SqlError::validation("ORDER BY a value that is not in SELECT DISTINCT").at(value.span)
            );
        }
        let (schema, keys) = (plan.schema.clone(), (0..plan.schema.len()).collect());
        return Ok(plan.aggregate(keys, Vec::new(), schema).with_group_ttl(group_ttl));
    }
    Ok(plan)
}

/// The rows of FROM, and what their columns are called.
pub(super) fn from(context: &QueryContext<'_>, select: &Select) -> SqlResult<(LogicalPlan, Scope)> {
    let Some((first, others)) = select.from.split_first() else {
        let plan = LogicalPlan { node: LogicalNode::Values(vec![Vec::new()]), schema: Schema::from_iter([]) };
        return Ok((plan, Scope::default()));
    };
    // Only the first of those on the left is an input of its own.
    let mut named = Some(first);
    others.iter().try_fold(table_reference::reference(context, first)?, |(left, left_scope), other| {
        let (right, right_scope) = table_reference::reference(context, other)?;
        let always = Expression::boolean(true);
        let ttl = context.state_ttl.of_join(context, named.take(), other);
        let (plan, scope) = combined(left, right, JoinKind::Inner, always, (left_scope, right_scope), &[])?;
        Ok((plan.with_join_hints(JoinHints { ttl, lookup: None }), scope))
    })
}

/// The columns of a select list, and those behind it that are not seen.
fn columns(
    scope: &Scope,
    select: &Select,
    hidden: &[&Syntax],
    binder: &mut Binder<'_, '_>,
) -> SqlResult<Vec<(Arc<str>, Expression)>> {
    let mut columns = items(scope, &select.items, binder)?;
    for (index, value) in hidden.iter().enumerate() {
        columns.push((hidden_name(index), binder.bind(value)?));
    }
    Ok(columns)
}

/// The condition of QUALIFY, which may speak of the names in SELECT.
fn qualify<'a>(select: &'a Select, binder: Binder<'a, '_>) -> SqlResult<Option<Expression>> {
    let Some(qualify) = &select.qualify else { return Ok(None) };
    binder.with_aliases(&select.items).condition(qualify, "QUALIFY").map(Some)
}

/// The expressions that group.
fn keys(select: &Select, scope: &Scope) -> SqlResult<Vec<Expression>> {
    let mut keys: Vec<Expression> = Vec::new();
    let mut add = |syntax: &Syntax| {
        // Windows are no values.
        if matches!(&syntax.kind, ExpressionKind::Function(call) if GroupWindow::is_one(call)) {
            return Ok(());
        }
        let key = Binder::new(scope).bind(syntax)?;
        if !can_be_key(&key.field.data_type) {
            return unsupported(&format!("GROUP BY a value of type {}", key.field.data_type), syntax.span);
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
        Ok(())
    };
    match &select.group_by {
        None => {}
        Some(GroupBy::All) => {
            for item in &select.items {
                match &item.kind {
                    SelectItemKind::Expression { value, .. } if !has_aggregate(value) => add(value)?,
                    SelectItemKind::Expression { .. } => {}
                    _ => return unsupported("GROUP BY ALL with *", item.span),
                }
            }
        }
        Some(GroupBy::Elements { elements, .. }) => {
            for element in elements {
                match &element.kind {
                    GroupingElementKind::Expression(value) => add(value)?,
                    GroupingElementKind::Set(values) => values.iter().try_for_each(&mut add)?,
                    GroupingElementKind::Rollup(_) => return unsupported("ROLLUP", element.span),
                    GroupingElementKind::Cube(_) => return unsupported("CUBE", element.span),
                    GroupingElementKind::GroupingSets(_) => {
                        return unsupported("GROUPING SETS", element.span);
                    }
                }
            }
        }
    }
    Ok(keys)
}

/// The columns of a select list. One without a name is called `EXPR$` and its number.
fn items(
    scope: &Scope,
    items: &[SelectItem],
    binder: &mut Binder<'_, '_>,
) -> SqlResult<Vec<(Arc<str>, Expression)>> {
    let mut columns: Vec<(Arc<str>, Expression)> = Vec::new();
    for item in items {
        match &item.kind {
            SelectItemKind::Star => columns.extend(scope.visible()),
            SelectItemKind::QualifiedStar(name) => columns.extend(scope.columns_of(name)?),
            SelectItemKind::Expression { value, alias } => {
                let bound = binder.bind(value)?;
                let name = match (alias, &value.kind) {
                    (Some(alias), _) => Arc::from(&*alias.name),
                    (None, ExpressionKind::Column(name)) => {
                        Arc::from(name.parts.last().map_or("", |part| &part.name))
                    }
                    (None, ExpressionKind::Field { field, .. }) => Arc::from(&*field.name),
                    _ => Arc::from(format!("EXPR${}", columns.len())),
                };
                columns.push((name, bound));
            }
        }
    }
    if columns.is_empty() {
        return Err(SqlError::validation("a query must have a column"));
    }
    Ok(columns)
}
