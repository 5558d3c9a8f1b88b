//! The rows that a join gives, as positions in a chunk of one input and in candidates of the other.

use arrow_array::builder::UInt32Builder;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_runtime::Result;

use super::Input;
use super::probe::position;
use crate::chunk::{Chunk, Kinds, RowKind, arrow_error};

/// Rows that are given, until there are enough for a chunk.
#[derive(Default)]
pub(super) struct Emission {
    /// Positions in the chunk; NULL where the row is NULLs there.
    input: UInt32Builder,
    /// Positions in the candidates; NULL where the row is NULLs there.
    other: UInt32Builder,
    kinds: Vec<RowKind>,
}

impl Emission {
    pub(super) fn push(&mut self, kind: RowKind, input: Option<usize>, other: Option<usize>) {
        self.input.append_option(input.map(position));
        self.other.append_option(other.map(position));
        self.kinds.push(kind);
    }

    pub(super) fn is_full(&self) -> bool {
        self.kinds.len() >= Chunk::ROWS
    }

    /// The rows as a chunk, if there are any. The columns of the left input come first; `left_only` leaves out those of
    /// the right one.
    pub(super) fn finish(
        &mut self,
        from: Input,
        left_only: bool,
        input: &[ArrayRef],
        other: &[ArrayRef],
    ) -> Result<Option<Chunk>> {
        let rows = self.kinds.len();
        if rows == 0 {
            return Ok(None);
        }
        let (input_positions, other_positions) = (self.input.finish(), self.other.finish());
        let (inputs, others) = ((input, &input_positions), (other, &other_positions));
        let (left, right) = match from {
            Input::Left => (inputs, others),
            Input::Right => (others, inputs),
        };
        let mut columns = Vec::with_capacity(input.len() + other.len());
        chosen(left.0, left.1, &mut columns)?;
        if !left_only {
            chosen(right.0, right.1, &mut columns)?;
        }
        let kinds: Kinds = self.kinds.drain(..).collect();
        Ok(Some(Chunk::new(columns, rows).with_kinds(kinds)))
    }
}

fn chosen(columns: &[ArrayRef], positions: &UInt32Array, into: &mut Vec<ArrayRef>) -> Result<()> {
    for column in columns {
        into.push(take(column, positions, None).map_err(arrow_error)?);
    }
    Ok(())
}
