//! JOIN: which columns both sides have, and which rows belong together.

use std::sync::Arc;

use super::expression::{Binder, coalesce};
use super::lookup_join::LookupTable;
use super::query::QueryContext;
use super::scope::{Merged, Scope};
use super::table_reference::reference;
use crate::error::{SqlError, SqlResult};
use crate::functions::operator;
use crate::parser::ast::{self, Identifier, JoinCondition};
use crate::plan::{Expression, JoinHints, JoinKind, LogicalPlan};

/// The rows of a join, and what its columns are called.
pub(super) fn join(context: &QueryContext<'_>, join: &ast::Join) -> SqlResult<(LogicalPlan, Scope)> {
    let (left, left_scope) = reference(context, &join.left)?;
    let looked_up = LookupTable::of(context, join, &left_scope)?;
    let (right, right_scope) = match &looked_up {
        Some(table) => (table.plan.clone(), table.scope.clone()),
        None => reference(context, &join.right)?,
    };
    let kind = match join.kind {
        ast::JoinKind::Inner | ast::JoinKind::Cross => JoinKind::Inner,
        ast::JoinKind::Left => JoinKind::Left,
        ast::JoinKind::Right => JoinKind::Right,
        ast::JoinKind::Full => JoinKind::Full,
    };
    let natural = join.natural.then(|| common_names(&left_scope, &right_scope, join));
    let shared = match (&join.condition, natural) {
        (_, Some(names)) => names,
        (Some(JoinCondition::Using(names)), None) => names.clone(),
        _ => Vec::new(),
    };
    let inputs = left_scope.clone().join(right_scope.clone());
    let condition = match &join.condition {
        Some(JoinCondition::On(condition)) => Binder::new(&inputs).condition(condition, "ON")?,
        None if join.kind != ast::JoinKind::Cross && !join.natural => {
            return Err(SqlError::validation(format!(
                "{} join requires a condition (NATURAL keyword or ON or USING clause)",
                kind_name(join.kind)
            ))
            .at(join.span));
        }
        _ => equal(&shared, &left_scope, &right_scope)?,
    };
    let lookup = looked_up.map(|table| table.lookup);
    let ttl = context.state_ttl.of_join(context, Some(&join.left), &join.right);
    let (plan, scope) = combined(left, right, kind, condition, (left_scope, right_scope), &shared)?;
    let plan = plan.with_join_hints(JoinHints { ttl, lookup });
    let scope = scope.with_fields(plan.schema.fields());
    Ok((plan, scope))
}

/// The pairs of rows for which a condition over the columns of both sides holds.
pub(super) fn combined(
    left: LogicalPlan,
    right: LogicalPlan,
    kind: JoinKind,
    condition: Expression,
    (left_scope, right_scope): (Scope, Scope),
    shared: &[Identifier],
) -> SqlResult<(LogicalPlan, Scope)> {
    let columns = left.schema.len();
    let plan = left.join(right, kind, condition);
    let left_scope = left_scope.with_fields(plan.schema.fields());
    let right_scope = right_scope.with_fields(plan.schema.fields().skip(columns));
    let merged = shared.iter().map(|name| merged(name, &left_scope, &right_scope, kind));
    let merged = merged.collect::<SqlResult<Vec<_>>>()?;
    Ok((plan, left_scope.join(right_scope).with_merged(merged)))
}

const fn kind_name(kind: ast::JoinKind) -> &'static str {
    match kind {
        ast::JoinKind::Inner => "INNER",
        ast::JoinKind::Left => "LEFT",
        ast::JoinKind::Right => "RIGHT",
        ast::JoinKind::Full => "FULL",
        ast::JoinKind::Cross => "CROSS",
    }
}

/// The names that columns of both sides have, in the order of the left one.
fn common_names(left: &Scope, right: &Scope, join: &ast::Join) -> Vec<Identifier> {
    let rights: Vec<Arc<str>> = right.visible().into_iter().map(|(name, _)| name).collect();
    let names = left.visible().into_iter().map(|(name, _)| name).filter(|name| rights.contains(name));
    names.map(|name| Identifier { name: name.to_string(), span: join.span }).collect()
}

/// The columns of both sides that have a name, the right one's as it is behind the left side's columns.
fn sides(name: &Identifier, left: &Scope, right: &Scope) -> SqlResult<(Expression, Expression)> {
    let find = |scope: &Scope| {
        scope.unqualified(name)?.ok_or_else(|| {
            SqlError::validation(format!("Column '{}' not found in any table", name.name)).at(name.span)
        })
    };
    Ok((find(left)?, super::scope::shifted(&find(right)?, left.len())))
}

/// Whether the columns of these names are equal.
fn equal(names: &[Identifier], left: &Scope, right: &Scope) -> SqlResult<Expression> {
    let conditions = names.iter().map(|name| {
        let (left, right) = sides(name, left, right)?;
        operator("=")?.call(vec![left, right]).map_err(|error| error.at(name.span))
    });
    Ok(Expression::all(conditions.collect::<SqlResult<Vec<_>>>()?))
}

/// The one column that two of the same name are: the one that is not NULL, if either is.
fn merged(name: &Identifier, left: &Scope, right: &Scope, kind: JoinKind) -> SqlResult<Merged> {
    let (first, second) = sides(name, left, right)?;
    let mut columns = left.hidden_by(name);
    columns.extend(right.hidden_by(name).into_iter().map(|column| column + left.len()));
    let same = first.field.data_type == second.field.data_type;
    let value = match kind {
        JoinKind::Right if same => second,
        JoinKind::Full => coalesce(vec![first, second])?,
        _ if same => first,
        _ => coalesce(vec![first, second])?,
    };
    Ok(Merged { name: Arc::from(&*name.name), value, columns })
}
