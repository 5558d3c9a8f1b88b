//! Rows into columns: what formats and generators write values into.

mod chunk_builder;
mod nested;
#[cfg(test)]
mod tests;
mod value_error;

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int8Builder, Int16Builder, Int32Builder, Int64Builder, NullBuilder, StringViewBuilder,
    Time32MillisecondBuilder, TimestampMicrosecondBuilder, TimestampMillisecondBuilder,
    TimestampNanosecondBuilder,
};
use millstream_runtime::Result;

use super::{Scalar, arrow_error};
use crate::types::{Field, SqlType};
pub use chunk_builder::ChunkBuilder;
use nested::{ListValues, MapValues, RowValues};
pub use value_error::ValueError;

/// A column under construction.
///
/// Every `append` adds exactly one value, also where it fails: then one that means nothing, so that the columns of a
/// row stay in step. Whoever ignores the error leaves the row out.
///
/// ```
/// use millstream_sql::chunk::{ColumnBuilder, Scalar};
/// use millstream_sql::types::{Field, SqlType};
///
/// let mut numbers = ColumnBuilder::new(&Field::nullable(SqlType::TinyInt));
/// numbers.append(Scalar::Integer(7)).unwrap();
/// let error = numbers.append(Scalar::Integer(700)).unwrap_err();
/// assert_eq!(error.to_string(), "700 is out of the range of TINYINT");
/// assert_eq!(numbers.finish()?.len(), 2);
/// # Ok::<(), millstream_runtime::Error>(())
/// ```
pub struct ColumnBuilder {
    field: Field,
    values: Values,
    length: usize,
}

enum Values {
    Null(NullBuilder),
    Boolean(BooleanBuilder),
    TinyInt(Int8Builder),
    SmallInt(Int16Builder),
    Int(Int32Builder),
    BigInt(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder),
    Text(StringViewBuilder),
    Bytes(BinaryViewBuilder),
    Date(Date32Builder),
    Time(Time32MillisecondBuilder),
    Millis(TimestampMillisecondBuilder),
    Micros(TimestampMicrosecondBuilder),
    Nanos(TimestampNanosecondBuilder),
    List(Box<ListValues>),
    Map(Box<MapValues>),
    Row(Box<RowValues>),
}

impl Values {
    fn of(data_type: &SqlType) -> Self {
        match data_type {
            SqlType::Null => Self::Null(NullBuilder::new()),
            SqlType::Boolean => Self::Boolean(BooleanBuilder::new()),
            SqlType::TinyInt => Self::TinyInt(Int8Builder::new()),
            SqlType::SmallInt => Self::SmallInt(Int16Builder::new()),
            SqlType::Int | SqlType::IntervalYearMonth => Self::Int(Int32Builder::new()),
            SqlType::BigInt | SqlType::IntervalDayTime => Self::BigInt(Int64Builder::new()),
            SqlType::Float => Self::Float(Float32Builder::new()),
            SqlType::Double => Self::Double(Float64Builder::new()),
            SqlType::Decimal(..) => Self::Decimal(Decimal128Builder::new().with_data_type(data_type.arrow())),
            SqlType::Char(_) | SqlType::VarChar(_) => Self::Text(StringViewBuilder::new()),
            SqlType::Binary(_) | SqlType::VarBinary(_) => Self::Bytes(BinaryViewBuilder::new()),
            SqlType::Date => Self::Date(Date32Builder::new()),
            SqlType::Time(_) => Self::Time(Time32MillisecondBuilder::new()),
            SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => match precision {
                0..=3 => Self::Millis(TimestampMillisecondBuilder::new()),
                4..=6 => Self::Micros(TimestampMicrosecondBuilder::new()),
                _ => Self::Nanos(TimestampNanosecondBuilder::new()),
            },
            SqlType::Array(element) => Self::List(Box::new(ListValues::new(element))),
            SqlType::Map(key, value) => Self::Map(Box::new(MapValues::new(key, value))),
            SqlType::Multiset(element) => {
                Self::Map(Box::new(MapValues::new(element, &Field::required(SqlType::Int))))
            }
            SqlType::Row(fields) => Self::Row(Box::new(RowValues::new(fields))),
        }
    }
}

impl ColumnBuilder {
    /// A column without values.
    pub fn new(field: &Field) -> Self {
        Self { field: field.clone(), values: Values::of(&field.data_type), length: 0 }
    }

    /// The type of the values.
    pub const fn field(&self) -> &Field {
        &self.field
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no value.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds NULL.
    ///
    /// # Errors
    /// If the type is NOT NULL.
    pub fn append_null(&mut self) -> Result<(), ValueError> {
        self.append_placeholder();
        if self.field.nullable {
            return Ok(());
        }
        Err(ValueError::new(format!("NULL, but it is {}", self.field)))
    }

    /// Adds a value that nobody looks at: NULL where it may be.
    pub fn append_placeholder(&mut self) {
        if self.field.nullable {
            self.length += 1;
            return self.push_null();
        }
        let scalar = match self.field.data_type {
            SqlType::Boolean => Scalar::Boolean(false),
            SqlType::Float | SqlType::Double => Scalar::Float(0.0),
            SqlType::Decimal(..) => Scalar::Decimal(0),
            SqlType::Char(_) | SqlType::VarChar(_) => Scalar::Text(""),
            SqlType::Binary(_) | SqlType::VarBinary(_) => Scalar::Bytes(&[]),
            _ => Scalar::Integer(0),
        };
        self.length += 1;
        match &mut self.values {
            Values::List(list) => list.close(true),
            Values::Map(map) => map.close(true),
            Values::Row(row) => row.close(true),
            _ => drop(self.push(scalar)),
        }
    }

    /// Adds a value that is made of no others.
    ///
    /// # Errors
    /// If it is out of the range of the type, NULL where that may not be, or a value of another type.
    #[inline]
    pub fn append(&mut self, value: Scalar<'_>) -> Result<(), ValueError> {
        if value == Scalar::Null {
            return self.append_null();
        }
        let pushed = self.push(value);
        match pushed {
            Some(()) => {
                self.length += 1;
                Ok(())
            }
            None => {
                self.append_placeholder();
                Err(ValueError::new(misfit(value, &self.field.data_type)))
            }
        }
    }

    /// Adds a value, or the reason why there is none.
    ///
    /// # Errors
    /// The reason, or what [`append`](Self::append) has against the value.
    pub fn append_result(&mut self, value: Result<Scalar<'_>, String>) -> Result<(), ValueError> {
        match value {
            Ok(value) => self.append(value),
            Err(problem) => {
                self.append_placeholder();
                Err(ValueError::new(problem))
            }
        }
    }

    fn push(&mut self, value: Scalar<'_>) -> Option<()> {
        match (&mut self.values, value) {
            (Values::Boolean(values), Scalar::Boolean(value)) => values.append_value(value),
            (Values::TinyInt(values), Scalar::Integer(value)) => values.append_value(value.try_into().ok()?),
            (Values::SmallInt(values), Scalar::Integer(value)) => values.append_value(value.try_into().ok()?),
            (Values::Int(values), Scalar::Integer(value)) => values.append_value(value.try_into().ok()?),
            (Values::BigInt(values), Scalar::Integer(value)) => values.append_value(value),
            #[allow(clippy::cast_possible_truncation, reason = "a FLOAT comes as the DOUBLE that it is")]
            (Values::Float(values), Scalar::Float(value)) => values.append_value(value as f32),
            (Values::Double(values), Scalar::Float(value)) => values.append_value(value),
            (Values::Decimal(values), Scalar::Decimal(value)) => values.append_value(value),
            (Values::Text(values), Scalar::Text(value)) => values.append_value(value),
            (Values::Bytes(values), Scalar::Bytes(value)) => values.append_value(value),
            (Values::Date(values), Scalar::Integer(value)) => values.append_value(value.try_into().ok()?),
            (Values::Time(values), Scalar::Integer(value)) => values.append_value(value.try_into().ok()?),
            (Values::Millis(values), Scalar::Integer(value)) => values.append_value(value),
            (Values::Micros(values), Scalar::Integer(value)) => values.append_value(value),
            (Values::Nanos(values), Scalar::Integer(value)) => values.append_value(value),
            _ => return None,
        }
        Some(())
    }

    fn push_null(&mut self) {
        match &mut self.values {
            Values::Null(values) => values.append_null(),
            Values::Boolean(values) => values.append_null(),
            Values::TinyInt(values) => values.append_null(),
            Values::SmallInt(values) => values.append_null(),
            Values::Int(values) => values.append_null(),
            Values::BigInt(values) => values.append_null(),
            Values::Float(values) => values.append_null(),
            Values::Double(values) => values.append_null(),
            Values::Decimal(values) => values.append_null(),
            Values::Text(values) => values.append_null(),
            Values::Bytes(values) => values.append_null(),
            Values::Date(values) => values.append_null(),
            Values::Time(values) => values.append_null(),
            Values::Millis(values) => values.append_null(),
            Values::Micros(values) => values.append_null(),
            Values::Nanos(values) => values.append_null(),
            Values::List(list) => list.close(false),
            Values::Map(map) => map.close(false),
            Values::Row(row) => row.close(false),
        }
    }

    /// The column; the builder is empty then.
    ///
    /// # Errors
    /// If arrow refuses the column: a fault of ours, or more than 2^31 elements.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        self.length = 0;
        let data_type = &self.field.data_type;
        Ok(match &mut self.values {
            Values::Null(values) => Arc::new(values.finish()),
            Values::Boolean(values) => Arc::new(values.finish()),
            Values::TinyInt(values) => Arc::new(values.finish()),
            Values::SmallInt(values) => Arc::new(values.finish()),
            Values::Int(values) => Arc::new(values.finish()),
            Values::BigInt(values) => Arc::new(values.finish()),
            Values::Float(values) => Arc::new(values.finish()),
            Values::Double(values) => Arc::new(values.finish()),
            Values::Decimal(values) => Arc::new(values.finish()),
            Values::Text(values) => Arc::new(values.finish()),
            Values::Bytes(values) => Arc::new(values.finish()),
            Values::Date(values) => Arc::new(values.finish()),
            Values::Time(values) => Arc::new(values.finish()),
            Values::Millis(values) => Arc::new(values.finish()),
            Values::Micros(values) => Arc::new(values.finish()),
            Values::Nanos(values) => Arc::new(values.finish()),
            Values::List(list) => list.finish(&data_type.arrow())?,
            Values::Map(map) => map.finish(&data_type.arrow())?,
            Values::Row(row) => row.finish(&data_type.arrow())?,
        })
    }
}

/// Why a value does not fit into a column.
fn misfit(value: Scalar<'_>, data_type: &SqlType) -> String {
    match value {
        Scalar::Integer(number) if data_type.is_integer() => {
            format!("{number} is out of the range of {data_type}")
        }
        other => format!("{other:?} is no {data_type}"),
    }
}
