//! Queries: WITH, VALUES, and what stands between set operations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expression::bind_over;
use super::lookup_join::LookupHints;
use super::set_operation::set_operation;
use super::state_ttl::StateTtlHints;
use super::{Scope, order_by, select, table_reference, unsupported};
use crate::catalog::Session;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{self, ExpressionKind, Query, QueryBody};
use crate::plan::{Expression, LogicalNode, LogicalPlan};
use crate::types::{Field, NamedField, Schema, common_type};

/// What queries see besides their own FROM.
#[derive(Clone)]
pub(crate) struct QueryContext<'a> {
    pub(crate) session: &'a Session,
    /// The queries of WITH, by name.
    pub(crate) with: BTreeMap<String, LogicalPlan>,
    /// How many views stand in views.
    pub(crate) depth: usize,
    /// What the SELECT says whose FROM is looked at.
    pub(crate) state_ttl: StateTtlHints,
    pub(crate) lookups: LookupHints,
}

/// What a query means.
///
/// # Errors
/// If it does not fit the catalog or the types, or is not supported.
pub fn analyze_query(session: &Session, query: &Query) -> SqlResult<LogicalPlan> {
    let state_ttl = StateTtlHints::default();
    let lookups = LookupHints::default();
    let context = QueryContext { session, with: BTreeMap::new(), depth: 0, state_ttl, lookups };
    context.ordered_query(query, true).map(uniquely_named)
}

/// The plan with a number behind each name that a column before it has, as Calcite's `SqlValidatorUtil.uniquify`.
fn uniquely_named(plan: LogicalPlan) -> LogicalPlan {
    let mut names: BTreeSet<Arc<str>> = BTreeSet::new();
    let columns = plan.schema.iter().map(|column| {
        let numbered = (0_u32..).map(|number| Arc::from(format!("{}{number}", column.name)));
        let mut candidates = std::iter::once(column.name.clone()).chain(numbered);
        let name = candidates.find(|name| !names.contains(name)).unwrap_or_else(|| column.name.clone());
        names.insert(name.clone());
        NamedField::new(name, column.field.clone())
    });
    LogicalPlan { schema: columns.collect(), ..plan }
}

impl QueryContext<'_> {
    pub(crate) fn query(&self, query: &Query) -> SqlResult<LogicalPlan> {
        self.ordered_query(query, false)
    }

    fn ordered_query(&self, query: &Query, is_top: bool) -> SqlResult<LogicalPlan> {
        let mut context = self.clone();
        if let Some(with) = &query.with {
            if with.recursive {
                return unsupported("WITH RECURSIVE", with.span);
            }
            for table in &with.tables {
                let plan = renamed(context.query(&table.query)?, &table.columns, *table.span)?;
                context.with.insert(table.name.name.clone(), plan);
            }
        }
        order_by::ordered(&context, query, is_top)
    }

    pub(super) fn body(&self, body: &QueryBody, span: Span) -> SqlResult<LogicalPlan> {
        match body {
            QueryBody::Select(select) => select::select(self, select, &[]),
            QueryBody::Values(rows) => values(rows, span),
            QueryBody::Table(name) => Ok(table_reference::named(self, name, &[])?.0),
            QueryBody::Query(query) => self.query(query),
            QueryBody::SetOperation { left, operator, all, right, span } => {
                let (left, right) = (self.body(left, **span)?, self.body(right, **span)?);
                set_operation(left, *operator, *all, right).map_err(|error| error.at(*span))
            }
        }
    }
}

/// A plan with other names for its columns, as after an alias.
pub(crate) fn renamed(plan: LogicalPlan, names: &[ast::Identifier], span: Span) -> SqlResult<LogicalPlan> {
    if names.is_empty() {
        return Ok(plan);
    }
    if names.len() != plan.schema.len() {
        return Err(SqlError::validation(format!(
            "{} names for the {} columns of the query",
            names.len(),
            plan.schema.len()
        ))
        .at(span));
    }
    let columns = plan.all_columns().into_iter().zip(names);
    let columns = columns.map(|((_, column), name)| (Arc::from(&*name.name), column)).collect();
    Ok(plan.project(columns))
}

/// A plan with its columns cast to the types of a schema, by position, and with its names.
pub(crate) fn cast_columns(plan: LogicalPlan, schema: &Schema) -> LogicalPlan {
    if plan.schema == *schema {
        return plan;
    }
    let columns = plan.all_columns().into_iter().zip(schema.iter());
    let columns =
        columns.map(|((_, column), target)| (target.name.clone(), column.cast_to(&target.field.data_type)));
    let columns = columns.collect();
    plan.project(columns)
}

fn values(rows: &[ast::Expression], span: Span) -> SqlResult<LogicalPlan> {
    let nothing = Scope::default();
    let bound = rows.iter().map(|row| match &row.kind {
        ExpressionKind::Row(values) => values.iter().map(|value| bind_over(&nothing, value)).collect(),
        _ => Ok(vec![bind_over(&nothing, row)?]),
    });
    let bound = bound.collect::<SqlResult<Vec<Vec<Expression>>>>()?;
    let mut types: Vec<Field> =
        bound.first().into_iter().flatten().map(|value| value.field.clone()).collect();
    for row in bound.iter().skip(1) {
        if row.len() != types.len() {
            return Err(
                SqlError::validation("Values passed to VALUES operator must have compatible types").at(span)
            );
        }
        for (field, value) in types.iter_mut().zip(row) {
            let common = common_type(&field.data_type, &value.field.data_type).ok_or_else(|| {
                SqlError::validation("Values passed to VALUES operator must have compatible types").at(span)
            })?;
            *field = Field::new(common, field.nullable || value.field.nullable);
        }
    }
    let cast = bound.into_iter().map(|row| {
        row.into_iter().zip(&types).map(|(value, field)| value.cast_to(&field.data_type)).collect()
    });
    let cast = cast.collect();
    let schema = types
        .iter()
        .enumerate()
        .map(|(index, field)| NamedField::new(format!("EXPR${index}"), field.clone()));
    Ok(LogicalPlan { schema: schema.collect(), node: LogicalNode::Values(cast) })
}
