//! `CREATE TABLE … AS query`: the columns of the query among those that are written, as Flink's `MergeTableAsUtil`.

use super::table_like::nowhere;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    Column, ColumnKind, CreateTable, DataType, Identifier, Insert, InsertMode, ObjectName, TableElement,
};
use crate::parser::{Span, parse_statement};
use crate::types::Schema;

/// The statement without AS, and the INSERT that fills the table. `schema` is that of the query.
///
/// # Errors
/// If the columns that are written do not fit those of the query.
pub(crate) fn create_and_insert(
    create: &CreateTable,
    schema: &Schema,
) -> SqlResult<(CreateTable, Option<Insert>)> {
    let Some(query) = &create.query else { return Ok((create.clone(), None)) };
    let names: Vec<&Identifier> = create
        .elements
        .iter()
        .filter_map(|element| match element {
            TableElement::Name(name) => Some(name),
            _ => None,
        })
        .collect();
    let from_query = if names.is_empty() { (0..schema.len()).collect() } else { reordered(&names, schema)? };
    let written = |name: &str| {
        create
            .elements
            .iter()
            .position(|element| matches!(element, TableElement::Column(column) if is_named(column, name)))
    };
    let mut columns = Vec::new();
    for index in from_query {
        let name = schema.name(index);
        columns.push(match written(name).and_then(|place| create.elements.get(place)) {
            // What is written says another type than the query has.
            Some(own @ TableElement::Column(Column { kind: ColumnKind::Physical { .. }, .. })) => own.clone(),
            Some(TableElement::Column(own)) => {
                return Err(SqlError::validation(format!(
                    "A column named '{name}' already exists in the source schema. Computed and metadata columns cannot overwrite \
                     regular columns."
                ))
                .at(own.span));
            }
            _ => TableElement::Column(Column {
                name: one_part(name),
                kind: ColumnKind::Physical { data_type: data_type(schema, index)?, constraint: None },
                comment: None,
                span: nowhere(),
            }),
        });
    }
    // Columns that only the statement has come first, as in Flink; what is no column behind all of them.
    let own = create.elements.iter().filter(|element| match element {
        TableElement::Column(column) => !schema.names().any(|name| is_named(column, name)),
        _ => false,
    });
    let rest = create
        .elements
        .iter()
        .filter(|element| matches!(element, TableElement::Constraint(_) | TableElement::Watermark(_)));
    let elements = own.cloned().chain(columns).chain(rest.cloned()).collect();
    let insert = Insert {
        mode: InsertMode::Into,
        table: create.name.clone(),
        hints: Vec::new(),
        partition: Vec::new(),
        columns: schema.names().map(one_part).collect(),
        source: (**query).clone(),
        on_conflict: None,
        span: query.span,
    };
    Ok((CreateTable { elements, query: None, ..create.clone() }, Some(insert)))
}

/// The columns of the query in the order of a list of names, which must have each.
fn reordered(names: &[&Identifier], schema: &Schema) -> SqlResult<Vec<usize>> {
    let positions = names.iter().map(|name| {
        schema.position(&name.name).ok_or_else(|| {
            SqlError::validation(format!("Column '{}' not found in the source schema.", name.name))
                .at(name.span)
        })
    });
    let positions = positions.collect::<SqlResult<Vec<_>>>()?;
    if positions.len() != schema.len() {
        let span = names.first().map_or(Span::default(), |name| *name.span);
        return Err(SqlError::validation(
            "The number of columns in the column list must match the number of columns in the source schema.",
        )
        .at(span));
    }
    Ok(positions)
}

fn is_named(column: &Column, name: &str) -> bool {
    matches!(column.name.parts.as_slice(), [only] if only.name == name)
}

fn one_part(name: &str) -> ObjectName {
    ObjectName { parts: vec![Identifier { name: name.to_owned(), span: nowhere() }], span: nowhere() }
}

/// The type of a column as it would be written.
fn data_type(schema: &Schema, index: usize) -> SqlResult<DataType> {
    use crate::parser::ast::StatementKind;
    let mut field = schema.field(index);
    field.data_type = field.data_type.materialized();
    let text = format!("CREATE TABLE t (c {field})");
    let unwritable = || {
        SqlError::validation(format!(
            "column '{}' of the query is of type {field}, which no table has",
            schema.name(index)
        ))
        .with_hint("CAST it to another type")
    };
    let statement = parse_statement(&text).map_err(|_| unwritable())?;
    let StatementKind::CreateTable(create) = statement.kind else { return Err(unwritable()) };
    match create.elements.into_iter().next() {
        Some(TableElement::Column(Column { kind: ColumnKind::Physical { data_type, .. }, .. })) => {
            Ok(data_type)
        }
        _ => Err(unwritable()),
    }
}
