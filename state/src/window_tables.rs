//! The state of windows: in each key group a hash table for each open window.
//!
//! A window that is due leaves as whole tables, so that there is no timer for each of its keys.

use crate::codec::{decode_from, encode_into, end};
use crate::grouped::{GroupContent, GroupedState};
use crate::look_ahead::{Probe, entry_bytes};
use crate::snapshot::Pieces;
use crate::table::KeyTable;
use crate::{CheckpointId, Key, Record};

/// The open windows of one key group, each with one `V` for each `K`.
#[derive(Clone, Debug)]
pub struct WindowTables<W, K, V> {
    /// The last one, to which most records belong: finding it is one comparison.
    last: Option<(W, KeyTable<K, V>)>,
    /// The others, in order.
    earlier: Vec<(W, KeyTable<K, V>)>,
}

impl<W, K, V> Default for WindowTables<W, K, V> {
    fn default() -> Self {
        Self { last: None, earlier: Vec::new() }
    }
}

impl<W: Ord + Clone, K: Key, V> WindowTables<W, K, V> {
    /// The table of a window, if it is open.
    #[inline(always)]
    pub fn get_mut(&mut self, window: &W) -> Option<&mut KeyTable<K, V>> {
        match &mut self.last {
            Some((last, table)) if last == window => Some(table),
            _ => Self::earlier_mut(&mut self.earlier, window),
        }
    }

    /// The table of a window, for reading.
    pub fn get(&self, window: &W) -> Option<&KeyTable<K, V>> {
        self.iter_from(window).next().filter(|(found, _)| found == window).map(|(_, table)| table)
    }

    fn earlier_mut<'a>(earlier: &'a mut [(W, KeyTable<K, V>)], window: &W) -> Option<&'a mut KeyTable<K, V>> {
        let index = Self::find_earlier(earlier, window).ok()?;
        earlier.get_mut(index).map(|(_, table)| table)
    }

    /// Where a window is, or where it belongs. There may be hundreds, and it is mostly one of the latest: the search begins
    /// with these, and takes steps twice as long each time.
    fn find_earlier(earlier: &[(W, KeyTable<K, V>)], window: &W) -> std::result::Result<usize, usize> {
        let (mut from, mut to, mut step) = (earlier.len(), earlier.len(), 1);
        while from > 0 && earlier.get(from - 1).is_some_and(|(other, _)| other >= window) {
            to = from;
            from = from.saturating_sub(step);
            step *= 2;
        }
        let near = earlier.get(from..to).unwrap_or_default();
        near.binary_search_by(|(other, _)| other.cmp(window))
            .map(|index| from + index)
            .map_err(|index| from + index)
    }

    /// The table of a window; `opened` is called if it was not open before.
    pub fn open(&mut self, window: &W, mut opened: impl FnMut()) -> &mut KeyTable<K, V> {
        if self.last.as_ref().is_none_or(|(last, _)| last < window) {
            opened();
            self.earlier.extend(self.last.take());
        }
        let (last, table) = self.last.get_or_insert_with(|| (window.clone(), KeyTable::default()));
        if last == window {
            return table;
        }
        let index = Self::find_earlier(&self.earlier, window).unwrap_or_else(|index| {
            opened();
            self.earlier.insert(index, (window.clone(), KeyTable::default()));
            index
        });
        #[allow(clippy::indexing_slicing, reason = "found or inserted just now")]
        &mut self.earlier[index].1
    }

    /// The first window, in order.
    pub fn first(&self) -> Option<&W> {
        self.iter().next().map(|(window, _)| window)
    }

    /// All open windows, in order, with their tables.
    pub fn iter(&self) -> impl Iterator<Item = &(W, KeyTable<K, V>)> {
        self.earlier.iter().chain(&self.last)
    }

    /// The open windows that are not less than `first`, in order, with their tables.
    pub fn iter_from<'a>(
        &'a self,
        first: &W,
    ) -> impl Iterator<Item = &'a (W, KeyTable<K, V>)> + use<'a, W, K, V> {
        let before = self.earlier.partition_point(|(window, _)| window < first);
        let later = self.earlier.get(before..).unwrap_or_default().iter();
        later.chain(self.last.as_ref().filter(|(window, _)| window >= first))
    }

    /// Takes out all windows for which `is_due` holds: those before some point, in order.
    pub fn take_while(&mut self, is_due: impl Fn(&W) -> bool) -> impl Iterator<Item = (W, KeyTable<K, V>)> {
        // The last window is due only after all others.
        let due = self.earlier.partition_point(|(window, _)| is_due(window));
        let last =
            if due == self.earlier.len() { self.last.take_if(|(window, _)| is_due(window)) } else { None };
        self.earlier.drain(..due).chain(last)
    }
}

impl<W: Record + Ord, K: Key, V: Record> GroupContent for WindowTables<W, K, V> {
    fn entries(&self) -> usize {
        self.iter().map(|(_, table)| table.len()).sum()
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.iter().count(), out.end())?;
        self.iter().try_for_each(|(window, table)| {
            encode_into(window, out.end())?;
            table.encode(out)
        })
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        let windows: usize = decode_from(&mut bytes)?;
        for _ in 0..windows {
            let window: W = decode_from(&mut bytes)?;
            self.open(&window, || {}).decode_with(&mut bytes, decode_from)?;
        }
        end(bytes)
    }

    fn snapshotted(&mut self, checkpoint: CheckpointId) {
        let tables = self.earlier.iter_mut().chain(&mut self.last);
        tables.for_each(|(_, table)| table.snapshotted(checkpoint));
    }

    /// Windows that were opened since then are written whole, and so are tables that do not know their changes.
    fn changes_since(&self, base: CheckpointId) -> Option<usize> {
        let mut is_known = false;
        let changes = self.iter().map(|(_, table)| {
            let changes = table.changes_since(base);
            is_known |= changes.is_some();
            changes.unwrap_or(table.len())
        });
        let changes = changes.sum();
        // Otherwise the base holds nothing that is still worth anything.
        is_known.then_some(changes)
    }

    fn encode_changes(&self, base: CheckpointId, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.iter().count(), out.end())?;
        self.iter().try_for_each(|(window, table)| {
            let changed = table.changed_since(base);
            encode_into(&(window, changed.is_some()), out.end())?;
            match changed {
                Some(changed) => changed.encode(out, |entry| entry),
                None => table.encode(out),
            }
        })
    }

    fn decode_changes(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        // Windows that are not listed are gone.
        let mut before = std::mem::take(self);
        let windows: usize = decode_from(&mut bytes)?;
        for _ in 0..windows {
            let (window, is_changed): (W, bool) = decode_from(&mut bytes)?;
            let table = self.open(&window, || {});
            if is_changed {
                *table = before.get_mut(&window).map(std::mem::take).ok_or(postcard::Error::SerdeDeCustom)?;
                table.decode_changes_with(&mut bytes, decode_from)?;
            } else {
                table.decode_with(&mut bytes, decode_from)?;
            }
        }
        end(bytes)
    }
}

impl<W: Record + Ord, K: Key, V: Record> Probe for WindowTables<W, K, V> {
    const ENTRY_BYTES: usize = entry_bytes::<K, V>();

    fn probed_entries(&self) -> usize {
        self.last.as_ref().map_or(0, |(_, table)| table.len())
    }

    #[inline]
    fn probe(&self, hash: u64) -> Option<usize> {
        self.last.as_ref()?.1.probe(hash)
    }
}

/// A keyed state with one `V` for each window and key.
pub type WindowedTable<W, K, V> = GroupedState<WindowTables<W, K, V>>;

#[cfg(test)]
mod tests;
