//! The entries of a keyed state, a few key groups at a time.

use std::collections::VecDeque;
use std::marker::PhantomData;

use hashbrown::HashMap;

use super::reader::undecodable;
use crate::codec::{decode_from, end};
use crate::snapshot::part::BlockReference;
use crate::snapshot::read::{LoadedSnapshot, OpenedSnapshot};
use crate::table::decode_count;
use crate::{Key, KeyGroup, Record, Result, Timestamp};

/// How many bytes of blocks are read at once, unless one alone has more.
const READ_AHEAD: u64 = 8 << 20;

/// What a keyed state has for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry<K, V> {
    /// The key.
    pub key: K,
    /// What the state has for it.
    pub value: V,
    /// When each part of it was written last, or read where that counts: one time for a value, one for each element
    /// of a list or entry of a map. Empty where the state has no time-to-live.
    pub written: Vec<Timestamp>,
}

/// Reads the entries of a keyed state; [`SavepointReader::keyed_state`](super::SavepointReader::keyed_state) makes it.
///
/// In memory are a few key groups at a time.
#[derive(Debug)]
pub struct KeyedStateReader<K, V> {
    snapshot: OpenedSnapshot,
    state: String,
    expires: bool,
    /// What has not been read, in order of key groups.
    left: VecDeque<(KeyGroup, BlockReference)>,
    /// What has been read and not been decoded.
    ahead: VecDeque<(KeyGroup, BlockReference)>,
    loaded: Option<LoadedSnapshot>,
    _entry: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Record> KeyedStateReader<K, V> {
    pub(super) fn new(
        snapshot: OpenedSnapshot,
        state: &str,
        expires: bool,
        mut blocks: Vec<(KeyGroup, BlockReference)>,
    ) -> Self {
        // Keeps those of one key group in order.
        blocks.sort_by_key(|(group, _)| *group);
        let (left, ahead) = (blocks.into(), VecDeque::new());
        Self { snapshot, state: state.to_owned(), expires, left, ahead, loaded: None, _entry: PhantomData }
    }

    /// The entries of the next key group that has any; `None` after the last. Among them are those that have
    /// expired since the snapshot.
    ///
    /// # Errors
    /// [`StateError::Corrupt`](crate::StateError::Corrupt) where a file is damaged or missing,
    /// [`StateError::Storage`](crate::StateError::Storage).
    pub async fn next_group(&mut self) -> Result<Option<Vec<StateEntry<K, V>>>> {
        if self.ahead.is_empty() {
            self.read_ahead().await?;
        }
        let (Some((group, block)), Some(loaded)) = (self.ahead.pop_front(), &self.loaded) else {
            return Ok(None);
        };
        let undecodable = |source| undecodable(&self.state, source);
        let mut entries = decode_entries(&loaded.block(&block)?, self.expires).map_err(undecodable)?;
        while let Some((_, changes)) = self.ahead.pop_front_if(|(next, _)| *next == group) {
            entries = change_entries(entries, &loaded.block(&changes)?, self.expires).map_err(undecodable)?;
        }
        Ok(Some(entries))
    }

    /// All keys and values that are left, at once.
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
    pub async fn entries(mut self) -> Result<Vec<(K, V)>> {
        let mut entries = Vec::new();
        while let Some(group) = self.next_group().await? {
            entries.extend(group.into_iter().map(|entry| (entry.key, entry.value)));
        }
        Ok(entries)
    }

    async fn read_ahead(&mut self) -> Result<()> {
        let mut bytes = 0;
        // Let go of first, so that there are not two.
        self.loaded = None;
        while let Some((group, block)) = self.left.front() {
            bytes += block.length;
            let begun = self.ahead.back().is_some_and(|(last, _)| last == group);
            if bytes > READ_AHEAD && !self.ahead.is_empty() && !begun {
                break;
            }
            self.ahead.extend(self.left.pop_front());
        }
        if !self.ahead.is_empty() {
            let wanted = self.ahead.iter().map(|(_, block)| block.clone()).collect();
            self.loaded = Some(self.snapshot.load_blocks(wanted).await?);
        }
        Ok(())
    }
}

fn decode_entries<K: Key, V: Record>(
    mut bytes: &[u8],
    expires: bool,
) -> postcard::Result<Vec<StateEntry<K, V>>> {
    let count: usize = decode_from(&mut bytes)?;
    // The count comes from a file: room is made for no more than the bytes could hold.
    let mut entries = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        if bytes.is_empty() && !entries.is_empty() {
            // Ends what a forged count makes of entries that take no bytes.
            return Err(postcard::Error::DeserializeUnexpectedEnd);
        }
        let key = decode_from(&mut bytes)?;
        entries.push(decode_value(key, &mut bytes, expires)?);
    }
    end(bytes)?;
    Ok(entries)
}

/// What a key group holds when these changes are made to what it held.
fn change_entries<K: Key, V: Record>(
    entries: Vec<StateEntry<K, V>>,
    mut bytes: &[u8],
    expires: bool,
) -> postcard::Result<Vec<StateEntry<K, V>>> {
    let mut by_key: HashMap<K, StateEntry<K, V>> =
        entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
    for _ in 0..decode_count(&mut bytes)? {
        by_key.remove(&decode_from::<K>(&mut bytes)?);
    }
    for _ in 0..decode_count(&mut bytes)? {
        let key: K = decode_from(&mut bytes)?;
        by_key.insert(key.clone(), decode_value(key, &mut bytes, expires)?);
    }
    end(bytes)?;
    Ok(by_key.into_values().collect())
}

fn decode_value<K, V: Record>(
    key: K,
    bytes: &mut &[u8],
    expires: bool,
) -> postcard::Result<StateEntry<K, V>> {
    let value = decode_from(bytes)?;
    let written = if expires { decode_from(bytes)? } else { Vec::new() };
    Ok(StateEntry { key, value, written })
}
