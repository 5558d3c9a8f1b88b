//! From the blocks of a snapshot to rows, at whatever parallelism.

use super::key_column::KeyKind;
use super::layout::RowsPerKey;
use super::row;
use super::row_ref::RowRef;
use super::snapshot::{STAMPED, UNSTAMPED, hash_of_bytes};
use super::store::RowStore;
use super::words::{take, unpack};
use crate::codec::decode_from;
use crate::snapshot::part::StateKind;
use crate::snapshot::read::KeyedRestore;
use crate::{KeyGroup, Result, StateError};

/// How many keys are looked up in the index at once.
const AHEAD: usize = 64;

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
        self.restore_keys(group, is_stamped, usize::MAX, &mut rest)?;
        self.groups.is_as_restored(group);
        Ok(())
    }

    /// Adds the rows of so many keys, or of fewer if the bytes end before; returns how many are missing.
    pub(super) fn restore_keys(
        &mut self,
        group: KeyGroup,
        is_stamped: bool,
        mut keys: usize,
        rest: &mut &[u8],
    ) -> Result<usize> {
        // The index is looked into for many keys at once, since most of it is in no cache.
        let mut found = Vec::with_capacity(AHEAD);
        while !rest.is_empty() && keys > 0 {
            keys -= 1;
            found.push(self.restore_key(group, is_stamped, rest)?);
            if found.len() == AHEAD {
                self.index_restored(&mut found)?;
            }
        }
        self.index_restored(&mut found)?;
        Ok(keys)
    }

    /// Adds the rows of one key; returns its hash and the first of them, which the index does not know yet.
    fn restore_key(&mut self, group: KeyGroup, is_stamped: bool, rest: &mut &[u8]) -> Result<(u64, RowRef)> {
        let mut number = [0; 16];
        let key = match self.layout.key_kind() {
            KeyKind::U64 => unpack(rest, &mut number[..8]).and(number.get(..8)),
            KeyKind::U128 => unpack(rest, &mut number).and(Some(&number[..])),
            KeyKind::Bytes => {
                let length = self.length(rest)?;
                take(rest, length)
            }
        };
        let key = key.ok_or_else(|| self.damaged("a key is cut off"))?;
        let hash =
            hash_of_bytes(key) ^ decode_from::<u64>(rest).map_err(|_| self.damaged("a hash is cut off"))?;
        if self.groups.groups().of_hash(hash) != group {
            return Err(self.damaged("a row belongs to another key group"));
        }
        let rows = match self.layout.rows_per_key() {
            RowsPerKey::One => 1,
            RowsPerKey::Many => self.length(rest)?,
        };
        let mut first = None;
        for _ in 0..rows {
            let row = self.restore_row(hash, key, is_stamped, rest)?;
            match first {
                None => first = Some(row),
                Some(first) => self.link_last(first, row),
            }
        }
        Ok((hash, first.ok_or_else(|| self.damaged("a key has no rows"))?))
    }

    fn restore_row(&mut self, hash: u64, key: &[u8], is_stamped: bool, rest: &mut &[u8]) -> Result<RowRef> {
        let stamp = match is_stamped {
            true => take(rest, 4).and_then(|bytes| bytes.first_chunk()).copied().map(u32::from_le_bytes),
            false => Some(self.expiry.now()),
        };
        let stamp = stamp.ok_or_else(|| self.damaged("a stamp is cut off"))?;
        // The variable part comes first, for its length says how large the row is.
        let length = self.length(rest)?;
        let variable = take(rest, length).ok_or_else(|| self.damaged("a variable part is cut off"))?;
        let row = self.new_row(hash, key, variable)?;
        let bytes = self.pages.row_mut(row);
        row::set_stamp(bytes, stamp);
        let fixed = bytes.get_mut(self.layout.fixed()).and_then(|fixed| unpack(rest, fixed));
        fixed.ok_or_else(|| self.damaged("a fixed part is cut off"))?;
        Ok(row)
    }

    /// Lets the index know rows with different keys.
    fn index_restored(&mut self, found: &mut Vec<(u64, RowRef)>) -> Result<()> {
        found.iter().for_each(|(hash, _)| self.index.prefetch(*hash));
        for (hash, row) in found.drain(..) {
            let key = self.key(row);
            if self.index.find(hash, |other| self.key(other) == key).is_some() {
                return Err(self.damaged("a key is there twice"));
            }
            self.index.insert(hash, row);
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

/// The error that says what is wrong with a block.
#[cold]
pub(super) fn damaged(state: &str, problem: &str) -> StateError {
    StateError::Usage(format!(
        "state `{state}`: a block of the snapshot is damaged: {problem}; restore from another snapshot"
    ))
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
