//! Types as they are written, and what they are.

use std::sync::Arc;

use super::unsupported;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{DataType, DataTypeKind, LengthType, TimeUnit, TimeZoneKind};
use crate::types::{Field, MAXIMUM_LENGTH, NamedField, SqlType, TimeKind};

/// The type, and whether it takes NULL.
pub(crate) fn field_of(written: &DataType) -> SqlResult<Field> {
    let data_type = sql_type(written).map_err(|error| error.at(written.span))?;
    Ok(Field::new(data_type, written.nullable.unwrap_or(true)))
}

fn sql_type(written: &DataType) -> SqlResult<SqlType> {
    let regular = TimeKind::Regular;
    Ok(match &written.kind {
        DataTypeKind::Boolean => SqlType::Boolean,
        DataTypeKind::TinyInt => SqlType::TinyInt,
        DataTypeKind::SmallInt => SqlType::SmallInt,
        DataTypeKind::Int => SqlType::Int,
        DataTypeKind::BigInt => SqlType::BigInt,
        DataTypeKind::Float | DataTypeKind::Real => SqlType::Float,
        DataTypeKind::Double => SqlType::Double,
        DataTypeKind::Decimal(precision, scale) => {
            let (precision, scale) = (precision.unwrap_or(10), scale.unwrap_or(0));
            if !(1..=38).contains(&precision) {
                return Err(SqlError::validation(
                    "Decimal precision must be between 1 and 38 (both inclusive).",
                ));
            }
            if scale > precision {
                return Err(SqlError::validation(
                    "Decimal scale must be between 0 and the precision (both inclusive).",
                ));
            }
            SqlType::Decimal(small(precision), small(scale))
        }
        DataTypeKind::Length(kind, length) => {
            // As Flink's type system has it, whatever its documentation says of VARCHAR.
            let length = length.unwrap_or(match kind {
                LengthType::Char | LengthType::Binary => 1,
                LengthType::VarChar | LengthType::VarBinary => MAXIMUM_LENGTH,
            });
            if !(1..=MAXIMUM_LENGTH).contains(&length) {
                return Err(SqlError::validation(format!(
                    "a length must be between 1 and {MAXIMUM_LENGTH}, not {length}"
                )));
            }
            match kind {
                LengthType::Char => SqlType::Char(length),
                LengthType::VarChar => SqlType::VarChar(length),
                LengthType::Binary => SqlType::Binary(length),
                LengthType::VarBinary => SqlType::VarBinary(length),
            }
        }
        DataTypeKind::String => SqlType::STRING,
        DataTypeKind::Bytes => SqlType::BYTES,
        DataTypeKind::Date => SqlType::Date,
        DataTypeKind::Time(precision, TimeZoneKind::Without) => {
            SqlType::Time(fraction(precision.unwrap_or(0))?)
        }
        DataTypeKind::Timestamp(precision, TimeZoneKind::Without) => {
            SqlType::Timestamp(fraction(precision.unwrap_or(6))?, regular)
        }
        DataTypeKind::Timestamp(precision, TimeZoneKind::Local) => {
            SqlType::TimestampLtz(fraction(precision.unwrap_or(6))?, regular)
        }
        DataTypeKind::Time(..) | DataTypeKind::Timestamp(..) => {
            return unsupported("a time with a time zone", written.span);
        }
        DataTypeKind::Interval(qualifier) => match qualifier.start {
            TimeUnit::Year | TimeUnit::Month | TimeUnit::Quarter => SqlType::IntervalYearMonth,
            _ => SqlType::IntervalDayTime,
        },
        DataTypeKind::Array(element) => SqlType::Array(Arc::new(field_of(element)?)),
        DataTypeKind::Multiset(element) => SqlType::Multiset(Arc::new(field_of(element)?)),
        DataTypeKind::Map(key, value) => SqlType::Map(Arc::new(field_of(key)?), Arc::new(field_of(value)?)),
        DataTypeKind::Row(fields) => {
            let fields = fields
                .iter()
                .map(|field| Ok(NamedField::new(&*field.name.name, field_of(&field.data_type)?)));
            SqlType::Row(fields.collect::<SqlResult<_>>()?)
        }
        DataTypeKind::Raw(..) => return unsupported("the type RAW", written.span),
        DataTypeKind::Structured(..) => return unsupported("the type STRUCTURED", written.span),
        DataTypeKind::Variant => return unsupported("the type VARIANT", written.span),
        DataTypeKind::Null => SqlType::Null,
        DataTypeKind::Named(name) => return unsupported(&format!("the type {name}"), written.span),
    })
}

fn fraction(precision: u32) -> SqlResult<u8> {
    if precision > 9 {
        return Err(SqlError::validation("the precision of a time must be between 0 and 9 (both inclusive)"));
    }
    Ok(small(precision))
}

fn small(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
