//! The entries of a table that a checkpoint writes when its base holds the others.

use serde::Serialize;

use crate::codec::{decode_from, encode_into};
use crate::snapshot::Pieces;
use crate::{Key, Record};

/// What has changed in a table since a snapshot.
#[derive(Debug)]
pub(crate) struct Changed<'a, K, V> {
    /// The keys of entries that are gone, perhaps several times, and of some that the snapshot did not hold.
    pub(crate) removed: Vec<&'a K>,
    /// The entries that have been written to, as they are now.
    pub(crate) present: Vec<&'a (K, V)>,
}

impl<'a, K: Key, V: Record> Changed<'a, K, V> {
    /// How many changes there are.
    pub(crate) const fn len(&self) -> usize {
        self.removed.len() + self.present.len()
    }

    /// Appends the removed keys behind their number, and the entries behind theirs, each in the form that `entry`
    /// gives it.
    pub(crate) fn encode<E: Serialize>(
        &self,
        out: &mut Pieces,
        entry: impl Fn(&'a (K, V)) -> E,
    ) -> postcard::Result<()> {
        encode_into(&self.removed.len(), out.end())?;
        self.removed.iter().try_for_each(|key| encode_into(*key, out.end()))?;
        encode_into(&self.present.len(), out.end())?;
        self.present.iter().try_for_each(|changed| encode_into(&entry(changed), out.end()))
    }
}

/// Reads how many removed keys follow, or how many entries behind them.
pub(crate) fn decode_count(bytes: &mut &[u8]) -> postcard::Result<usize> {
    let count = decode_from(bytes)?;
    // Ends what a forged count makes of keys that take no bytes, of which there is only one.
    if count > bytes.len() + 1 {
        return Err(postcard::Error::DeserializeUnexpectedEnd);
    }
    Ok(count)
}
