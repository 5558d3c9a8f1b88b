//! SELECT … FROM … WHERE …

use std::sync::Arc;

use super::expression::Binder;
use super::grouping::{Grouping, has_aggregate};
use super::join::combined;
use super::query::QueryContext;
use super::{Scope, subquery, table_reference, unsupported};
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    Expression as Syntax, ExpressionKind, GroupBy, GroupingElementKind, Select, SelectItem, SelectItemKind,
    SetQuantifier,
};
use crate::plan::{Expression, JoinKind, LogicalNode, LogicalPlan};
use crate::types::Schema;

pub(super) fn select(context: &QueryContext<'_>, select: &Select) -> SqlResult<LogicalPlan> {
    let (plan, scope) = from(context, select)?;
    refuse_rest(select)?;
    let selected = select.items.iter().filter_map(|item| match &item.kind {
        SelectItemKind::Expression { value, .. } => Some(value),
        _ => None,
    });
    let (mut plan, scope) = subquery::values(context, plan, scope, selected.chain(&select.selection))?;
    if let Some(selection) = &select.selection {
        plan = subquery::filter(context, plan, &scope, selection)?;
    }
    let selects_aggregates = select.items.iter().any(|item| match &item.kind {
        SelectItemKind::Expression { value, .. } => has_aggregate(value),
        _ => false,
    });
    let plan = if select.group_by.is_some() || select.having.is_some() || selects_aggregates {
        grouped(select, plan, &scope)?
    } else {
        let columns = items(&scope, &select.items, &mut Binder::new(&scope))?;
        plan.project(columns)
    };
    if select.quantifier == Some(SetQuantifier::Distinct) {
        let (schema, keys) = (plan.schema.clone(), (0..plan.schema.len()).collect());
        return Ok(plan.aggregate(keys, Vec::new(), schema));
    }
    Ok(plan)
}

/// The rows of FROM, and what their columns are called.
pub(super) fn from(context: &QueryContext<'_>, select: &Select) -> SqlResult<(LogicalPlan, Scope)> {
    let Some((first, others)) = select.from.split_first() else {
        let plan = LogicalPlan { node: LogicalNode::Values(vec![Vec::new()]), schema: Schema::from_iter([]) };
        return Ok((plan, Scope::default()));
    };
    others.iter().try_fold(table_reference::reference(context, first)?, |(left, left_scope), other| {
        let (right, right_scope) = table_reference::reference(context, other)?;
        let always = Expression::boolean(true);
        combined(left, right, JoinKind::Inner, always, (left_scope, right_scope), &[])
    })
}

/// SELECT with GROUP BY, HAVING or aggregates.
fn grouped(select: &Select, plan: LogicalPlan, scope: &Scope) -> SqlResult<LogicalPlan> {
    let keys = keys(select, scope)?;
    let mut grouping = Grouping::new(scope, keys, select.group_by.is_some()).over(&plan);
    let columns = items(scope, &select.items, &mut Binder::above(&mut grouping))?;
    let having = select.having.as_ref();
    let having = having.map(|having| Binder::above(&mut grouping).condition(having, "HAVING")).transpose()?;
    let mut plan = grouping.plan(plan);
    if let Some(having) = having {
        plan = plan.filter(having);
    }
    Ok(plan.project(columns))
}

/// The expressions that group.
fn keys(select: &Select, scope: &Scope) -> SqlResult<Vec<Expression>> {
    let mut keys: Vec<Expression> = Vec::new();
    let mut add = |syntax: &Syntax| {
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

fn refuse_rest(select: &Select) -> SqlResult<()> {
    if let Some(window) = select.windows.first() {
        return unsupported("WINDOW", window.span);
    }
    if let Some(qualify) = &select.qualify {
        return unsupported("QUALIFY", qualify.span);
    }
    Ok(())
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
