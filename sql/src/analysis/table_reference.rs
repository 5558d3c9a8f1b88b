//! FROM: tables, views, subqueries.

use std::sync::Arc;

use super::lookup_join::is_lookup;
use super::query::{QueryContext, renamed};
use super::state_ttl::is_state_ttl;
use super::{Scope, unsupported, window_function};
use crate::catalog::{ColumnSource, Relation, Table};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{self, Hint, HintArguments, ObjectName, TableFactor, TableReference};
use crate::plan::{Expression, LogicalPlan};
use crate::suggestion::nearest;

/// How deep views may stand in views: more is a mistake that would never end.
const MAXIMUM_VIEW_DEPTH: usize = 64;

/// A plan and what its columns are called.
pub(crate) fn reference(
    context: &QueryContext<'_>,
    reference: &TableReference,
) -> SqlResult<(LogicalPlan, Scope)> {
    match reference {
        TableReference::Factor(factor) => self::factor(context, factor),
        TableReference::Join(join) => super::join::join(context, join),
    }
}

pub(super) fn factor(context: &QueryContext<'_>, factor: &TableFactor) -> SqlResult<(LogicalPlan, Scope)> {
    if factor.system_time.is_some() {
        return Err(SqlError::validation("FOR SYSTEM_TIME AS OF is only supported on the right of a JOIN")
            .with_hint("write: FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.proctime AS r ON o.currency = r.currency")
            .at(factor.span));
    }
    if factor.match_recognize.is_some() {
        return unsupported("MATCH_RECOGNIZE", factor.span);
    }
    if factor.sample.is_some() {
        return unsupported("TABLESAMPLE", factor.span);
    }
    let (plan, names) = match &factor.relation {
        ast::Relation::Table { name, hints } => named(context, name, hints)?,
        ast::Relation::Query { lateral: false, query } => (context.query(query)?, Vec::new()),
        ast::Relation::Query { .. } => return unsupported("LATERAL", factor.span),
        ast::Relation::Function { call, .. } => match window_function::Function::named(&call.name) {
            Some(function) => (window_function::window_function(context, function, call)?, Vec::new()),
            None => return unsupported("a table function", factor.span),
        },
        ast::Relation::Unnest { .. } => return unsupported("UNNEST", factor.span),
    };
    let Some(alias) = &factor.alias else {
        let scope = Scope::of(names, &plan.schema);
        return Ok((plan, scope));
    };
    let plan = renamed(plan, &alias.columns, *alias.span)?;
    let scope = Scope::of(vec![alias.name.name.clone()], &plan.schema);
    Ok((plan, scope))
}

/// What a name in FROM stands for: a query of WITH, a table, or a view.
pub(crate) fn named(
    context: &QueryContext<'_>,
    name: &ObjectName,
    hints: &[Hint],
) -> SqlResult<(LogicalPlan, Vec<String>)> {
    if let [only] = name.parts.as_slice()
        && let Some(plan) = context.with.get(&only.name)
    {
        return Ok((plan.clone(), vec![only.name.clone()]));
    }
    let path = context.session.path(name)?;
    let names = vec![path.catalog.clone(), path.database.clone(), path.name.clone()];
    let plan = match context.session.relation(&path) {
        Some(Relation::Table(table)) => scan(hinted(table, hints)?),
        Some(Relation::View(_)) if context.depth >= MAXIMUM_VIEW_DEPTH => {
            return Err(
                SqlError::validation(format!("view {} stands in itself", path.quoted())).at(name.span)
            );
        }
        Some(Relation::View(view)) => {
            let inner =
                QueryContext { with: Default::default(), depth: context.depth + 1, ..context.clone() };
            let plan = inner.query(&view.query).map_err(|error| {
                SqlError::validation(format!("in view {}: {error}", path.quoted())).at(name.span)
            })?;
            super::query::cast_columns(plan, &view.schema)
        }
        None => return Err(not_found(context, name)),
    };
    Ok((plan, names))
}

fn not_found(context: &QueryContext<'_>, name: &ObjectName) -> SqlError {
    let error = SqlError::validation(format!("Object '{name}' not found")).at(name.span);
    let known: Vec<&str> = context.session.relations().map(|relation| &*relation.path().name).collect();
    let written = name.parts.last().map_or("", |part| &part.name);
    match nearest(written, &known) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error,
    }
}

/// A table with the options of its hint `OPTIONS`.
fn hinted(table: &Arc<Table>, hints: &[Hint]) -> SqlResult<Arc<Table>> {
    let mut hinted = table.clone();
    for hint in hints {
        match (hint.name.name.to_ascii_uppercase().as_str(), &hint.arguments) {
            ("OPTIONS", HintArguments::Options(options)) => {
                Arc::make_mut(&mut hinted).options.extend(options.iter().cloned());
            }
            _ if is_lookup(hint) => {
                return Err(SqlError::validation(format!("a table takes no hint {}", hint.name))
                    .with_hint("write it behind SELECT: SELECT /*+ LOOKUP('table' = 'name') */ …")
                    .at(hint.span));
            }
            _ if is_state_ttl(hint) => {
                return Err(SqlError::validation(format!("a table takes no hint {}", hint.name))
                    .with_hint("write it behind SELECT: SELECT /*+ STATE_TTL('table' = '1 d') */ …")
                    .at(hint.span));
            }
            _ => {
                return Err(SqlError::validation(format!("a table takes no hint {}", hint.name))
                    .with_hint("there is: /*+ OPTIONS('key' = 'value') */")
                    .at(hint.span));
            }
        }
    }
    Ok(hinted)
}

/// All columns of a table: those that are stored, those that are computed from them, and the watermark.
fn scan(table: Arc<Table>) -> LogicalPlan {
    let stored = table.stored_columns();
    let scan = LogicalPlan::scan(table.clone(), stored.clone());
    let columns = table.columns.iter().enumerate().map(|(index, column)| {
        let expression = match &column.source {
            ColumnSource::Computed { expression, .. } => over_stored(expression, &stored),
            _ => stored.iter().position(|stored| *stored == index).map(|position| scan.column(position)),
        };
        // Expressions of a table were bound over its columns, so there is nothing that could be missing.
        (column.name.clone(), expression.unwrap_or_else(|| Expression::null(column.field.data_type.clone())))
    });
    let columns: Vec<_> = columns.collect();
    let has_computed = columns.len() != stored.len();
    let plan = if has_computed { scan.project(columns) } else { scan };
    match &table.watermark {
        Some(watermark) => plan.watermark(watermark.column, watermark.expression.clone()),
        None => plan,
    }
}

fn over_stored(expression: &Expression, stored: &[usize]) -> Option<Expression> {
    expression.over(stored)
}
