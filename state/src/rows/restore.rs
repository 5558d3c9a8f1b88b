//! From the blocks of a snapshot to rows, at whatever parallelism.

use super::key_column::KeyKind;
use super::row::{self, RowsPerKey};
use super::snapshot::{STAMPED, UNSTAMPED};
use super::store::RowStore;
use crate::codec::decode_from;
use crate::snapshot::part::StateKind;
use crate::snapshot::read::KeyedRestore;
use crate::{KeyGroup, Result, StateError};

impl RowStore {
    /// Adds all that a snapshot holds of this state for the subtask. Each block is given back as soon as it is
    /// decoded.
    ///
    /// Rows keep the stamps that they had; where rows did not expire when the snapshot was taken, they get
    /// the [present one](Self::set_now).
    ///
    /// # Errors
    /// If the snapshot holds another kind of state, or rows of another layout, the bytes are no rows of
    /// this layout, or rows belong to another subtask or are there already.
    pub fn restore_all(&mut self, stored: KeyedRestore) -> Result<()> {
        check_kind(&self.meta.name, stored.meta.kind)?;
        self.meta.check_unchanged(&stored.meta)?;
        stored.blocks.into_iter().try_for_each(|(group, bytes)| self.restore(group, &bytes))
    }

    /// Adds what a snapshot holds for `group`.
    ///
    /// # Errors
    /// As [`restore_all`](Self::restore_all).
    pub fn restore(&mut self, group: KeyGroup, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        let is_stamped = match take(&mut rest, 1) {
            Some([STAMPED]) => true,
            Some([UNSTAMPED]) => false,
            _ => return Err(self.damaged("it does not begin as a block of rows")),
        };
        while !rest.is_empty() {
            self.restore_key(group, is_stamped, &mut rest)?;
        }
        self.groups.is_as_restored(group);
        Ok(())
    }

    fn restore_key(&mut self, group: KeyGroup, is_stamped: bool, rest: &mut &[u8]) -> Result<()> {
        let hash = take(rest, 8).and_then(|bytes| bytes.first_chunk());
        let hash = u64::from_le_bytes(*hash.ok_or_else(|| self.damaged("a hash is cut off"))?);
        if self.groups.groups().of_hash(hash) != group {
            return Err(self.damaged("a row belongs to another key group"));
        }
        let length = match self.layout.key_kind() {
            KeyKind::U64 => 8,
            KeyKind::U128 => 16,
            KeyKind::Bytes => self.length(rest)?,
        };
        let key = take(rest, length).ok_or_else(|| self.damaged("a key is cut off"))?;
        let mut first = self.index.find(hash, |row| self.is_row_of(key, row));
        // Also ends what a forged count makes of rows that take no bytes.
        if first.is_some() {
            return Err(self.damaged("a key is there twice"));
        }
        let rows = match self.layout.rows_per_key() {
            RowsPerKey::One => 1,
            RowsPerKey::Many => self.length(rest)?,
        };
        if rows == 0 {
            return Err(self.damaged("a key has no rows"));
        }
        for _ in 0..rows {
            let stamp = match is_stamped {
                true => take(rest, 4).and_then(|bytes| bytes.first_chunk()).copied().map(u32::from_le_bytes),
                false => Some(self.expiry.now()),
            };
            let stamp = stamp.ok_or_else(|| self.damaged("a stamp is cut off"))?;
            let fixed = take(rest, self.layout.initial().len());
            let fixed = fixed.ok_or_else(|| self.damaged("a fixed part is cut off"))?;
            let length = self.length(rest)?;
            let variable = take(rest, length).ok_or_else(|| self.damaged("a variable part is cut off"))?;
            let row = match self.layout.rows_per_key() {
                RowsPerKey::One => {
                    let row = self.new_row(hash, key, variable)?;
                    self.index.insert(hash, row);
                    row
                }
                RowsPerKey::Many => self.append_one(hash, key, first, variable)?,
            };
            first = first.or(Some(row));
            let bytes = self.pages.row_mut(row);
            row::set_stamp(bytes, stamp);
            if let Some(to) = bytes.get_mut(self.layout.fixed()) {
                to.copy_from_slice(fixed);
            }
        }
        Ok(())
    }

    fn length(&self, rest: &mut &[u8]) -> Result<usize> {
        decode_from(rest).map_err(|_| self.damaged("a length is cut off"))
    }

    #[cold]
    fn damaged(&self, problem: &str) -> StateError {
        damaged(&self.meta.name, problem)
    }
}

/// Takes bytes off the front.
pub(super) fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

/// The error that says what is wrong with a block.
#[cold]
pub(super) fn damaged(state: &str, problem: &str) -> StateError {
    StateError::Usage(format!("state `{state}`: a block of the snapshot cannot be read: {problem}"))
}

/// Checks that a snapshot holds rows under this name.
pub(super) fn check_kind(state: &str, kind: StateKind) -> Result<()> {
    if kind == StateKind::Rows {
        return Ok(());
    }
    Err(StateError::Usage(format!(
        "state `{state}`: the snapshot holds a state of another kind under this name, {kind:?}: \
         give the state another name"
    )))
}

#[cfg(test)]
mod tests;
