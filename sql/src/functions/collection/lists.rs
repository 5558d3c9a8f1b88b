//! Arrays of all rows: their elements one after the other, and where those of each row are.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, NullBufferBuilder, OffsetBuffer};
use arrow_ord::ord::{DynComparator, make_comparator};
use arrow_schema::{DataType, SortOptions};
use arrow_select::interleave::interleave;
use millstream_runtime::{Error, ErrorKind, Result};

use crate::chunk::arrow_error;
use crate::eval::Arguments;

/// An argument of type ARRAY, with one value a row.
pub(super) fn lists(call: &Arguments<'_>, index: usize) -> Result<ListArray> {
    let values = call.array(index)?;
    let lists = values.as_list_opt::<i32>().cloned();
    lists.ok_or_else(|| wrong_type("an array", values.data_type()))
}

/// An argument of type MAP, with one value a row.
pub(super) fn maps(call: &Arguments<'_>, index: usize) -> Result<MapArray> {
    let values = call.array(index)?;
    values.as_map_opt().cloned().ok_or_else(|| wrong_type("a map", values.data_type()))
}

fn wrong_type(wanted: &str, found: &DataType) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {found} where {wanted} is wanted"))
}

/// Where the elements of a row are; `None` if it is NULL.
pub(super) fn range_of(offsets: &OffsetBuffer<i32>, array: &dyn Array, row: usize) -> Option<Range<usize>> {
    let end = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok());
    array.is_valid(row).then_some(end(row)?..end(row + 1)?)
}

/// The elements of a row of arrays; `None` if it is NULL.
pub(super) fn range(lists: &ListArray, row: usize) -> Option<Range<usize>> {
    range_of(lists.offsets(), lists, row)
}

/// Rows that have no NULL in any of these columns, which are not to have one; `None` if all are so. A row that has one all
/// the same becomes NULL as a whole: its type has no other place for it.
pub(super) fn complete<'a>(columns: impl IntoIterator<Item = &'a ArrayRef>) -> Option<NullBuffer> {
    columns
        .into_iter()
        .fold(None, |known, column| NullBuffer::union(known.as_ref(), column.logical_nulls().as_ref()))
}

/// Whether a row is complete.
pub(super) fn is_complete(rows: &Option<NullBuffer>, row: usize) -> bool {
    rows.as_ref().is_none_or(|rows| rows.is_valid(row))
}

/// Compares elements of one column with those of another; NULLs are equal, and before all others.
pub(super) fn comparator(left: &ArrayRef, right: &ArrayRef) -> Result<DynComparator> {
    make_comparator(left, right, SortOptions::default()).map_err(arrow_error)
}

/// Arrays or maps that are put together from the elements of others.
pub(super) struct ListsBuilder {
    /// Which element of which source each element is.
    elements: Vec<(usize, usize)>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl ListsBuilder {
    pub(super) fn new(rows: usize) -> Self {
        Self { elements: Vec::new(), offsets: vec![0], nulls: NullBufferBuilder::new(rows) }
    }

    /// Appends an element of a source to the row that is being made.
    pub(super) fn push(&mut self, source: usize, element: usize) {
        self.elements.push((source, element));
    }

    /// Appends elements of a source.
    pub(super) fn extend(&mut self, source: usize, elements: Range<usize>) {
        self.elements.extend(elements.map(|element| (source, element)));
    }

    /// The elements of the row that is being made.
    pub(super) fn current(&self) -> &[(usize, usize)] {
        let start = self.offsets.last().and_then(|offset| usize::try_from(*offset).ok()).unwrap_or_default();
        self.elements.get(start..).unwrap_or_default()
    }

    /// Ends a row; NULL if it is none.
    pub(super) fn end_row(&mut self, row: Option<()>) -> Result<()> {
        let end = i32::try_from(self.elements.len()).map_err(|_| {
            Error::new(ErrorKind::Function, "the arrays of a chunk have more than 2147483647 elements")
        })?;
        self.offsets.push(end);
        self.nulls.append(row.is_some());
        Ok(())
    }

    /// The elements of all rows from one set of sources: once for an array, twice for a map.
    pub(super) fn gather(&self, sources: &[&ArrayRef]) -> Result<ArrayRef> {
        let sources: Vec<&dyn Array> = sources.iter().map(|source| source.as_ref()).collect();
        interleave(&sources, &self.elements).map_err(arrow_error)
    }

    /// Arrays of this arrow type.
    pub(super) fn finish(mut self, data_type: &DataType, sources: &[&ArrayRef]) -> Result<ArrayRef> {
        let DataType::List(element) = data_type else { return Err(wrong_type("an array", data_type)) };
        let values = self.gather(sources)?;
        let offsets = OffsetBuffer::new(std::mem::take(&mut self.offsets).into());
        let lists = ListArray::try_new(element.clone(), offsets, values, self.nulls.finish());
        Ok(Arc::new(lists.map_err(arrow_error)?))
    }

    /// Maps of this arrow type whose keys and values have the same places in their sources.
    pub(super) fn finish_map(
        self,
        data_type: &DataType,
        keys: &[&ArrayRef],
        values: &[&ArrayRef],
    ) -> Result<ArrayRef> {
        let (keys, values) = (self.gather(keys)?, self.gather(values)?);
        self.entries(data_type, keys, values)
    }

    /// Maps of this arrow type, of the keys whose places these are and values that have been gathered.
    pub(super) fn finish_maps(
        self,
        data_type: &DataType,
        keys: &ArrayRef,
        values: ArrayRef,
    ) -> Result<ArrayRef> {
        let keys = self.gather(&[keys])?;
        self.entries(data_type, keys, values)
    }

    fn entries(mut self, data_type: &DataType, keys: ArrayRef, values: ArrayRef) -> Result<ArrayRef> {
        let DataType::Map(entries, sorted) = data_type else { return Err(wrong_type("a map", data_type)) };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(wrong_type("a map", data_type));
        };
        if keys.null_count() > 0 {
            return Err(Error::new(ErrorKind::Function, "a key of a map is NULL, which is not supported"));
        }
        let columns = StructArray::try_new(fields.clone(), vec![keys, values], None).map_err(arrow_error)?;
        let offsets = OffsetBuffer::new(std::mem::take(&mut self.offsets).into());
        let maps = MapArray::try_new(entries.clone(), offsets, columns, self.nulls.finish(), *sorted);
        Ok(Arc::new(maps.map_err(arrow_error)?))
    }
}
