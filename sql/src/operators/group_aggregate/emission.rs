//! The changes of groups, from their results before and after each row.

mod sides;

use arrow_array::{ArrayRef, BooleanArray, UInt32Array};
use arrow_ord::cmp::distinct;
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use self::sides::{Pick, Side, picked};
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
        // One result that always changes, as COUNT(*) does, tells it all.
        let all_changed = self.changed.as_ref().is_some_and(|changed| !changed.has_false());
        if let Some(before) = observed.before.as_ref().filter(|_| !all_changed) {
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
        let room = if self.update_before { 2 } else { 1 } * self.transitions.len();
        let (mut picks, mut kinds) = (Vec::with_capacity(room), Vec::with_capacity(room));
        for (row, transition) in (0_u32..).zip(&self.transitions) {
            let mut change = |kind: RowKind, side: Side| {
                picks.push(Pick { row, side });
                kinds.push(kind);
            };
            match transition {
                Transition::Begins => change(RowKind::Insert, Side::After),
                // As in Flink, an update that changes nothing is none, unless state expires: it keeps that of those alive
                // who read it.
                Transition::Goes if self.refreshes || self.has_changed(row) => {
                    if self.update_before {
                        change(RowKind::UpdateBefore, Side::Before);
                    }
                    change(RowKind::UpdateAfter, Side::After);
                }
                Transition::Ends => change(RowKind::Delete, Side::Before),
                Transition::Goes | Transition::Nothing => {}
            }
        }
        if picks.is_empty() {
            return Ok(None);
        }
        let keys = keys.iter().map(|key| input.column(*key));
        // Where each row comes to one change, to what is known after it, nothing is copied.
        let as_they_are =
            picks.len() == self.transitions.len() && picks.iter().all(|pick| pick.side == Side::After);
        let columns: Vec<ArrayRef> = if as_they_are {
            let results = self.results.into_iter().map(|(_, after)| Ok(after));
            keys.map(|key| key.cloned()).chain(results).collect::<Result<_>>()?
        } else {
            let rows = UInt32Array::from_iter_values(picks.iter().map(|pick| pick.row));
            let keys = keys.map(|key| take(key?, &rows, None).map_err(arrow_error));
            let results = self.results.iter().map(|(before, after)| match before {
                None => take(after, &rows, None).map_err(arrow_error),
                Some(before) => picked(before, after, &picks),
            });
            keys.chain(results).collect::<Result<_>>()?
        };
        Ok(Some(Chunk::new(columns, picks.len()).with_kinds(kinds.into_iter().collect::<Kinds>())))
    }

    fn has_changed(&self, row: u32) -> bool {
        self.changed.as_ref().is_some_and(|changed| changed.value(row as usize))
    }
}
