//! SELECT … FROM … WHERE …

use std::sync::Arc;

use super::expression::Binder;
use super::query::QueryContext;
use super::{Scope, table_reference, unsupported};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{ExpressionKind, Select, SelectItem, SelectItemKind, SetQuantifier};
use crate::plan::{Expression, LogicalNode, LogicalPlan};
use crate::types::Schema;

pub(super) fn select(context: &QueryContext<'_>, select: &Select) -> SqlResult<LogicalPlan> {
    let (mut plan, scope) = match select.from.as_slice() {
        [] => (
            LogicalPlan { node: LogicalNode::Values(vec![Vec::new()]), schema: Schema::from_iter([]) },
            Scope::default(),
        ),
        [only] => table_reference::reference(context, only)?,
        [_, second, ..] => return unsupported("a join", second.span()),
    };
    refuse_rest(select)?;
    if let Some(selection) = &select.selection {
        let condition = Binder::new(&scope).condition(selection, "WHERE")?;
        plan = plan.filter(condition);
    }
    let columns = items(&scope, &select.items)?;
    Ok(plan.project(columns))
}

fn refuse_rest(select: &Select) -> SqlResult<()> {
    if select.group_by.is_some() {
        return unsupported("GROUP BY", select.span);
    }
    if select.quantifier == Some(SetQuantifier::Distinct) {
        return unsupported("SELECT DISTINCT", select.span);
    }
    if let Some(having) = &select.having {
        return unsupported("HAVING", having.span);
    }
    if let Some(window) = select.windows.first() {
        return unsupported("WINDOW", window.span);
    }
    if let Some(qualify) = &select.qualify {
        return unsupported("QUALIFY", qualify.span);
    }
    Ok(())
}

/// The columns of a select list. One without a name is called `EXPR$` and its number.
fn items(scope: &Scope, items: &[SelectItem]) -> SqlResult<Vec<(Arc<str>, Expression)>> {
    let mut columns: Vec<(Arc<str>, Expression)> = Vec::new();
    for item in items {
        match &item.kind {
            SelectItemKind::Star => columns.extend(scope.columns()),
            SelectItemKind::QualifiedStar(name) => columns.extend(scope.columns_of(name)?),
            SelectItemKind::Expression { value, alias } => {
                let bound = Binder::new(scope).bind(value)?;
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
