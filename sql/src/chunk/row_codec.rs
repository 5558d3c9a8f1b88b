//! Rows as bytes, for state: columns in, columns out.
//!
//! ```text
//! row:   NULL bits, filled up to 8 bytes | a slot for each column: 8 bytes, 16 for DECIMAL | the rest
//! slot:  the value, little-endian; or where in the rest the bytes are, u32, and how many, u32
//! rest:  text and bytes as they are | a ROW as a row | ARRAY: u32 count, then rows of one column, each after its u32 length
//! ```
//!
//! MAP is an ARRAY of keys and values. The layout is part of snapshots: a test pins it.

use std::sync::Arc;

use arrow_array::builder::{BinaryViewBuilder, BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, ListArray, MapArray, NullArray, StructArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::BytesColumn;

use super::arrow_error;
use crate::types::{Field, NamedField, Schema, SqlType};

/// Rows of some columns as bytes, and back.
#[derive(Clone, Debug)]
pub struct RowCodec {
    columns: Arc<[Column]>,
    /// How many bytes come before the rest.
    fixed: usize,
}

#[derive(Clone, Debug)]
struct Column {
    data_type: SqlType,
    slot: usize,
    nested: Option<RowCodec>,
}

/// Rows one behind the other.
#[derive(Clone, Debug, Default)]
pub struct EncodedRows {
    offsets: Vec<u32>,
    data: Vec<u8>,
}

impl EncodedRows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the bytes of a row.
    ///
    /// # Errors
    /// If all rows together take more than 4 GiB.
    pub(crate) fn push(&mut self, row: &[u8]) -> Result<()> {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self.data.extend(row);
        self.offsets.push(word(self.data.len())?);
        Ok(())
    }

    /// The bytes of a row; empty where there is none.
    pub fn get(&self, row: usize) -> &[u8] {
        let range = self.offsets.get(row).zip(self.offsets.get(row + 1));
        range.and_then(|(start, end)| self.data.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    /// The rows, for state.
    pub fn column(&self) -> BytesColumn<'_> {
        BytesColumn { offsets: &self.offsets, data: &self.data }
    }
}

impl RowCodec {
    /// For rows of these columns.
    pub fn new(schema: &Schema) -> Self {
        Self::of(schema.fields())
    }

    /// For rows of columns of these types.
    pub fn of<'f>(fields: impl ExactSizeIterator<Item = &'f Field>) -> Self {
        let mut slot = fields.len().div_ceil(8).next_multiple_of(8);
        let columns = fields.map(|field| {
            let column =
                Column { data_type: field.data_type.clone(), slot, nested: nested(&field.data_type) };
            slot += if matches!(field.data_type, SqlType::Decimal(..)) { 16 } else { 8 };
            column
        });
        let columns = columns.collect();
        Self { columns, fixed: slot }
    }

    /// The rows of columns, as bytes.
    ///
    /// # Errors
    /// If a column is not of its type.
    pub fn encode(&self, columns: &[ArrayRef], rows: usize) -> Result<EncodedRows> {
        let nested = self.columns.iter().zip(columns).map(|(column, values)| column.encode_nested(values));
        let nested = nested.collect::<Result<Vec<_>>>()?;
        let mut encoded = EncodedRows {
            offsets: Vec::with_capacity(rows + 1),
            data: Vec::with_capacity(rows * (self.fixed + 16)),
        };
        encoded.offsets.push(0);
        for row in 0..rows {
            let start = encoded.data.len();
            encoded.data.resize(start + self.fixed, 0);
            for (index, ((column, values), nested)) in
                self.columns.iter().zip(columns).zip(&nested).enumerate()
            {
                if values.is_null(row) || column.data_type == SqlType::Null {
                    if let Some(bits) = encoded.data.get_mut(start + index / 8) {
                        *bits |= 1 << (index % 8);
                    }
                } else {
                    column.write(values, row, nested.as_ref(), &mut encoded.data, start)?;
                }
            }
            encoded.offsets.push(word(encoded.data.len())?);
        }
        Ok(encoded)
    }

    /// The columns of rows.
    ///
    /// # Errors
    /// If a row is damaged.
    pub fn decode(&self, rows: &[&[u8]]) -> Result<Vec<ArrayRef>> {
        if let Some(short) = rows.iter().find(|row| row.len() < self.fixed) {
            return Err(damaged(format!("a row of {} bytes, of at least {}", short.len(), self.fixed)));
        }
        let columns = self.columns.iter().enumerate().map(|(index, column)| column.read(index, rows));
        columns.collect()
    }
}

/// The codec for what is in a value of a nested type.
fn nested(data_type: &SqlType) -> Option<RowCodec> {
    match data_type {
        SqlType::Row(fields) => {
            Some(RowCodec::of(fields.iter().map(|field| &field.field).collect::<Vec<_>>().into_iter()))
        }
        SqlType::Array(element) => Some(RowCodec::of([&**element].into_iter())),
        SqlType::Map(key, value) => Some(RowCodec::of([&**key, &**value].into_iter())),
        SqlType::Multiset(element) => {
            Some(RowCodec::of([&**element, &Field::required(SqlType::Int)].into_iter()))
        }
        _ => None,
    }
}

fn damaged(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Restore, format!("a row in the state is damaged: {}", what.into()))
}

fn wrong_type(values: &ArrayRef, data_type: &SqlType) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {} as {data_type}", values.data_type()))
}

/// Numbers, dates and times: how a slot holds them.
macro_rules! each_primitive {
    ($data_type:expr, $use:ident) => {
        match $data_type {
            SqlType::TinyInt => $use!(Int8Type),
            SqlType::SmallInt => $use!(Int16Type),
            SqlType::Int | SqlType::IntervalYearMonth => $use!(Int32Type),
            SqlType::BigInt | SqlType::IntervalDayTime => $use!(Int64Type),
            SqlType::Float => $use!(Float32Type),
            SqlType::Double => $use!(Float64Type),
            SqlType::Decimal(..) => $use!(Decimal128Type),
            SqlType::Date => $use!(Date32Type),
            SqlType::Time(_) => $use!(Time32MillisecondType),
            SqlType::Timestamp(0..=3, _) | SqlType::TimestampLtz(0..=3, _) => $use!(TimestampMillisecondType),
            SqlType::Timestamp(4..=6, _) | SqlType::TimestampLtz(4..=6, _) => $use!(TimestampMicrosecondType),
            SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => $use!(TimestampNanosecondType),
            _ => {}
        }
    };
}

impl Column {
    /// The values of a nested type, as rows.
    fn encode_nested(&self, values: &ArrayRef) -> Result<Option<EncodedRows>> {
        let Some(codec) = &self.nested else { return Ok(None) };
        let encoded = match &self.data_type {
            SqlType::Row(_) => {
                let structs = values.as_struct_opt().ok_or_else(|| wrong_type(values, &self.data_type))?;
                codec.encode(structs.columns(), structs.len())?
            }
            SqlType::Array(_) => {
                let lists = values.as_list_opt::<i32>().ok_or_else(|| wrong_type(values, &self.data_type))?;
                codec.encode(&[lists.values().clone()], lists.values().len())?
            }
            _ => {
                let maps = values.as_map_opt().ok_or_else(|| wrong_type(values, &self.data_type))?;
                codec.encode(maps.entries().columns(), maps.entries().len())?
            }
        };
        Ok(Some(encoded))
    }

    /// Writes a value that is not NULL into a row that begins at `start`.
    fn write(
        &self,
        values: &ArrayRef,
        row: usize,
        nested: Option<&EncodedRows>,
        data: &mut Vec<u8>,
        start: usize,
    ) -> Result<()> {
        let wrong = || wrong_type(values, &self.data_type);
        let slot = start + self.slot;
        macro_rules! write {
            ($kind:ty) => {{
                let value = values.as_primitive_opt::<$kind>().ok_or_else(wrong)?.value(row);
                return put(data, slot, &value.to_le_bytes());
            }};
        }
        each_primitive!(&self.data_type, write);
        let begin = data.len();
        match &self.data_type {
            SqlType::Boolean => {
                let value = values.as_boolean_opt().ok_or_else(wrong)?.value(row);
                return put(data, slot, &[u8::from(value)]);
            }
            SqlType::Char(_) | SqlType::VarChar(_) => {
                data.extend(values.as_string_view_opt().ok_or_else(wrong)?.value(row).as_bytes());
            }
            SqlType::Binary(_) | SqlType::VarBinary(_) => {
                data.extend(values.as_binary_view_opt().ok_or_else(wrong)?.value(row));
            }
            SqlType::Row(_) => data.extend(nested.ok_or_else(wrong)?.get(row)),
            SqlType::Array(_) => {
                let lists = values.as_list_opt::<i32>().ok_or_else(wrong)?;
                write_items(nested.ok_or_else(wrong)?, lists.value_offsets(), row, data)?;
            }
            _ => {
                let maps = values.as_map_opt().ok_or_else(wrong)?;
                write_items(nested.ok_or_else(wrong)?, maps.value_offsets(), row, data)?;
            }
        }
        let (offset, length) = (word(begin - start)?, word(data.len() - begin)?);
        put(data, slot, &offset.to_le_bytes())?;
        put(data, slot + 4, &length.to_le_bytes())
    }

    /// A column of all rows.
    fn read(&self, index: usize, rows: &[&[u8]]) -> Result<ArrayRef> {
        let is_null = |row: &[u8]| row.get(index / 8).is_some_and(|bits| bits & (1 << (index % 8)) != 0);
        macro_rules! read {
            ($kind:ty) => {{
                let mut builder = PrimitiveBuilder::<$kind>::with_capacity(rows.len())
                    .with_data_type(self.data_type.arrow());
                for row in rows {
                    if is_null(row) {
                        builder.append_null();
                    } else {
                        let bytes = row.get(self.slot..).and_then(|bytes| bytes.first_chunk());
                        let bytes = bytes.ok_or_else(|| damaged("it is cut off"))?;
                        builder.append_value(<$kind as ArrowPrimitiveType>::Native::from_le_bytes(*bytes));
                    }
                }
                return Ok(Arc::new(builder.finish()));
            }};
        }
        each_primitive!(&self.data_type, read);
        match &self.data_type {
            SqlType::Null => Ok(Arc::new(NullArray::new(rows.len()))),
            SqlType::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(rows.len());
                for row in rows {
                    builder.append_option((!is_null(row)).then(|| row.get(self.slot) == Some(&1)));
                }
                Ok(Arc::new(builder.finish()))
            }
            SqlType::Char(_) | SqlType::VarChar(_) => {
                let mut builder = StringViewBuilder::with_capacity(rows.len());
                for row in rows {
                    if is_null(row) {
                        builder.append_null();
                    } else {
                        let text = std::str::from_utf8(self.rest(row)?)
                            .map_err(|_| damaged("a text is not UTF-8"))?;
                        builder.append_value(text);
                    }
                }
                Ok(Arc::new(builder.finish()))
            }
            SqlType::Binary(_) | SqlType::VarBinary(_) => {
                let mut builder = BinaryViewBuilder::with_capacity(rows.len());
                for row in rows {
                    if is_null(row) { builder.append_null() } else { builder.append_value(self.rest(row)?) }
                }
                Ok(Arc::new(builder.finish()))
            }
            _ => self.read_nested(rows, &is_null),
        }
    }

    fn read_nested(&self, rows: &[&[u8]], is_null: &dyn Fn(&[u8]) -> bool) -> Result<ArrayRef> {
        let codec = self.nested.as_ref().ok_or_else(|| damaged("it has a value of no known type"))?;
        let mut valid = BooleanBufferBuilder::new(rows.len());
        rows.iter().for_each(|row| valid.append(!is_null(row)));
        let nulls = Some(NullBuffer::new(valid.finish()));
        if let (SqlType::Row(_), DataType::Struct(fields)) = (&self.data_type, self.data_type.arrow()) {
            let empty = vec![0; codec.fixed];
            let inner =
                rows.iter().map(|row| if is_null(row) { Ok(empty.as_slice()) } else { self.rest(row) });
            let columns = codec.decode(&inner.collect::<Result<Vec<_>>>()?)?;
            return Ok(Arc::new(
                StructArray::try_new_with_length(fields, columns, nulls, rows.len()).map_err(arrow_error)?,
            ));
        }
        let (mut items, mut lengths) = (Vec::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            let before = items.len();
            if !is_null(row) {
                read_items(self.rest(row)?, &mut items)?;
            }
            lengths.push(items.len() - before);
        }
        let columns = codec.decode(&items)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let list = match (self.data_type.arrow(), columns.as_slice()) {
            (DataType::List(field), [values]) => {
                Arc::new(ListArray::try_new(field, offsets, values.clone(), nulls).map_err(arrow_error)?)
                    as ArrayRef
            }
            (DataType::Map(field, sorted), _) => {
                let DataType::Struct(fields) = field.data_type() else {
                    return Err(damaged("a map without entries"));
                };
                let entries = StructArray::try_new(fields.clone(), columns, None).map_err(arrow_error)?;
                Arc::new(MapArray::try_new(field, offsets, entries, nulls, sorted).map_err(arrow_error)?)
            }
            _ => return Err(damaged("it has a value of no known type")),
        };
        Ok(list)
    }

    /// The bytes that a slot refers to.
    fn rest<'r>(&self, row: &'r [u8]) -> Result<&'r [u8]> {
        let number = |at: usize| {
            let bytes = row.get(self.slot + at..).and_then(|bytes| bytes.first_chunk());
            bytes.map(|bytes| u32::from_le_bytes(*bytes) as usize)
        };
        let range = number(0)
            .zip(number(4))
            .and_then(|(offset, length)| row.get(offset..offset.checked_add(length)?));
        range.ok_or_else(|| damaged("a value lies outside of it"))
    }
}

fn put(data: &mut [u8], at: usize, bytes: &[u8]) -> Result<()> {
    let slot = data
        .get_mut(at..at + bytes.len())
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a slot outside of its row"))?;
    slot.copy_from_slice(bytes);
    Ok(())
}

fn word(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::new(ErrorKind::InvalidInput, "rows of more than 4 GiB"))
}

fn write_items(items: &EncodedRows, offsets: &[i32], row: usize, data: &mut Vec<u8>) -> Result<()> {
    let range = offsets
        .get(row)
        .zip(offsets.get(row + 1))
        .and_then(|(start, end)| Some(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?));
    let range = range.ok_or_else(|| Error::new(ErrorKind::Internal, "a list without offsets"))?;
    data.extend(word(range.len())?.to_le_bytes());
    for item in range {
        let bytes = items.get(item);
        data.extend(word(bytes.len())?.to_le_bytes());
        data.extend(bytes);
    }
    Ok(())
}

fn read_items<'r>(mut bytes: &'r [u8], items: &mut Vec<&'r [u8]>) -> Result<()> {
    let number = |bytes: &mut &'r [u8]| -> Result<usize> {
        let (number, rest) = bytes.split_first_chunk().ok_or_else(|| damaged("a list is cut off"))?;
        *bytes = rest;
        Ok(u32::from_le_bytes(*number) as usize)
    };
    let count = number(&mut bytes)?;
    for _ in 0..count {
        let length = number(&mut bytes)?;
        let (item, rest) = bytes.split_at_checked(length).ok_or_else(|| damaged("a list is cut off"))?;
        items.push(item);
        bytes = rest;
    }
    Ok(())
}

/// The names and types of columns as a layout's description in snapshots.
pub fn describe_rows(schema: &Schema) -> String {
    let columns: Vec<String> = schema.iter().map(NamedField::to_string).collect();
    format!("row({})", columns.join(", "))
}

#[cfg(test)]
mod tests;
