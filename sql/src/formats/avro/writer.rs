//! Columns to bytes, in the schema that is derived of them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, ListArray, MapArray, PrimitiveArray, StringViewArray,
};
use arrow_buffer::NullBuffer;

use super::input::{write_bytes, write_long};
use crate::types::{Field, NamedField, SqlType};

/// The values of a column, ready to be written.
pub(super) struct ColumnWriter<'a> {
    nullable: bool,
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    TinyInt(&'a PrimitiveArray<Int8Type>),
    SmallInt(&'a PrimitiveArray<Int16Type>),
    Int(&'a PrimitiveArray<Int32Type>),
    BigInt(&'a PrimitiveArray<Int64Type>),
    Float(&'a PrimitiveArray<Float32Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    Text(&'a StringViewArray),
    Bytes(&'a BinaryViewArray),
    Date(&'a PrimitiveArray<Date32Type>),
    Time(&'a PrimitiveArray<Time32MillisecondType>),
    Millis(&'a PrimitiveArray<TimestampMillisecondType>),
    Micros(&'a PrimitiveArray<TimestampMicrosecondType>),
    List(&'a ListArray, Box<ColumnWriter<'a>>),
    Map(&'a MapArray, &'a StringViewArray, Box<ColumnWriter<'a>>),
    Row(Vec<ColumnWriter<'a>>),
}

/// What writes rows of these columns; `None` if a column is not of its field's type.
pub(super) fn writers<'a>(columns: &'a [ArrayRef], fields: &[NamedField]) -> Option<Vec<ColumnWriter<'a>>> {
    let pairs = columns.iter().zip(fields);
    pairs.map(|(column, field)| ColumnWriter::new(column, &field.field)).collect()
}

impl<'a> ColumnWriter<'a> {
    fn new(column: &'a ArrayRef, field: &Field) -> Option<Self> {
        let values = match &field.data_type {
            SqlType::Null => Values::Null,
            SqlType::Boolean => Values::Boolean(column.as_boolean_opt()?),
            SqlType::TinyInt => Values::TinyInt(column.as_primitive_opt()?),
            SqlType::SmallInt => Values::SmallInt(column.as_primitive_opt()?),
            SqlType::Int => Values::Int(column.as_primitive_opt()?),
            SqlType::BigInt => Values::BigInt(column.as_primitive_opt()?),
            SqlType::Float => Values::Float(column.as_primitive_opt()?),
            SqlType::Double => Values::Double(column.as_primitive_opt()?),
            SqlType::Decimal(..) => Values::Decimal(column.as_primitive_opt()?),
            SqlType::Char(_) | SqlType::VarChar(_) => Values::Text(column.as_string_view_opt()?),
            SqlType::Binary(_) | SqlType::VarBinary(_) => Values::Bytes(column.as_binary_view_opt()?),
            SqlType::Date => Values::Date(column.as_primitive_opt()?),
            SqlType::Time(_) => Values::Time(column.as_primitive_opt()?),
            SqlType::Timestamp(0..=3, _) | SqlType::TimestampLtz(0..=3, _) => {
                Values::Millis(column.as_primitive_opt()?)
            }
            SqlType::Timestamp(4..=6, _) | SqlType::TimestampLtz(4..=6, _) => {
                Values::Micros(column.as_primitive_opt()?)
            }
            SqlType::Array(element) => {
                let list = column.as_list_opt()?;
                Values::List(list, Box::new(Self::new(list.values(), element)?))
            }
            SqlType::Map(_, value) => Self::map(column, value)?,
            SqlType::Multiset(_) => Self::map(column, &Field::required(SqlType::Int))?,
            SqlType::Row(fields) => Values::Row(writers(column.as_struct_opt()?.columns(), fields)?),
            _ => return None,
        };
        // NULL itself is no union.
        let nullable = field.nullable && field.data_type != SqlType::Null;
        Some(Self { nullable, nulls: column.nulls(), values })
    }

    fn map(column: &'a ArrayRef, value: &Field) -> Option<Values<'a>> {
        let map = column.as_map_opt()?;
        let (keys, values) = (map.keys().as_string_view_opt()?, map.values());
        Some(Values::Map(map, keys, Box::new(Self::new(values, value)?)))
    }

    /// Appends the value of a row.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.nullable {
            let is_null = self.nulls.is_some_and(|nulls| nulls.is_null(row));
            // The place in the union.
            write_long(i64::from(!is_null), out);
            if is_null {
                return;
            }
        }
        match &self.values {
            Values::Null => {}
            Values::Boolean(values) => out.push(values.value(row).into()),
            Values::TinyInt(values) => write_long(values.value(row).into(), out),
            Values::SmallInt(values) => write_long(values.value(row).into(), out),
            Values::Int(values) => write_long(values.value(row).into(), out),
            Values::BigInt(values) => write_long(values.value(row), out),
            Values::Float(values) => out.extend_from_slice(&values.value(row).to_le_bytes()),
            Values::Double(values) => out.extend_from_slice(&values.value(row).to_le_bytes()),
            Values::Decimal(values) => write_unscaled(values.value(row), out),
            Values::Text(values) => write_bytes(values.value(row).as_bytes(), out),
            Values::Bytes(values) => write_bytes(values.value(row), out),
            Values::Date(values) => write_long(values.value(row).into(), out),
            Values::Time(values) => write_long(values.value(row).into(), out),
            Values::Millis(values) => write_long(values.value(row), out),
            Values::Micros(values) => write_long(values.value(row), out),
            Values::List(list, elements) => {
                write_elements(list.value_offsets(), row, out, |index, out| elements.write(index, out));
            }
            Values::Map(map, keys, values) => {
                write_elements(map.value_offsets(), row, out, |index, out| {
                    write_bytes(keys.value(index).as_bytes(), out);
                    values.write(index, out);
                });
            }
            Values::Row(fields) => fields.iter().for_each(|field| field.write(row, out)),
        }
    }
}

/// Appends the elements of an array or map, whose ends are known.
fn write_elements(
    offsets: &[i32],
    row: usize,
    out: &mut Vec<u8>,
    mut write: impl FnMut(usize, &mut Vec<u8>),
) {
    let offset =
        |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or_default();
    let elements = offset(row)..offset(row + 1);
    if !elements.is_empty() {
        write_long(i64::try_from(elements.len()).unwrap_or(i64::MAX), out);
        elements.for_each(|index| write(index, out));
    }
    // No further part.
    out.push(0);
}

/// Appends a decimal as `BigInteger.toByteArray` has it: as few big-endian bytes as hold it and its sign.
fn write_unscaled(value: i128, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let sign_bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    let spare = (sign_bits - 1) / 8;
    write_bytes(bytes.get(spare as usize..).unwrap_or(&bytes), out);
}
