//! Changes that consist of rows of the input and of rows of the state.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, UInt32Array};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use millstream_runtime::Result;
use millstream_runtime::chain::Output;

use crate::chunk::{Chunk, Kinds, RowCodec, RowKind, arrow_error};

/// Where the values of a change come from.
const INPUT: usize = 0;
const STATE: usize = 1;

/// The row of a change.
#[derive(Clone, Copy, Debug)]
pub enum ChangedRow<'r> {
    /// The row of the input with this number.
    Input(usize),
    /// A row of the state, as bytes.
    State(&'r [u8]),
}

/// Collects the changes that the rows of a chunk make, in order.
#[derive(Debug)]
pub struct Changes {
    codec: RowCodec,
    /// Whether each change has a number behind its columns.
    numbered: bool,
    update_before: bool,
    kinds: Vec<RowKind>,
    places: Vec<(usize, usize)>,
    numbers: Vec<i64>,
    /// The rows of the state, one behind the other.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Changes {
    /// Of rows that `codec` reads; without what rows were before an update, if nobody wants to know that.
    pub fn new(codec: RowCodec, numbered: bool, update_before: bool) -> Self {
        Self {
            codec,
            numbered,
            update_before,
            kinds: Vec::new(),
            places: Vec::new(),
            numbers: Vec::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a change.
    pub fn push(&mut self, kind: RowKind, row: ChangedRow<'_>) {
        self.push_numbered(kind, row, 0);
    }

    /// Adds a change with the number that stands behind the columns.
    pub fn push_numbered(&mut self, kind: RowKind, row: ChangedRow<'_>, number: u64) {
        if kind == RowKind::UpdateBefore && !self.update_before {
            return;
        }
        self.kinds.push(kind);
        self.places.push(match row {
            ChangedRow::Input(row) => (INPUT, row),
            ChangedRow::State(bytes) => {
                self.bytes.extend(bytes);
                self.ends.push(self.bytes.len());
                (STATE, self.ends.len() - 1)
            }
        });
        if self.numbered {
            self.numbers.push(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }

    /// Whether there are as many changes as a chunk has rows.
    pub fn is_full(&self) -> bool {
        self.kinds.len() >= Chunk::ROWS
    }

    /// Emits the changes; `input` has the rows of the input.
    ///
    /// # Errors
    /// If a row of the state is damaged, or what comes after fails.
    pub fn emit(&mut self, input: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.kinds.is_empty() {
            return Ok(());
        }
        let mut columns = self.columns(input)?;
        if self.numbered {
            columns.push(Arc::new(Int64Array::from(std::mem::take(&mut self.numbers))));
        }
        let count = self.kinds.len();
        let kinds: Kinds = self.kinds.drain(..).collect();
        self.places.clear();
        self.bytes.clear();
        self.ends.clear();
        output.forward(&mut Chunk::new(columns, count).with_kinds(kinds).into_batch())
    }

    fn columns(&self, input: &Chunk) -> Result<Vec<ArrayRef>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let rows = starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default());
        let rows: Vec<&[u8]> = rows.collect();
        if rows.is_empty() {
            let positions = self.places.iter().map(|(_, row)| u32::try_from(*row).unwrap_or(u32::MAX));
            let positions = UInt32Array::from_iter_values(positions);
            let taken =
                input.columns().iter().map(|column| take(column, &positions, None).map_err(arrow_error));
            return taken.collect();
        }
        let stored = self.codec.decode(&rows)?;
        if rows.len() == self.places.len() {
            return Ok(stored);
        }
        let both = input.columns().iter().zip(&stored);
        both.map(|(input, stored)| interleave(&[input, stored], &self.places).map_err(arrow_error)).collect()
    }
}
