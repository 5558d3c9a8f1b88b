//! What files look like that are written: the schema that Flink derives of a table's columns.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, FieldRef, Fields, SchemaRef, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit as FileUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

use super::options::TimestampOptions;
use crate::error::{SqlError, SqlResult};
use crate::types::{Field, NamedField, Schema, SqlType};

/// The schema of files, and what each of its leaves is written from.
#[derive(Debug)]
pub(super) struct FileLayout {
    /// The arrays that are written.
    pub(super) arrow: SchemaRef,
    /// What files say of them.
    pub(super) root: TypePtr,
    /// The leaves of each column, in the order of the file.
    pub(super) leaves: Vec<Vec<Leaf>>,
}

/// A column of values that are made of no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// Written as it stands in the array.
    Array,
    /// A point in time of 96 bits.
    Int96 {
        /// The way to it through rows and maps: the position of the field, or 0 for the key and 1 for the value.
        path: Vec<usize>,
        /// Of TIMESTAMP: otherwise it is an instant.
        is_local: bool,
    },
}

/// A field under construction, for files and as an array.
type Made = (TypePtr, FieldRef);

impl FileLayout {
    /// The layout of these columns.
    ///
    /// # Errors
    /// If a column has a type that files do not have.
    pub(super) fn new(schema: &Schema, timestamps: &TimestampOptions) -> SqlResult<Self> {
        let (mut types, mut fields, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
        for NamedField { name, field } in schema.iter() {
            let mut of_column = Vec::new();
            let made = make(name, field, timestamps, &mut Vec::new(), &mut of_column);
            let (file, arrow) = made.map_err(|problem| {
                let (message, hint) = (format!("column `{name}`: {}", problem.message()), problem.hint());
                let error = SqlError::unsupported(message);
                hint.map_or_else(|| error.clone(), |hint| error.clone().with_hint(hint))
            })?;
            types.push(file);
            fields.push(arrow);
            leaves.push(of_column);
        }
        let root = Type::group_type_builder("schema").with_fields(types).build().map_err(refused)?;
        Ok(Self { arrow: Arc::new(arrow_schema::Schema::new(fields)), root: Arc::new(root), leaves })
    }
}

fn make(
    name: &str,
    field: &Field,
    timestamps: &TimestampOptions,
    path: &mut Vec<usize>,
    leaves: &mut Vec<Leaf>,
) -> SqlResult<Made> {
    let repetition = if field.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let mut child = |name: &str, field: &Field, step: Option<usize>| {
        path.extend(step);
        let made = make(name, field, timestamps, path, leaves);
        path.truncate(path.len() - usize::from(step.is_some()));
        made
    };
    let (file, data_type) = match &field.data_type {
        SqlType::Array(element) => {
            let (element, arrow) = child("element", element, None)?;
            let list = group("list", Repetition::REPEATED, None, vec![element])?;
            let file = group(name, repetition, Some((LogicalType::List, ConvertedType::LIST)), vec![list])?;
            (file, DataType::List(arrow))
        }
        SqlType::Map(key, value) => map(name, repetition, key, value, &mut child)?,
        SqlType::Multiset(element) => {
            map(name, repetition, element, &Field::required(SqlType::Int), &mut child)?
        }
        SqlType::Row(fields) => {
            let made =
                fields.iter().enumerate().map(|(step, named)| child(&named.name, &named.field, Some(step)));
            let (types, fields): (Vec<_>, Vec<_>) = made.collect::<SqlResult<Vec<_>>>()?.into_iter().unzip();
            (group(name, repetition, None, types)?, DataType::Struct(Fields::from(fields)))
        }
        leaf => {
            let is_timestamp = leaf.is_timestamp();
            leaves.push(if is_timestamp && timestamps.int64.is_none() {
                Leaf::Int96 { path: path.clone(), is_local: matches!(leaf, SqlType::Timestamp(..)) }
            } else {
                Leaf::Array
            });
            let arrow = match timestamps.int64.filter(|_| is_timestamp) {
                Some(unit) => DataType::Timestamp(unit, None),
                None => leaf.arrow(),
            };
            (primitive(name, repetition, leaf, timestamps.int64)?, arrow)
        }
    };
    Ok((file, Arc::new(ArrowField::new(name, data_type, field.nullable))))
}

fn map(
    name: &str,
    repetition: Repetition,
    key: &Field,
    value: &Field,
    child: &mut impl FnMut(&str, &Field, Option<usize>) -> SqlResult<Made>,
) -> SqlResult<(TypePtr, DataType)> {
    // Files have no keys that are NULL, and neither have the arrays.
    let (key, key_array) = child("key", &Field::required(key.data_type.clone()), Some(0))?;
    let (value, value_array) = child("value", value, Some(1))?;
    let entries = group("key_value", Repetition::REPEATED, None, vec![key, value])?;
    let file = group(name, repetition, Some((LogicalType::Map, ConvertedType::MAP)), vec![entries])?;
    let entries = DataType::Struct(Fields::from(vec![key_array, value_array]));
    Ok((file, DataType::Map(Arc::new(ArrowField::new("entries", entries, false)), false)))
}

fn group(
    name: &str,
    repetition: Repetition,
    kind: Option<(LogicalType, ConvertedType)>,
    fields: Vec<TypePtr>,
) -> SqlResult<TypePtr> {
    let (logical, converted) = kind.unzip();
    let builder = Type::group_type_builder(name)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .with_converted_type(converted.unwrap_or(ConvertedType::NONE))
        .with_fields(fields);
    Ok(Arc::new(builder.build().map_err(refused)?))
}

/// As Flink's `ParquetSchemaConverter`.
fn primitive(
    name: &str,
    repetition: Repetition,
    data_type: &SqlType,
    int64: Option<TimeUnit>,
) -> SqlResult<TypePtr> {
    let (physical, logical) = match data_type {
        SqlType::Char(_) | SqlType::VarChar(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        SqlType::Boolean => (Physical::BOOLEAN, None),
        SqlType::Binary(_) | SqlType::VarBinary(_) => (Physical::BYTE_ARRAY, None),
        SqlType::TinyInt => (Physical::INT32, Some(LogicalType::integer(8, true))),
        SqlType::SmallInt => (Physical::INT32, Some(LogicalType::integer(16, true))),
        SqlType::Int => (Physical::INT32, None),
        SqlType::BigInt => (Physical::INT64, None),
        SqlType::Float => (Physical::FLOAT, None),
        SqlType::Double => (Physical::DOUBLE, None),
        SqlType::Date => (Physical::INT32, Some(LogicalType::Date)),
        SqlType::Time(_) => (Physical::INT32, Some(LogicalType::time(true, FileUnit::MILLIS))),
        SqlType::Decimal(precision, scale) => (
            Physical::FIXED_LEN_BYTE_ARRAY,
            Some(LogicalType::decimal(i32::from(*scale), i32::from(*precision))),
        ),
        SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => match int64 {
            None => (Physical::INT96, None),
            Some(unit) => {
                let is_instant = matches!(data_type, SqlType::TimestampLtz(..));
                (Physical::INT64, Some(LogicalType::timestamp(is_instant, file_unit(unit))))
            }
        },
        other => {
            return Err(SqlError::unsupported(format!("Unsupported type: {other}: Parquet has none for it")));
        }
    };
    let mut builder =
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical);
    if let SqlType::Decimal(precision, scale) = data_type {
        builder = builder
            .with_precision(i32::from(*precision))
            .with_scale(i32::from(*scale))
            .with_length(decimal_length(*precision));
    }
    Ok(Arc::new(builder.build().map_err(refused)?))
}

/// How many bytes hold all numbers of so many digits.
fn decimal_length(precision: u8) -> i32 {
    let most = 10_i128.checked_pow(u32::from(precision)).unwrap_or(i128::MAX);
    let bits = i128::BITS - (most - 1).leading_zeros() + 1;
    bits.div_ceil(8).cast_signed()
}

const fn file_unit(unit: TimeUnit) -> FileUnit {
    match unit {
        TimeUnit::Second | TimeUnit::Millisecond => FileUnit::MILLIS,
        TimeUnit::Microsecond => FileUnit::MICROS,
        TimeUnit::Nanosecond => FileUnit::NANOS,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: ParquetError) -> SqlError {
    SqlError::unsupported(format!("Parquet does not take the columns: {error}"))
}
