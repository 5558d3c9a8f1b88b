//! INSERT: a query's rows in the columns and types of a table.

use std::sync::Arc;

use super::query::analyze_query;
use super::unsupported;
use crate::catalog::{Relation, Session, Table};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{ConflictAction, Insert, InsertMode};
use crate::plan::{Expression, LogicalPlan};
use crate::suggestion::nearest;
use crate::types::can_cast_implicitly;

/// The rows that an INSERT writes, in the table's written columns, and the table.
///
/// # Errors
/// If the query is not right, or its columns do not fit those of the table.
pub fn analyze_insert(session: &Session, insert: &Insert) -> SqlResult<(LogicalPlan, Arc<Table>)> {
    if insert.mode != InsertMode::Into {
        return unsupported("an INSERT that overwrites", insert.span);
    }
    if !insert.partition.is_empty() {
        return unsupported("PARTITION", insert.span);
    }
    // That rows are seen as the last one left them is what a sink with another key does anyway.
    match insert.on_conflict {
        None | Some(ConflictAction::Deduplicate) => {}
        Some(ConflictAction::Error) => return unsupported("ON CONFLICT DO ERROR", insert.span),
        Some(ConflictAction::Nothing) => return unsupported("ON CONFLICT DO NOTHING", insert.span),
    }
    if let Some(hint) = insert.hints.first() {
        return unsupported("a hint of a sink", hint.span);
    }
    let path = session.path(&insert.table)?;
    let table = match session.relation(&path) {
        Some(Relation::Table(table)) => table.clone(),
        Some(Relation::View(_)) => {
            return Err(SqlError::validation(format!(
                "{} is a view: nothing can be inserted",
                path.quoted()
            ))
            .at(insert.table.span));
        }
        None => {
            let known: Vec<&str> = session.relations().map(|relation| &*relation.path().name).collect();
            let error =
                SqlError::validation(format!("Cannot find table '{}' in any of the catalogs", path.quoted()))
                    .at(insert.table.span);
            return Err(match nearest(&path.name, &known) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error,
            });
        }
    };
    let plan = analyze_query(session, &insert.source)?;
    let written = table.written_columns();
    let targets = targets(&table, insert, &written)?;
    if targets.len() != plan.schema.len() {
        return Err(mismatch(&table, &plan, &targets, "Different number of columns.").at(insert.span));
    }
    let columns = written.iter().map(|column| {
        let target =
            table.columns.get(*column).ok_or_else(|| SqlError::validation("a column that is not there"))?;
        let wanted = target.field.data_type.clone().materialized();
        let value = match targets.iter().position(|target| target == column) {
            Some(position) => plan.column(position),
            None if target.field.nullable => Expression::null(wanted.clone()),
            None => {
                return Err(SqlError::validation(format!(
                    "Column '{}' has no default value and does not allow NULLs",
                    target.name
                ))
                .at(insert.span));
            }
        };
        if !can_cast_implicitly(&value.field.data_type.clone().materialized(), &wanted) {
            let cause = format!(
                "Incompatible types for sink column '{}': the query has {}, the table {}.",
                target.name, value.field.data_type, target.field.data_type
            );
            return Err(mismatch(&table, &plan, &targets, &cause)
                .with_hint(format!("CAST(… AS {wanted}) in the query makes it fit"))
                .at(insert.span));
        }
        Ok((target.name.clone(), value.cast_to(&wanted)))
    });
    let columns = columns.collect::<SqlResult<Vec<_>>>()?;
    Ok((plan.project(columns), table))
}

/// The table's columns that the query's columns go to, in the query's order.
fn targets(table: &Table, insert: &Insert, written: &[usize]) -> SqlResult<Vec<usize>> {
    if insert.columns.is_empty() {
        return Ok(written.to_vec());
    }
    let mut targets = Vec::new();
    for name in &insert.columns {
        let [only] = name.parts.as_slice() else {
            return unsupported("an INSERT into a nested field", name.span);
        };
        let position = table.columns.iter().position(|column| *column.name == *only.name);
        let position = position.filter(|position| written.contains(position)).ok_or_else(|| {
            let names: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
            let error = SqlError::validation(format!("Unknown target column '{}'", only.name)).at(name.span);
            match nearest(&only.name, &names) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error,
            }
        })?;
        if targets.contains(&position) {
            return Err(SqlError::validation(format!(
                "Target column '{}' is assigned more than once",
                only.name
            ))
            .at(name.span));
        }
        targets.push(position);
    }
    Ok(targets)
}

/// The error in Flink's words, with both schemas.
fn mismatch(table: &Table, plan: &LogicalPlan, targets: &[usize], cause: &str) -> SqlError {
    let columns = |columns: Vec<String>| format!("[{}]", columns.join(", "));
    let query = plan.schema.iter().map(|column| format!("{}: {}", column.name, column.field)).collect();
    let sink = targets.iter().filter_map(|target| table.columns.get(*target));
    let sink = sink.map(|column| format!("{}: {}", column.name, column.field)).collect();
    SqlError::validation(format!(
        "Column types of query result and sink for '{}' do not match.\nCause: {cause}\n\nQuery schema: {}\nSink schema:  {}",
        table.path,
        columns(query),
        columns(sink)
    ))
}
