//! Columns of values that are made of others: arrays, maps and rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};

use super::{ColumnBuilder, ValueError, Values, arrow_error};
use crate::types::{Field, NamedField};

/// Where the elements of each value end, and which values are NULL.
struct Ends {
    offsets: Vec<i32>,
    valid: NullBufferBuilder,
}

impl Ends {
    fn new() -> Self {
        Self { offsets: vec![0], valid: NullBufferBuilder::new(0) }
    }

    fn close(&mut self, elements: usize, valid: bool) {
        // Beyond 2^31 elements the offsets would turn around; `finish` refuses them then.
        self.offsets.push(i32::try_from(elements).unwrap_or(-1));
        self.valid.append(valid);
    }

    fn finish(&mut self) -> Result<(OffsetBuffer<i32>, Option<arrow_buffer::NullBuffer>)> {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        if offsets.contains(&-1) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a chunk with more than 2147483647 elements in arrays",
            ));
        }
        Ok((OffsetBuffer::new(offsets.into()), self.valid.finish()))
    }
}

fn other_type(wanted: &str, found: &DataType) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {found} built as {wanted}"))
}

pub(super) struct ListValues {
    element: ColumnBuilder,
    ends: Ends,
}

impl ListValues {
    pub(super) fn new(element: &Field) -> Self {
        Self { element: ColumnBuilder::new(element), ends: Ends::new() }
    }

    /// Ends a value with the elements that were appended since the last.
    pub(super) fn close(&mut self, valid: bool) {
        self.ends.close(self.element.len(), valid);
    }

    pub(super) fn finish(&mut self, data_type: &DataType) -> Result<ArrayRef> {
        let DataType::List(item) = data_type else { return Err(other_type("an array", data_type)) };
        let (offsets, valid) = self.ends.finish()?;
        let elements = self.element.finish()?;
        Ok(Arc::new(ListArray::try_new(item.clone(), offsets, elements, valid).map_err(arrow_error)?))
    }
}

pub(super) struct MapValues {
    key: ColumnBuilder,
    value: ColumnBuilder,
    ends: Ends,
}

impl MapValues {
    pub(super) fn new(key: &Field, value: &Field) -> Self {
        // A key may be NULL by its type; arrow has no such maps, so that a row with one is an error.
        let key = Field::required(key.data_type.clone());
        Self { key: ColumnBuilder::new(&key), value: ColumnBuilder::new(value), ends: Ends::new() }
    }

    /// Ends a value; where only one of key and value was appended, the other is not looked at.
    pub(super) fn close(&mut self, valid: bool) {
        while self.key.len() < self.value.len() {
            self.key.append_placeholder();
        }
        while self.value.len() < self.key.len() {
            self.value.append_placeholder();
        }
        self.ends.close(self.key.len(), valid);
    }

    pub(super) fn finish(&mut self, data_type: &DataType) -> Result<ArrayRef> {
        let DataType::Map(entries, sorted) = data_type else { return Err(other_type("a map", data_type)) };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(other_type("entries", entries.data_type()));
        };
        let (offsets, valid) = self.ends.finish()?;
        let columns = vec![self.key.finish()?, self.value.finish()?];
        let rows = StructArray::try_new(fields.clone(), columns, None).map_err(arrow_error)?;
        Ok(Arc::new(MapArray::try_new(entries.clone(), offsets, rows, valid, *sorted).map_err(arrow_error)?))
    }
}

pub(super) struct RowValues {
    fields: Vec<ColumnBuilder>,
    length: usize,
    valid: NullBufferBuilder,
}

impl RowValues {
    pub(super) fn new(fields: &[NamedField]) -> Self {
        let fields = fields.iter().map(|field| ColumnBuilder::new(&field.field)).collect();
        Self { fields, length: 0, valid: NullBufferBuilder::new(0) }
    }

    /// Ends a value; fields that were not appended are not looked at.
    pub(super) fn close(&mut self, valid: bool) {
        self.length += 1;
        self.valid.append(valid);
        for field in &mut self.fields {
            if field.len() < self.length {
                field.append_placeholder();
            }
        }
    }

    pub(super) fn finish(&mut self, data_type: &DataType) -> Result<ArrayRef> {
        let DataType::Struct(fields) = data_type else { return Err(other_type("a row", data_type)) };
        let columns = self.fields.iter_mut().map(ColumnBuilder::finish).collect::<Result<Vec<_>>>()?;
        let length = std::mem::take(&mut self.length);
        let valid = self.valid.finish();
        let rows = StructArray::try_new_with_length(fields.clone(), columns, valid, length);
        Ok(Arc::new(rows.map_err(arrow_error)?))
    }
}

impl ColumnBuilder {
    /// Adds an ARRAY, whose elements `fill` appends.
    ///
    /// # Errors
    /// What `fill` says, or that the column is not of that type.
    pub fn append_array(
        &mut self,
        fill: impl FnOnce(&mut Self) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let Values::List(list) = &mut self.values else { return self.refuse("an array") };
        let filled = fill(&mut list.element);
        list.close(filled.is_ok() || !self.field.nullable);
        self.length += 1;
        filled
    }

    /// Adds a MAP or MULTISET, whose keys and values `fill` appends, as many of the one as of the other.
    ///
    /// # Errors
    /// What `fill` says, or that the column is not of that type.
    pub fn append_map(
        &mut self,
        fill: impl FnOnce(&mut Self, &mut Self) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let Values::Map(map) = &mut self.values else { return self.refuse("a map") };
        let filled = fill(&mut map.key, &mut map.value);
        map.close(filled.is_ok() || !self.field.nullable);
        self.length += 1;
        filled
    }

    /// Adds a ROW, whose fields `fill` appends; those that it leaves out are NULL.
    ///
    /// # Errors
    /// What `fill` says, that a field that it leaves out is NOT NULL, or that the column is not of that type.
    pub fn append_row(
        &mut self,
        fill: impl FnOnce(&mut [Self]) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let Values::Row(row) = &mut self.values else { return self.refuse("a row") };
        let mut filled = fill(&mut row.fields);
        for field in &mut row.fields {
            if field.len() <= row.length && filled.is_ok() {
                filled = field.append_null();
            }
        }
        row.close(filled.is_ok() || !self.field.nullable);
        self.length += 1;
        filled
    }

    fn refuse(&mut self, what: &str) -> Result<(), ValueError> {
        self.append_placeholder();
        Err(ValueError::new(format!("{what} is no {}", self.field.data_type)))
    }
}
