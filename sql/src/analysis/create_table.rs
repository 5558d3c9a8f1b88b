//! CREATE TABLE: a schema as it is written, and what it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::data_type::field_of;
use super::expression::Binder;
use super::{Scope, unsupported};
use crate::catalog::{ColumnSource, Session, Table, TableColumn, WatermarkStrategy};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    Column, ColumnKind, Constraint, ConstraintKind, CreateTable, Identifier, TableElement,
};
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

/// The table that a CREATE TABLE describes; nothing is created yet.
///
/// # Errors
/// If the statement is not right, or not supported.
pub fn create_table(session: &Session, statement: &CreateTable) -> SqlResult<Table> {
    if let Some(like) = &statement.like {
        return unsupported("LIKE", like.span);
    }
    if let Some(query) = &statement.query {
        return unsupported("CREATE TABLE AS", query.span);
    }
    if let Some(distribution) = &statement.distribution {
        return unsupported("DISTRIBUTED BY", distribution.span);
    }
    let mut schema = TableSchema::default();
    schema.stored(&statement.elements)?;
    schema.computed(session, &statement.elements)?;
    let watermark = schema.watermark(&statement.elements)?;
    let primary_key = schema.primary_key(&statement.elements)?;
    let partition_keys = schema.positions(&statement.partitioned_by)?;
    let options = statement.options.iter();
    let options: BTreeMap<_, _> =
        options.map(|option| (option.key.value.clone(), option.value.value.clone())).collect();
    Ok(Table {
        path: session.path(&statement.name)?,
        columns: schema.columns,
        watermark,
        primary_key,
        partition_keys,
        options,
        comment: statement.comment.as_ref().map(|comment| comment.value.clone()),
        temporary: statement.temporary,
    })
}

#[derive(Default)]
struct TableSchema {
    columns: Vec<TableColumn>,
}

impl TableSchema {
    /// All columns, those that are computed without their types, which need those of the others.
    fn stored(&mut self, elements: &[TableElement]) -> SqlResult<()> {
        for element in elements {
            let TableElement::Column(column) = element else { continue };
            let name = name_of(column)?;
            if self.columns.iter().any(|known| *known.name == *name.name) {
                return Err(SqlError::validation(format!(
                    "A column named '{}' already exists in the table",
                    name.name
                ))
                .at(name.span));
            }
            let (field, source) = match &column.kind {
                ColumnKind::Physical { data_type, .. } => (field_of(data_type)?, ColumnSource::Physical),
                ColumnKind::Metadata { data_type, key, is_virtual } => {
                    let key = key.as_ref().map_or_else(|| name.name.clone(), |key| key.value.clone());
                    (field_of(data_type)?, ColumnSource::Metadata { key, is_virtual: *is_virtual })
                }
                ColumnKind::Computed(expression) => {
                    let placeholder = crate::plan::Expression::null(SqlType::Null);
                    let source =
                        ColumnSource::Computed { expression: placeholder, text: expression.to_string() };
                    (Field::nullable(SqlType::Null), source)
                }
            };
            let comment = column.comment.as_ref().map(|comment| comment.value.clone());
            self.columns.push(TableColumn { name: Arc::from(&*name.name), field, source, comment });
        }
        Ok(())
    }

    /// The columns that are computed: over those that are stored, not over each other, as in Flink.
    fn computed(&mut self, session: &Session, elements: &[TableElement]) -> SqlResult<()> {
        let visible = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !matches!(column.source, ColumnSource::Computed { .. }));
        let positions: Vec<_> = visible.clone().map(|(index, _)| index).collect();
        let schema: Schema =
            visible.map(|(_, column)| NamedField::new(column.name.clone(), column.field.clone())).collect();
        let scope = Scope::of(Vec::new(), &schema).with_functions(session);
        let columns = elements.iter().filter_map(|element| match element {
            TableElement::Column(column) => Some(column),
            _ => None,
        });
        for (written, column) in columns.zip(&mut self.columns) {
            let ColumnKind::Computed(expression) = &written.kind else { continue };
            let bound = Binder::new(&scope).bind(expression)?;
            let over_all = bound.replace_columns(&|index| {
                let position = positions.get(index)?;
                Some(crate::plan::Expression::column(*position, schema.field(index)))
            });
            let bound = over_all.unwrap_or(bound);
            column.field = bound.field.clone();
            if let ColumnSource::Computed { expression, .. } = &mut column.source {
                *expression = bound;
            }
        }
        Ok(())
    }

    fn watermark(&mut self, elements: &[TableElement]) -> SqlResult<Option<WatermarkStrategy>> {
        let mut found = None;
        for element in elements {
            let TableElement::Watermark(watermark) = element else { continue };
            if found.is_some() {
                return Err(SqlError::validation("Multiple WATERMARK declarations are not supported yet")
                    .at(watermark.span));
            }
            let [name] = watermark.column.parts.as_slice() else {
                return unsupported("a watermark for a nested field", watermark.span);
            };
            let position = self.position(name)?;
            let schema: Schema = self
                .columns
                .iter()
                .map(|column| NamedField::new(column.name.clone(), column.field.clone()))
                .collect();
            let field = schema.field(position);
            let expression = Binder::new(&Scope::of(Vec::new(), &schema)).bind(&watermark.strategy)?;
            let (SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _)) = field.data_type
            else {
                return Err(SqlError::validation(format!(
                    "Invalid data type of time field for watermark definition. The field must be of type TIMESTAMP(p) or \
                     TIMESTAMP_LTZ(p), the supported precision 'p' is from 0 to 3, but the time field type is {}",
                    field.data_type
                ))
                .at(watermark.span));
            };
            if precision > 3 {
                return Err(SqlError::validation(format!(
                    "Invalid data type of time field for watermark definition. The supported precision 'p' is from 0 to 3, \
                     but the time field type is {}",
                    field.data_type
                ))
                .at(watermark.span));
            }
            if expression.field.data_type.clone().materialized() != field.data_type.clone().materialized() {
                return Err(SqlError::validation(format!(
                    "the watermark of a column of type {} must be of that type, and is of type {}",
                    field.data_type, expression.field.data_type
                ))
                .at(watermark.strategy.span));
            }
            if let Some(column) = self.columns.get_mut(position) {
                column.field.data_type = column.field.data_type.clone().with_time_kind(TimeKind::Rowtime);
            }
            found = Some(WatermarkStrategy {
                column: position,
                expression,
                text: watermark.strategy.to_string(),
            });
        }
        Ok(found)
    }

    fn primary_key(&mut self, elements: &[TableElement]) -> SqlResult<Vec<usize>> {
        let mut keys = elements.iter().filter_map(|element| match element {
            TableElement::Constraint(constraint) => Some((constraint, None)),
            TableElement::Column(column) => match &column.kind {
                ColumnKind::Physical { constraint: Some(constraint), .. } => {
                    Some((constraint, name_of(column).ok()))
                }
                _ => None,
            },
            _ => None,
        });
        let Some((constraint, column)) = keys.next() else { return Ok(Vec::new()) };
        if let Some((second, _)) = keys.next() {
            return Err(SqlError::validation("Duplicate primary key definition").at(second.span));
        }
        check(constraint)?;
        let names: Vec<_> = column.into_iter().chain(&constraint.columns).cloned().collect();
        let positions = self.positions(&names)?;
        for (position, name) in positions.iter().zip(&names) {
            let Some(column) = self.columns.get_mut(*position) else { continue };
            if !matches!(column.source, ColumnSource::Physical) {
                return Err(SqlError::validation(format!(
                    "Could not create a PRIMARY KEY with column '{}'. Only physical columns are allowed",
                    name.name
                ))
                .at(name.span));
            }
            column.field.nullable = false;
        }
        Ok(positions)
    }

    fn positions(&self, names: &[Identifier]) -> SqlResult<Vec<usize>> {
        names.iter().map(|name| self.position(name)).collect()
    }

    fn position(&self, name: &Identifier) -> SqlResult<usize> {
        self.columns.iter().position(|column| *column.name == *name.name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
            let error = SqlError::validation(format!("Column '{}' is not defined in the table", name.name))
                .at(name.span);
            match crate::suggestion::nearest(&name.name, &names) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error,
            }
        })
    }
}

fn name_of(column: &Column) -> SqlResult<&Identifier> {
    match column.name.parts.as_slice() {
        [name] => Ok(name),
        _ => Err(SqlError::validation("the name of a column has one part").at(column.span)),
    }
}

/// Flink does not check keys, and wants that to be said.
fn check(constraint: &Constraint) -> SqlResult<()> {
    if constraint.kind == ConstraintKind::Unique {
        return Err(SqlError::validation("UNIQUE constraint is not supported yet").at(constraint.span));
    }
    if constraint.enforced != Some(false) {
        return Err(SqlError::validation(
            "Flink doesn't support ENFORCED mode for PRIMARY KEY constraint. ENFORCED/NOT ENFORCED controls if the constraint \
             checks are performed on the incoming/outgoing data. Flink does not own the data therefore the only supported mode \
             is the NOT ENFORCED mode",
        )
        .with_hint("write PRIMARY KEY (…) NOT ENFORCED")
        .at(constraint.span));
    }
    Ok(())
}
