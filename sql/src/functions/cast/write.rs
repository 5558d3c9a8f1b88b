//! Values as the text that CAST AS STRING gives, and as Flink's SQL client shows them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};

use crate::types::SqlType;
use crate::types::text::boolean::write_boolean;
use crate::types::text::decimal::write_decimal;
use crate::types::text::interval::{write_day_time, write_year_month};
use crate::types::text::number::{write_double, write_float, write_integer};
use crate::types::text::timestamp::{write_date, write_time, write_timestamp};
use crate::types::zone::Zone;

/// Appends a value as `CAST(… AS STRING)` gives it: `TRUE`, `2020-10-10 00:00:05.000`, `(1, a)`, `[1, 2]`, `{k=v}`; bytes
/// are read as UTF-8, instants are on the clock of `zone`, and NULL is `NULL`, which CAST itself gives inside of other
/// values alone.
///
/// Follows the rules in Flink's `org.apache.flink.table.planner.functions.casting`.
pub fn write_cast_text(column: &ArrayRef, row: usize, data_type: &SqlType, zone: &Zone, out: &mut String) {
    Writer { zone, bytes: Bytes::Text }.write(column, row, data_type, out);
}

/// Appends a value as Flink's SQL client shows it: as [`write_cast_text`], with bytes as `x'0a0b'`.
pub fn write_display_text(column: &ArrayRef, row: usize, data_type: &SqlType, zone: &Zone, out: &mut String) {
    Writer { zone, bytes: Bytes::Hexadecimal }.write(column, row, data_type, out);
}

#[derive(Clone, Copy)]
enum Bytes {
    Text,
    Hexadecimal,
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    zone: &'a Zone,
    bytes: Bytes,
}

impl Writer<'_> {
    fn write(self, column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) {
        if column.is_null(row) || *data_type == SqlType::Null {
            out.push_str("NULL");
        } else if self.write_present(column, row, data_type, out).is_none() {
            // Types are checked when the plan is made, so this is a fault; a text must not fail for it.
            out.push_str("<a value of another type>");
        }
    }

    fn write_present(
        self,
        column: &ArrayRef,
        row: usize,
        data_type: &SqlType,
        out: &mut String,
    ) -> Option<()> {
        match data_type {
            SqlType::Boolean => write_boolean(column.as_boolean_opt()?.value(row), out),
            SqlType::TinyInt => write_integer(column.as_primitive_opt::<Int8Type>()?.value(row).into(), out),
            SqlType::SmallInt => {
                write_integer(column.as_primitive_opt::<Int16Type>()?.value(row).into(), out)
            }
            SqlType::Int => write_integer(column.as_primitive_opt::<Int32Type>()?.value(row).into(), out),
            SqlType::BigInt => write_integer(column.as_primitive_opt::<Int64Type>()?.value(row), out),
            SqlType::Float => write_float(column.as_primitive_opt::<Float32Type>()?.value(row), out),
            SqlType::Double => write_double(column.as_primitive_opt::<Float64Type>()?.value(row), out),
            SqlType::Decimal(_, scale) => {
                write_decimal(column.as_primitive_opt::<Decimal128Type>()?.value(row), *scale, out);
            }
            SqlType::Char(_) | SqlType::VarChar(_) => out.push_str(column.as_string_view_opt()?.value(row)),
            SqlType::Binary(_) | SqlType::VarBinary(_) => {
                self.write_bytes(column.as_binary_view_opt()?.value(row), out);
            }
            SqlType::Date => write_date(column.as_primitive_opt::<Date32Type>()?.value(row), out),
            SqlType::Time(precision) => {
                let millis = column.as_primitive_opt::<Time32MillisecondType>()?.value(row);
                write_time(millis, *precision, out);
            }
            SqlType::Timestamp(precision, _) => {
                write_timestamp(timestamp(column, row, *precision)?, *precision, out);
            }
            SqlType::TimestampLtz(precision, _) => {
                let instant = timestamp(column, row, *precision)?;
                // At the ends of 64 bits the clock of Greenwich has to do.
                let local = self.zone.to_local(instant, *precision).unwrap_or(instant);
                write_timestamp(local, *precision, out);
            }
            SqlType::IntervalDayTime => {
                write_day_time(column.as_primitive_opt::<Int64Type>()?.value(row), out);
            }
            SqlType::IntervalYearMonth => {
                write_year_month(column.as_primitive_opt::<Int32Type>()?.value(row), out);
            }
            SqlType::Array(element) => {
                let values = column.as_list_opt::<i32>()?.value(row);
                out.push('[');
                for index in 0..values.len() {
                    separate(index, out);
                    self.write(&values, index, &element.data_type, out);
                }
                out.push(']');
            }
            SqlType::Map(key, value) => {
                self.write_map(column, row, &key.data_type, &value.data_type, out)?;
            }
            SqlType::Multiset(element) => {
                self.write_map(column, row, &element.data_type, &SqlType::Int, out)?;
            }
            SqlType::Row(fields) => {
                out.push('(');
                let columns = column.as_struct_opt()?.columns();
                for (index, (column, field)) in columns.iter().zip(fields.iter()).enumerate() {
                    separate(index, out);
                    self.write(column, row, &field.field.data_type, out);
                }
                out.push(')');
            }
            SqlType::Null => return None,
        }
        Some(())
    }

    fn write_bytes(self, bytes: &[u8], out: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        match self.bytes {
            Bytes::Text => out.push_str(&String::from_utf8_lossy(bytes)),
            Bytes::Hexadecimal => {
                out.push_str("x'");
                let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                out.extend(
                    digits.filter_map(|digit| DIGITS.get(usize::from(digit))).map(|digit| char::from(*digit)),
                );
                out.push('\'');
            }
        }
    }

    fn write_map(
        self,
        column: &ArrayRef,
        row: usize,
        key: &SqlType,
        value: &SqlType,
        out: &mut String,
    ) -> Option<()> {
        let entries = column.as_map_opt()?.value(row);
        let [keys, values] = entries.columns() else { return None };
        out.push('{');
        for index in 0..entries.len() {
            separate(index, out);
            self.write(keys, index, key, out);
            out.push('=');
            self.write(values, index, value, out);
        }
        out.push('}');
        Some(())
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

/// A timestamp in the unit of its precision.
fn timestamp(column: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => column.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => column.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}
