//! The state of windows: in each key group a hash table for each open window.
//!
//! A window that is due leaves as whole tables, so that there is no timer for each of its keys.

use crate::codec::{decode_from, encode_into, end};
use crate::grouped::{GroupContent, GroupedState};
use crate::table::KeyTable;
use crate::{Key, Record};

/// The open windows of one key group, in order, each with one `V` for each `K`.
#[derive(Clone, Debug)]
pub struct WindowTables<W, K, V>(Vec<(W, KeyTable<K, V>)>);

impl<W, K, V> Default for WindowTables<W, K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W: Ord + Clone, K: Key, V> WindowTables<W, K, V> {
    /// The table of a window, if it is open.
    ///
    /// Records mostly belong to the last window: finding that is one comparison.
    #[inline]
    pub fn get_mut(&mut self, window: &W) -> Option<&mut KeyTable<K, V>> {
        let index = match self.0.last() {
            Some((last, _)) if last == window => self.0.len() - 1,
            _ => self.0.binary_search_by(|(other, _)| other.cmp(window)).ok()?,
        };
        self.0.get_mut(index).map(|(_, table)| table)
    }

    /// The table of a window; `opened` is called if it was not open before.
    pub fn open(&mut self, window: &W, opened: impl FnOnce()) -> &mut KeyTable<K, V> {
        let found = self.0.binary_search_by(|(other, _)| other.cmp(window));
        let index = found.unwrap_or_else(|index| {
            opened();
            self.0.insert(index, (window.clone(), KeyTable::default()));
            index
        });
        #[allow(clippy::indexing_slicing, reason = "found or inserted just now")]
        &mut self.0[index].1
    }

    /// The first window, in order.
    pub fn first(&self) -> Option<&W> {
        self.0.first().map(|(window, _)| window)
    }

    /// All open windows, in order, with their tables.
    pub fn iter(&self) -> impl Iterator<Item = &(W, KeyTable<K, V>)> {
        self.0.iter()
    }

    /// Takes out all windows for which `is_due` holds: those before some point, in order.
    pub fn take_while(&mut self, is_due: impl Fn(&W) -> bool) -> impl Iterator<Item = (W, KeyTable<K, V>)> {
        let due = self.0.partition_point(|(window, _)| is_due(window));
        self.0.drain(..due)
    }
}

impl<W: Record + Ord, K: Key, V: Record> GroupContent for WindowTables<W, K, V> {
    fn entries(&self) -> usize {
        self.0.iter().map(|(_, table)| table.len()).sum()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
        encode_into(&self.0.len(), out)?;
        self.0.iter().try_for_each(|(window, table)| {
            encode_into(window, out)?;
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
}

/// A keyed state with one `V` for each window and key.
pub type WindowedTable<W, K, V> = GroupedState<WindowTables<W, K, V>>;

#[cfg(test)]
mod tests;
