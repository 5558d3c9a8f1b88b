//! The changes of groups, from their results before and after each row.

use arrow_array::{ArrayRef, BooleanArray, UInt32Array};
use arrow_ord::cmp::distinct;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use crate::chunk::{Chunk, Kinds, RowKind, arrow_error};
use crate::operators::accumulators::Observed;

/// What becomes of a group with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// It has its first row.
    Begins,
    /// It had rows and has some.
    Goes,
    /// It has no row any more.
    Ends,
    /// It had none and has none.
    Nothing,
}

/// The changes that the rows of one chunk make.
pub(super) struct Emission {
    transitions: Vec<Transition>,
    update_before: bool,
    /// Whether updates that change nothing are changes, too.
    refreshes: bool,
    results: Vec<(Option<ArrayRef>, ArrayRef)>,
    /// Whether a row has changed any result of its group.
    changed: Option<BooleanArray>,
}

impl Emission {
    pub(super) const fn new(transitions: Vec<Transition>, update_before: bool, refreshes: bool) -> Self {
        Self { transitions, update_before, refreshes, results: Vec::new(), changed: None }
    }

    /// The results of the next call.
    pub(super) fn observed(&mut self, observed: Observed) -> Result<()> {
        let after =
            observed.after.ok_or_else(|| Error::new(ErrorKind::Internal, "an aggregate without a result"))?;
        if let Some(before) = &observed.before {
            let differs = distinct(before, &after).map_err(arrow_error)?;
            self.changed = Some(match self.changed.take() {
                None => differs,
                Some(changed) => arrow_arith::boolean::or(&changed, &differs).map_err(arrow_error)?,
            });
        }
        self.results.push((observed.before, after));
        Ok(())
    }

    /// The changes, in the order of the rows; `input` has the groups' keys. None if nothing has changed.
    pub(super) fn chunk(self, input: &Chunk, keys: &[usize]) -> Result<Option<Chunk>> {
        /// Of which results a change consists.
        const BEFORE: usize = 0;
        const AFTER: usize = 1;
        let room = 2 * self.transitions.len();
        let (mut rows, mut sides, mut kinds) =
            (Vec::with_capacity(room), Vec::with_capacity(room), Vec::with_capacity(room));
        for (row, transition) in self.transitions.iter().enumerate() {
            let mut change = |kind: RowKind, side: usize| {
                rows.push(u32::try_from(row).unwrap_or(u32::MAX));
                sides.push((side, row));
                kinds.push(kind);
            };
            match transition {
                Transition::Begins => change(RowKind::Insert, AFTER),
                // As in Flink, an update that changes nothing is none, unless state expires: it keeps that of those alive
                // who read it.
                Transition::Goes
                    if self.refreshes || self.changed.as_ref().is_some_and(|changed| changed.value(row)) =>
                {
                    if self.update_before {
                        change(RowKind::UpdateBefore, BEFORE);
                    }
                    change(RowKind::UpdateAfter, AFTER);
                }
                Transition::Ends => change(RowKind::Delete, BEFORE),
                Transition::Goes | Transition::Nothing => {}
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let count = rows.len();
        let rows = UInt32Array::from(rows);
        let keys = keys.iter().map(|key| take(input.column(*key)?, &rows, None).map_err(arrow_error));
        let results = self.results.iter().map(|(before, after)| match before {
            None => take(after, &rows, None).map_err(arrow_error),
            Some(before) => interleave(&[before, after], &sides).map_err(arrow_error),
        });
        let columns = keys.chain(results).collect::<Result<Vec<_>>>()?;
        Ok(Some(Chunk::new(columns, count).with_kinds(kinds.into_iter().collect::<Kinds>())))
    }
}
