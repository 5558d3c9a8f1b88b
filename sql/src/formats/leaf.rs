//! Values that are made of no others, as the formats `json` and `csv` read and write their text: Java's rules.

use std::fmt::Write as _;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chunk::Scalar;
use crate::chunk::no_value;
use crate::types::SqlType;
use crate::types::text::decimal::{parse_decimal, write_decimal, write_decimal_row};
use crate::types::text::number::{parse_double, parse_float, write_double, write_float, write_integer};
use crate::types::text::timestamp::{
    TimestampFormat, parse_format_date, parse_format_instant, parse_format_time, parse_format_timestamp,
    parse_timestamp_jdbc, write_date, write_format_instant, write_format_time, write_format_timestamp,
};

/// In which formats points in time are.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeRules {
    /// Of TIMESTAMP and TIMESTAMP_LTZ.
    pub timestamps: TimestampFormat,
    /// Of TIME, when read.
    pub times: TimestampFormat,
    /// Whether DATEs are read as `java.sql.Date.valueOf` does, with one digit for month and day.
    pub jdbc_dates: bool,
}

/// The value of a text.
///
/// # Errors
/// What is wrong.
pub(super) fn read<'a>(
    data_type: &SqlType,
    text: &'a str,
    rules: TimeRules,
    bytes: &'a mut Vec<u8>,
) -> Result<Scalar<'a>, String> {
    let integer = |value: Option<i64>| value.map(Scalar::Integer).ok_or_else(|| no_value(text, data_type));
    match data_type {
        SqlType::Null => Ok(Scalar::Null),
        SqlType::Boolean => Ok(Scalar::Boolean(trimmed(text).eq_ignore_ascii_case("true"))),
        SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::IntervalYearMonth
        | SqlType::IntervalDayTime => integer(trimmed(text).parse().ok()),
        SqlType::Float => {
            parse_float(text).map(|value| Scalar::Float(value.into())).map_err(|_| no_value(text, data_type))
        }
        SqlType::Double => parse_double(text).map(Scalar::Float).map_err(|_| no_value(text, data_type)),
        SqlType::Decimal(precision, scale) => parse_decimal(text, *precision, *scale)
            .map(Scalar::Decimal)
            .map_err(|_| no_value(text, data_type)),
        SqlType::Char(_) | SqlType::VarChar(_) => Ok(Scalar::Text(text)),
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            bytes.clear();
            let decoded = STANDARD.decode_vec(text, bytes);
            decoded.map_err(|error| format!("{}: not base64: {error}", no_value(text, data_type)))?;
            Ok(Scalar::Bytes(bytes))
        }
        SqlType::Date => integer(if rules.jdbc_dates {
            parse_timestamp_jdbc(text, 3).map(|millis| millis.div_euclid(86_400_000))
        } else {
            parse_format_date(text).map(i64::from)
        }),
        SqlType::Time(precision) => integer(parse_format_time(text, *precision, rules.times).map(i64::from)),
        SqlType::Timestamp(precision, _) => {
            integer(parse_format_timestamp(text, *precision, rules.timestamps))
        }
        SqlType::TimestampLtz(precision, _) => {
            integer(parse_format_instant(text, *precision, rules.timestamps))
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => {
            Err(no_value(text, data_type))
        }
    }
}

/// What Java's `trim` leaves.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character| character <= ' ')
}

/// Whether values of this type are written as they are, and not as a text in quotes.
pub(super) const fn is_bare(data_type: &SqlType) -> bool {
    data_type.is_numeric()
        || matches!(
            data_type,
            SqlType::Boolean | SqlType::IntervalYearMonth | SqlType::IntervalDayTime | SqlType::Null
        )
}

/// Appends the text of a value that is not NULL; `None` if the column is of another type.
pub(super) fn write(
    column: &ArrayRef,
    row: usize,
    data_type: &SqlType,
    timestamps: TimestampFormat,
    plain_decimals: bool,
    out: &mut String,
) -> Option<()> {
    match data_type {
        SqlType::Boolean => out.push_str(if column.as_boolean_opt()?.value(row) { "true" } else { "false" }),
        SqlType::TinyInt => write_integer(column.as_primitive_opt::<Int8Type>()?.value(row).into(), out),
        SqlType::SmallInt => write_integer(column.as_primitive_opt::<Int16Type>()?.value(row).into(), out),
        SqlType::Int | SqlType::IntervalYearMonth => {
            write_integer(column.as_primitive_opt::<Int32Type>()?.value(row).into(), out);
        }
        SqlType::BigInt | SqlType::IntervalDayTime => {
            write_integer(column.as_primitive_opt::<Int64Type>()?.value(row), out);
        }
        SqlType::Float => write_float(column.as_primitive_opt::<Float32Type>()?.value(row), out),
        SqlType::Double => write_double(column.as_primitive_opt::<Float64Type>()?.value(row), out),
        SqlType::Decimal(_, scale) => {
            let unscaled = column.as_primitive_opt::<Decimal128Type>()?.value(row);
            if plain_decimals {
                write_decimal(unscaled, *scale, out);
            } else {
                write_decimal_short(unscaled, *scale, out);
            }
        }
        SqlType::Char(_) | SqlType::VarChar(_) => out.push_str(column.as_string_view_opt()?.value(row)),
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            STANDARD.encode_string(column.as_binary_view_opt()?.value(row), out);
        }
        SqlType::Date => write_date(column.as_primitive_opt::<Date32Type>()?.value(row), out),
        SqlType::Time(_) => {
            write_format_time(column.as_primitive_opt::<Time32MillisecondType>()?.value(row), out);
        }
        SqlType::Timestamp(precision, _) => {
            write_format_timestamp(timestamp(column, row, *precision)?, *precision, timestamps, out);
        }
        SqlType::TimestampLtz(precision, _) => {
            write_format_instant(timestamp(column, row, *precision)?, *precision, timestamps, out);
        }
        SqlType::Null | SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => {
            return None;
        }
    }
    Some(())
}

/// Appends the text of a value as format `csv` has it; `None` if it is made of others.
pub(crate) fn write_text(column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Option<()> {
    // The `Z` is left out: this is read as a CAST reads it.
    let as_local = match data_type {
        SqlType::TimestampLtz(precision, kind) => &SqlType::Timestamp(*precision, *kind),
        other => other,
    };
    write(column, row, as_local, TimestampFormat::Sql, true, out)
}

/// A timestamp in the unit of its precision.
fn timestamp(column: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => column.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => column.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}

/// A decimal as `BigDecimal.stripTrailingZeros().toString()`: 1.50 is `1.5`, 100 is `1E+2`.
fn write_decimal_short(mut unscaled: i128, scale: u8, out: &mut String) {
    let mut scale = i32::from(scale);
    if unscaled == 0 {
        out.push('0');
        return;
    }
    while unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    if let Ok(scale) = u8::try_from(scale) {
        return write_decimal_row(unscaled, scale, out);
    }
    let start = out.len();
    // Writing to a string cannot fail.
    let _ = write!(out, "{unscaled}");
    let first = start + usize::from(unscaled < 0) + 1;
    let more = out.len() - first;
    if more > 0 {
        out.insert(first, '.');
    }
    let _ = write!(out, "E+{}", i64::try_from(more).unwrap_or_default() - i64::from(scale));
}

#[cfg(test)]
mod tests {
    use super::write_decimal_short;

    /// Expectations of `new BigDecimal(…).stripTrailingZeros().toString()`.
    #[test]
    fn decimals_lose_their_zeros() {
        let cases = [
            (150, 2, "1.5"),
            (10_000, 2, "1E+2"),
            (-12_300, 1, "-1.23E+3"),
            (27, 9, "2.7E-8"),
            (0, 5, "0"),
            (120, 0, "1.2E+2"),
            (7, 0, "7"),
        ];
        for (unscaled, scale, text) in cases {
            let mut out = String::from("x");
            write_decimal_short(unscaled, scale, &mut out);
            assert_eq!(out.strip_prefix('x'), Some(text));
        }
    }
}
