//! From the blocks of a snapshot to rows, at whatever parallelism.

use bytes::Bytes;

use super::key_column::KeyKind;
use super::layout::RowsPerKey;
use super::row;
use super::row_changes::ReplacedSlots;
use super::row_ref::RowRef;
use super::snapshot::{CHANGES, STAMPED, UNSTAMPED, hash_of_bytes};
use super::store::RowStore;
use super::words::{take, unpack};
use crate::codec::decode_from;
use crate::snapshot::part::StateKind;
use crate::snapshot::read::{KeyedRestore, StoredGroup};
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
        stored.into_groups().try_for_each(|StoredGroup { group, content, changes }| {
            self.restore_changed(group, &content, &changes)
        })
    }

    /// Adds what a snapshot holds for `group`.
    ///
    /// # Errors
    /// As [`restore_all`](Self::restore_all).
    pub fn restore(&mut self, group: KeyGroup, bytes: &[u8]) -> Result<()> {
        self.restore_changed(group, bytes, &[])
    }

    /// Adds what a snapshot holds for `group`: its content at some checkpoint, and what has changed since.
    fn restore_changed(&mut self, group: KeyGroup, content: &[u8], changes: &[Bytes]) -> Result<()> {
        let mut content = content;
        let is_stamped = take_stamped(&mut content, 0);
        let is_stamped = is_stamped.ok_or_else(|| self.damaged("it does not begin as a block of rows"))?;
        let mut blocks = vec![(is_stamped, content)];
        let mut replaced = Vec::with_capacity(changes.len());
        for changes in changes {
            let mut rest = &changes[..];
            let is_stamped = take_stamped(&mut rest, CHANGES);
            let is_stamped =
                is_stamped.ok_or_else(|| self.damaged("it does not begin as a block of changed rows"))?;
            let slots = ReplacedSlots::decode(&mut rest);
            replaced.push(slots.ok_or_else(|| self.damaged("what it replaces is cut off"))?);
            blocks.push((is_stamped, rest));
        }
        for (index, (is_stamped, mut rest)) in blocks.into_iter().enumerate() {
            let later = replaced.get(index..).unwrap_or_default();
            self.restore_keys(group, is_stamped, later, usize::MAX, &mut rest)?;
        }
        self.groups.is_as_restored(group);
        self.groups.watch_restored(group);
        Ok(())
    }

    /// Adds the rows of so many keys, or of fewer if the bytes end before; returns how many are missing. Keys that
    /// `later` blocks replace are left out.
    pub(super) fn restore_keys(
        &mut self,
        group: KeyGroup,
        is_stamped: bool,
        later: &[ReplacedSlots],
        mut keys: usize,
        rest: &mut &[u8],
    ) -> Result<usize> {
        // The index is looked into for many keys at once, since most of it is in no cache.
        let mut found = Vec::with_capacity(AHEAD);
        while !rest.is_empty() && keys > 0 {
            keys -= 1;
            found.extend(self.restore_key(group, is_stamped, later, rest)?);
            if found.len() == AHEAD {
                self.index_restored(&mut found)?;
            }
        }
        self.index_restored(&mut found)?;
        Ok(keys)
    }

    /// Adds the rows of one key, unless a later block replaces them; returns its hash and the first of them, which the
    /// index does not know yet.
    fn restore_key(
        &mut self,
        group: KeyGroup,
        is_stamped: bool,
        later: &[ReplacedSlots],
        rest: &mut &[u8],
    ) -> Result<Option<(u64, RowRef)>> {
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
        if later.iter().any(|replaced| replaced.contains(hash)) {
            (0..rows).try_for_each(|_| self.skip_row(is_stamped, rest))?;
            return Ok(None);
        }
        let mut first = None;
        for _ in 0..rows {
            let row = self.restore_row(hash, key, is_stamped, rest)?;
            match first {
                None => first = Some(row),
                Some(first) => self.link_last(first, row),
            }
        }
        Ok(Some((hash, first.ok_or_else(|| self.damaged("a key has no rows"))?)))
    }

    fn skip_row(&self, is_stamped: bool, rest: &mut &[u8]) -> Result<()> {
        self.take_stamp_and_variable(is_stamped, rest)?;
        let mut fixed = vec![0; self.layout.fixed().len()];
        unpack(rest, &mut fixed).ok_or_else(|| self.damaged("a fixed part is cut off"))
    }

    fn restore_row(&mut self, hash: u64, key: &[u8], is_stamped: bool, rest: &mut &[u8]) -> Result<RowRef> {
        let (stamp, variable) = self.take_stamp_and_variable(is_stamped, rest)?;
        let row = self.new_row(hash, key, variable)?;
        let bytes = self.pages.row_mut(row);
        row::set_stamp(bytes, stamp);
        let fixed = bytes.get_mut(self.layout.fixed()).and_then(|fixed| unpack(rest, fixed));
        fixed.ok_or_else(|| self.damaged("a fixed part is cut off"))?;
        Ok(row)
    }

    /// Takes a row off the front but for its fixed part: the variable part comes first, for its length says how large the
    /// row is. Where rows have no stamps, it is the present one.
    fn take_stamp_and_variable<'b>(&self, is_stamped: bool, rest: &mut &'b [u8]) -> Result<(u32, &'b [u8])> {
        let stamp = match is_stamped {
            true => take(rest, 4).and_then(|bytes| bytes.first_chunk()).copied().map(u32::from_le_bytes),
            false => Some(self.expiry.now()),
        };
        let stamp = stamp.ok_or_else(|| self.damaged("a stamp is cut off"))?;
        let length = self.length(rest)?;
        let variable = take(rest, length).ok_or_else(|| self.damaged("a variable part is cut off"))?;
        Ok((stamp, variable))
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

/// Takes the first byte of a block of this kind off the front; returns whether its rows have stamps.
fn take_stamped(rest: &mut &[u8], kind: u8) -> Option<bool> {
    match *take(rest, 1)?.first()? ^ kind {
        STAMPED => Some(true),
        UNSTAMPED => Some(false),
        _ => None,
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
