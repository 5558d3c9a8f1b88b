//! Rows that were looked up meet those that asked for them.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array, new_null_array};
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use super::request::Request;
use super::specification::LookupJoinSpecification;
use crate::chunk::{Chunk, arrow_error};
use crate::eval::{EvalContext, Program};
use crate::plan::JoinKind;

/// Rows that stand next to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// So many rows from one on. A chunk never has more than fit into 32 bits.
    pub(super) fn new(start: usize, length: usize) -> Self {
        let fit = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { start: fit(start), length: fit(length) }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.length == 0
    }

    pub(super) const fn grow(&mut self) {
        self.length += 1;
    }

    pub(super) const fn rows(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

/// The rows of a table that belong to the rows of a request.
pub(super) struct Answer {
    pub(super) rows: Chunk,
    /// Those of each key.
    pub(super) of_group: Vec<Span>,
}

/// A row of the request with one of the table, or with none.
type Pair = (u32, Option<u32>);

impl Answer {
    /// Gives the rows of the result to `emit`, in the order of the request's.
    pub(super) fn join(
        self,
        specification: &LookupJoinSpecification,
        request: &Request,
        cx: &EvalContext,
        emit: &mut dyn FnMut(Chunk) -> Result<()>,
    ) -> Result<()> {
        let Self { rows, of_group } = self.filtered(specification.condition.as_ref(), cx)?;
        let columns = match rows.is_empty() {
            // Without a row, not even a constant may be worked out.
            true => None,
            false => Some(specification.projection.evaluate_columns(rows.columns(), rows.rows(), cx)?),
        };
        let right = Right { columns, types: specification };
        let matches = matches(request, &of_group);
        let matches = match &specification.residual {
            Some(residual) => holding(residual, &request.rows, &right, matches, cx)?,
            None => matches,
        };
        let pairs = match specification.kind {
            JoinKind::Left => with_unmatched(request.rows(), matches),
            _ => matches,
        };
        pairs.chunks(Chunk::ROWS).try_for_each(|pairs| emit(right.pairs(&request.rows, pairs)?))
    }

    /// The rows for which a condition holds.
    fn filtered(self, condition: Option<&Program>, cx: &EvalContext) -> Result<Self> {
        let Some(condition) = condition.filter(|_| !self.rows.is_empty()) else { return Ok(self) };
        let mask = mask(condition, self.rows.columns(), self.rows.rows(), cx)?;
        // How many rows are left before each.
        let mut before = Vec::with_capacity(mask.len() + 1);
        let mut left = 0_usize;
        before.push(left);
        for row in 0..mask.len() {
            left += usize::from(mask.is_valid(row) && mask.value(row));
            before.push(left);
        }
        let at = |row: usize| before.get(row).copied().unwrap_or(left);
        let of_group = self.of_group.iter().map(|span| {
            let Range { start, end } = span.rows();
            Span::new(at(start), at(end) - at(start))
        });
        Ok(Self { of_group: of_group.collect(), rows: self.rows.filter(&mask)? })
    }
}

/// Each row of the request with each that has its key.
fn matches(request: &Request, of_group: &[Span]) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(request.rows());
    for (row, group) in (0_u32..).zip(request.grouping.groups()) {
        let span = of_group.get(*group as usize).copied().unwrap_or_default();
        pairs.extend((span.start..span.start + span.length).map(|other| (row, Some(other))));
    }
    pairs
}

/// Those pairs for which the rest of the condition holds.
fn holding(
    residual: &Program,
    left: &Chunk,
    right: &Right<'_>,
    pairs: Vec<Pair>,
    cx: &EvalContext,
) -> Result<Vec<Pair>> {
    let mut kept = Vec::with_capacity(pairs.len());
    for pairs in pairs.chunks(Chunk::ROWS) {
        let rows = right.pairs(left, pairs)?;
        let mask = mask(residual, rows.columns(), rows.rows(), cx)?;
        let holds = pairs.iter().enumerate().filter(|(at, _)| mask.is_valid(*at) && mask.value(*at));
        kept.extend(holds.map(|(_, pair)| *pair));
    }
    Ok(kept)
}

/// The pairs, and each row that is in none on its own.
fn with_unmatched(rows: usize, matches: Vec<Pair>) -> Vec<Pair> {
    let mut all = Vec::with_capacity(matches.len().max(rows));
    let mut matches = matches.into_iter().peekable();
    for row in (0_u32..).take(rows) {
        let before = all.len();
        while let Some(pair) = matches.next_if(|(left, _)| *left == row) {
            all.push(pair);
        }
        if all.len() == before {
            all.push((row, None));
        }
    }
    all
}

fn mask(condition: &Program, columns: &[ArrayRef], rows: usize, cx: &EvalContext) -> Result<BooleanArray> {
    let mask = condition.evaluate_columns(columns, rows, cx)?.pop();
    let mask = mask.as_ref().and_then(|mask| mask.as_boolean_opt());
    mask.cloned().ok_or_else(|| Error::new(ErrorKind::Internal, "a condition that is no BOOLEAN"))
}

/// The columns of the right input.
struct Right<'a> {
    /// `None` if there is no row.
    columns: Option<Vec<ArrayRef>>,
    types: &'a LookupJoinSpecification,
}

impl Right<'_> {
    /// Pairs, as rows.
    fn pairs(&self, left: &Chunk, pairs: &[Pair]) -> Result<Chunk> {
        let lefts = left.take(&UInt32Array::from_iter_values(pairs.iter().map(|(left, _)| *left)))?;
        let mut columns = lefts.columns().to_vec();
        match &self.columns {
            Some(rights) => {
                let positions: UInt32Array = pairs.iter().map(|(_, right)| *right).collect();
                for column in rights {
                    columns.push(take(column, &positions, None).map_err(arrow_error)?);
                }
            }
            None => {
                let types = &self.types.right_types;
                columns.extend(types.iter().map(|data_type| new_null_array(data_type, pairs.len())));
            }
        }
        Ok(lefts.with_columns(columns))
    }
}
