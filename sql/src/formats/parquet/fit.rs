//! Whether the columns of a table are in a file, where, and as what they are best decoded.

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};
use parquet::basic::Type as Physical;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::types::{Field, NamedField, Schema, SqlType, time_unit};

/// How a file is read for the columns of a table.
#[derive(Debug)]
pub(super) struct Fit {
    /// The arrays that the file is decoded into.
    pub(super) arrays: SchemaRef,
    /// The leaves that are wanted, by position.
    pub(super) leaves: Vec<usize>,
    /// Where each column of the table is among those that are decoded; `None` where the file has no such column.
    pub(super) columns: Vec<Option<usize>>,
}

/// Goes through the leaves of a file.
struct Leaves<'a> {
    file: &'a SchemaDescriptor,
    next: usize,
    wanted: Vec<usize>,
}

impl Fit {
    /// How a file with this schema is read, which arrow would decode into `arrays`. Columns are found by their names; those
    /// that are missing are NULL, as in Flink.
    ///
    /// # Errors
    /// What is wrong, with the column, if one is of another type, or is missing and NOT NULL.
    pub(super) fn new(file: &SchemaDescriptor, arrays: &Fields, table: &Schema) -> Result<Self, String> {
        let mut leaves = Leaves { file, next: 0, wanted: Vec::new() };
        let mut columns = vec![None; table.len()];
        let (mut decoded, mut fields) = (0, Vec::with_capacity(arrays.len()));
        for array in arrays {
            // A second column of the same name cannot be told from the first.
            let position = table.position(array.name()).filter(|at| columns.get(*at) == Some(&None));
            let wanted = position.and_then(|position| table.get(position));
            fields.push(leaves.fit(array, wanted.map(|named| &named.field), array.name())?);
            if let Some(column) = position.and_then(|position| columns.get_mut(position)) {
                *column = Some(decoded);
                decoded += 1;
            }
        }
        let mut missing = columns.iter().zip(table.iter()).filter(|(column, _)| column.is_none());
        missing.try_for_each(|(_, named)| may_be_missing(named, ""))?;
        let arrays = Arc::new(arrow_schema::Schema::new(fields));
        Ok(Self { arrays, leaves: leaves.wanted, columns })
    }
}

fn may_be_missing(named: &NamedField, within: &str) -> Result<(), String> {
    if named.field.nullable {
        return Ok(());
    }
    Err(format!("the column `{within}{}` is not in the file, and it is {}", named.name, named.field))
}

impl Leaves<'_> {
    /// What a field is decoded into; `None` for one that is not.
    fn fit(&mut self, array: &FieldRef, wanted: Option<&Field>, path: &str) -> Result<FieldRef, String> {
        let Some(wanted) = wanted else {
            self.next += count(array.data_type());
            return Ok(array.clone());
        };
        let data_type = match (array.data_type(), &wanted.data_type) {
            (DataType::Struct(fields), SqlType::Row(named)) => {
                DataType::Struct(self.row(fields, named, path)?)
            }
            (DataType::List(element), SqlType::Array(wanted)) => {
                DataType::List(self.fit(element, Some(wanted), &format!("{path}.element"))?)
            }
            (DataType::Map(entries, sorted), SqlType::Map(key, value)) => {
                DataType::Map(self.entries(entries, key, value, path)?, *sorted)
            }
            (DataType::Map(entries, sorted), SqlType::Multiset(element)) => {
                let count = Field::required(SqlType::Int);
                DataType::Map(self.entries(entries, element, &count, path)?, *sorted)
            }
            (leaf, wanted) if !leaf.is_nested() => {
                let column = self.file.columns().get(self.next).map(AsRef::as_ref);
                let array = column.and_then(|column| leaf_array(leaf, column, wanted));
                let array = array.ok_or_else(|| other_type(path, leaf, wanted))?;
                self.wanted.push(self.next);
                self.next += 1;
                array
            }
            (nested, wanted) => return Err(other_type(path, nested, wanted)),
        };
        // What the file notes of the field stays, or arrow would not take it for the same.
        Ok(Arc::new(array.as_ref().clone().with_data_type(data_type)))
    }

    fn row(&mut self, fields: &Fields, named: &[NamedField], path: &str) -> Result<Fields, String> {
        let within = format!("{path}.");
        let before = self.wanted.len();
        let fitted = fields.iter().map(|field| {
            let wanted = named.iter().find(|named| *named.name == **field.name());
            self.fit(field, wanted.map(|named| &named.field), &format!("{within}{}", field.name()))
        });
        let fitted = fitted.collect::<Result<Fields, _>>()?;
        let is_missing = |named: &&NamedField| !fields.iter().any(|field| *field.name() == *named.name);
        named.iter().filter(is_missing).try_for_each(|named| may_be_missing(named, &within))?;
        // Without any of its fields it could not be told which rows are NULL.
        if self.wanted.len() == before {
            return Err(format!(
                "the column `{path}` has none of the fields in the file that it has in the table"
            ));
        }
        Ok(fitted)
    }

    fn entries(
        &mut self,
        entries: &FieldRef,
        key: &Field,
        value: &Field,
        path: &str,
    ) -> Result<FieldRef, String> {
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(format!("the column `{path}` is a map without keys and values"));
        };
        let names = ["key", "value"];
        let fitted = fields
            .iter()
            .zip([key, value])
            .zip(names)
            .map(|((field, wanted), name)| self.fit(field, Some(wanted), &format!("{path}.{name}")));
        let fitted = fitted.collect::<Result<Fields, _>>()?;
        Ok(Arc::new(entries.as_ref().clone().with_data_type(DataType::Struct(fitted))))
    }
}

/// How many leaves a field has.
fn count(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| count(field.data_type())).sum(),
        DataType::List(field) | DataType::Map(field, _) => count(field.data_type()),
        _ => 1,
    }
}

/// What a leaf is decoded into; `None` if it cannot be read as this type.
fn leaf_array(leaf: &DataType, column: &ColumnDescriptor, wanted: &SqlType) -> Option<DataType> {
    let fits = match (leaf, wanted) {
        // The decoder does not check all texts, such as JSON: they are checked when they are converted.
        (DataType::Utf8, wanted) if wanted.is_text() => return Some(DataType::Utf8View),
        (DataType::Binary, wanted) if wanted.is_text() => return Some(DataType::BinaryView),
        (DataType::Binary, wanted) if wanted.is_binary() => return Some(DataType::BinaryView),
        (DataType::Utf8, wanted) if wanted.is_binary() => return Some(DataType::Utf8View),
        (DataType::Timestamp(..), SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _)) => {
            // Of those there is nothing but the number of a day and nanoseconds: they are decoded into what they shall be, since
            // nanoseconds of 64 bits end in 2262.
            if column.physical_type() == Physical::INT96 {
                return Some(DataType::Timestamp(time_unit(*precision), Some("UTC".into())));
            }
            true
        }
        // Nothing but NULL.
        (DataType::Null, _) => true,
        (
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32,
            wanted,
        ) => wanted.is_integer(),
        (DataType::Boolean, SqlType::Boolean)
        | (DataType::Float32, SqlType::Float | SqlType::Double)
        | (DataType::Float64, SqlType::Double)
        | (DataType::Date32, SqlType::Date)
        | (DataType::Time32(_) | DataType::Time64(_), SqlType::Time(_)) => true,
        (DataType::FixedSizeBinary(_), wanted) => wanted.is_binary(),
        (DataType::Decimal128(_, scale), SqlType::Decimal(_, wanted)) => *scale == wanted.cast_signed(),
        _ => false,
    };
    fits.then(|| leaf.clone())
}

fn other_type(path: &str, found: &DataType, wanted: &SqlType) -> String {
    format!("the column `{path}` is {found} in the file, and {wanted} in the table")
}
