//! A batch: how records travel, so that the cost of moving is paid once for many.

use millstream_state::codec::{decode, encode};
use millstream_state::{Record, Timestamp};

/// How many records a full batch has at most.
pub const BATCH_RECORDS: usize = 1024;

/// How many it has at least, however large they are.
const FEWEST_RECORDS: usize = 64;

/// Large records come in batches of about so many bytes, which the next operator finds in the cache.
const BATCH_BYTES: usize = 32 << 10;

/// Records in order, with an event timestamp each, or none at all.
///
/// Timestamps live in a second vector that is empty where the stream has no event time, so that
/// such streams pay nothing. A record without a timestamp among others that have one carries
/// [`Timestamp::MIN`].
///
/// What travels may itself stand for many records, a chunk of columns for instance: such a batch is
/// made by [`Batch::weighing`], and counts as so many.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    records: Vec<T>,
    /// Empty, or as long as `records`.
    timestamps: Vec<Timestamp>,
    /// The hash of each record's key, where the partitioner had to compute it; otherwise empty.
    key_hashes: Vec<u64>,
    weight: Option<Weight>,
}

/// How many records, and bytes, the elements of a batch stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Weight {
    rows: u64,
    bytes: u64,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl<T> From<Vec<T>> for Batch<T> {
    fn from(records: Vec<T>) -> Self {
        Self { records, timestamps: Vec::new(), key_hashes: Vec::new(), weight: None }
    }
}

impl<T> Batch<T> {
    /// How many records of this type a full batch has: [`BATCH_RECORDS`], or fewer that are large.
    pub const FULL: usize = {
        let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        match BATCH_BYTES / size {
            fit if fit > BATCH_RECORDS => BATCH_RECORDS,
            fit if fit < FEWEST_RECORDS => FEWEST_RECORDS,
            fit => fit,
        }
    };

    /// An empty batch with room for a full one.
    pub fn with_room() -> Self {
        Self::from(Vec::with_capacity(Self::FULL))
    }

    /// Records with their timestamps ([`Timestamp::MIN`] where they have none).
    pub fn from_timed(records: impl IntoIterator<Item = (T, Timestamp)>) -> Self {
        let mut batch = Self::default();
        records.into_iter().for_each(|(record, timestamp)| batch.push(record, timestamp));
        batch
    }

    /// Elements that stand for `rows` records and take `bytes` bytes in all, as chunks of columns do.
    /// The batch forgets that when elements are added to it or taken out.
    pub const fn weighing(elements: Vec<T>, rows: u64, bytes: u64) -> Self {
        Self {
            records: elements,
            timestamps: Vec::new(),
            key_hashes: Vec::new(),
            weight: Some(Weight { rows, bytes }),
        }
    }

    /// The elements are about to change: what was known of them all together does not hold any more.
    #[inline]
    fn forget(&mut self) {
        self.weight = None;
        self.key_hashes.clear();
    }

    /// How many records the batch stands for: as many as it has elements, unless they were
    /// [weighed](Self::weighing).
    #[inline]
    pub fn rows(&self) -> u64 {
        self.weight.map_or(self.records.len() as u64, |weight| weight.rows)
    }

    /// How many bytes its elements take, without what they point to, unless they were
    /// [weighed](Self::weighing).
    #[inline]
    pub fn bytes(&self) -> u64 {
        self.weight
            .map_or_else(|| std::mem::size_of_val(self.records.as_slice()) as u64, |weight| weight.bytes)
    }

    /// How many elements there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether the batch is as long as batches should get.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.records.len() >= Self::FULL
    }

    /// How many elements fit without more memory.
    #[inline]
    pub(crate) const fn capacity(&self) -> usize {
        self.records.capacity()
    }

    /// The records.
    #[inline]
    pub fn records(&self) -> &[T] {
        &self.records
    }

    /// The records' timestamps: none at all, or one for each record.
    #[inline]
    pub fn timestamps(&self) -> &[Timestamp] {
        &self.timestamps
    }

    /// Whether the records carry timestamps.
    #[inline]
    pub fn has_timestamps(&self) -> bool {
        !self.timestamps.is_empty()
    }

    /// Appends a record; [`Timestamp::MIN`] stands for "no timestamp".
    #[inline]
    pub fn push(&mut self, record: T, timestamp: Timestamp) {
        self.forget();
        self.append(record, timestamp);
    }

    #[inline]
    fn append(&mut self, record: T, timestamp: Timestamp) {
        if timestamp != Timestamp::MIN || !self.timestamps.is_empty() {
            if self.timestamps.len() != self.records.len() {
                self.fill_timestamps();
            }
            self.timestamps.push(timestamp);
        }
        self.records.push(record);
    }

    /// Gives the records so far, which have no timestamps, the one that stands for none.
    #[cold]
    fn fill_timestamps(&mut self) {
        self.timestamps.resize(self.records.len(), Timestamp::MIN);
    }

    /// Appends records that have no timestamps.
    #[inline]
    pub fn extend_untimed(&mut self, records: impl IntoIterator<Item = T>) {
        self.forget();
        self.records.extend(records);
        if !self.timestamps.is_empty() {
            self.timestamps.resize(self.records.len(), Timestamp::MIN);
        }
    }

    /// The [`stable_hash`](millstream_state::stable_hash) of the key of each record, in order: where
    /// records are pairs that have come to the owner of their key, and keys are not hashed in no time.
    /// Otherwise none.
    #[inline]
    pub fn key_hashes(&self) -> &[u64] {
        &self.key_hashes
    }

    /// Appends a record to a batch of which all records have the hash of their key, or none has; true if
    /// it is full then.
    #[inline]
    pub(crate) fn push_hashed(&mut self, record: T, timestamp: Timestamp, hash: Option<u64>) -> bool {
        if let Some(hash) = hash {
            self.key_hashes.push(hash);
        }
        self.append(record, timestamp);
        self.debug_check();
        self.records.len() >= Self::FULL
    }

    /// As [`push_hashed`](Self::push_hashed), to a batch without timestamps.
    #[inline]
    pub(crate) fn push_untimed(&mut self, record: T, hash: Option<u64>) -> bool {
        if let Some(hash) = hash {
            self.key_hashes.push(hash);
        }
        self.records.push(record);
        debug_assert!(!self.has_timestamps(), "the batch has none");
        self.debug_check();
        self.records.len() == Self::FULL
    }

    #[inline]
    fn debug_check(&self) {
        debug_assert!(self.weight.is_none(), "the batch is not weighed");
        debug_assert!(
            self.key_hashes.is_empty() || self.key_hashes.len() == self.records.len(),
            "all records have a hash, or none has"
        );
    }

    /// Removes all records.
    #[inline]
    pub fn clear(&mut self) {
        self.forget();
        self.records.clear();
        self.timestamps.clear();
    }

    /// Takes all records out.
    #[inline]
    pub fn drain(&mut self) -> std::vec::Drain<'_, T> {
        self.forget();
        self.timestamps.clear();
        self.records.drain(..)
    }

    /// Takes all records out, each with its timestamp ([`Timestamp::MIN`] where it has none).
    #[inline]
    pub fn drain_timed(&mut self) -> impl Iterator<Item = (T, Timestamp)> {
        self.forget();
        let timestamps = self.timestamps.drain(..).chain(std::iter::repeat(Timestamp::MIN));
        self.records.drain(..).zip(timestamps)
    }

    /// Takes all records out, and the timestamps of all or none. The batch keeps as much room as it had.
    pub fn take_parts(&mut self) -> (Vec<T>, Vec<Timestamp>) {
        self.forget();
        let room = Vec::with_capacity(self.records.capacity());
        (std::mem::replace(&mut self.records, room), std::mem::take(&mut self.timestamps))
    }

    /// Takes records out one after another, each with its timestamp, until `take` says that it can take
    /// no more (false); the others stay.
    ///
    /// # Errors
    /// What `take` returns; all records are gone then.
    #[inline]
    pub fn drain_while<E>(&mut self, mut take: impl FnMut(T, Timestamp) -> Result<bool, E>) -> Result<(), E> {
        self.forget();
        let mut timestamps = self.timestamps.drain(..);
        let mut records = self.records.drain(..);
        while let Some(record) = records.next() {
            if !take(record, timestamps.next().unwrap_or(Timestamp::MIN))? {
                let (rest, times) = (records.collect(), timestamps.collect());
                (self.records, self.timestamps) = (rest, times);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes the first `len` elements off, or all if there are no more.
    pub fn split_front(&mut self, len: usize) -> Self {
        self.weight = None;
        let key_hashes = self.key_hashes.drain(..len.min(self.key_hashes.len())).collect();
        let timestamps = self.timestamps.drain(..len.min(self.timestamps.len())).collect();
        let records = self.records.drain(..len.min(self.records.len())).collect();
        Self { records, timestamps, key_hashes, weight: None }
    }

    /// All records with their timestamps ([`Timestamp::MIN`] where they have none).
    #[inline]
    pub fn iter_timed(&self) -> impl Iterator<Item = (&T, Timestamp)> {
        let timestamps = self.timestamps.iter().copied().chain(std::iter::repeat(Timestamp::MIN));
        self.records.iter().zip(timestamps)
    }

    /// Sets all timestamps, from the records and the timestamps they had.
    pub fn assign_timestamps(&mut self, mut assign: impl FnMut(&T, Timestamp) -> Timestamp) {
        self.timestamps.resize(self.records.len(), Timestamp::MIN);
        let both = self.records.iter().zip(&mut self.timestamps);
        both.for_each(|(record, timestamp)| *timestamp = assign(record, *timestamp));
    }

    /// Keeps the records for which `keep` holds.
    #[inline]
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.forget();
        if self.timestamps.is_empty() {
            self.records.retain(keep);
            return;
        }
        let mut timestamps = std::mem::take(&mut self.timestamps).into_iter();
        let mut kept = Vec::with_capacity(self.records.len());
        self.records.retain(|record| {
            let timestamp = timestamps.next();
            let keeps = keep(record);
            if keeps {
                kept.extend(timestamp);
            }
            keeps
        });
        self.timestamps = kept;
    }

    /// Moves all records into `target`, each turned into another; the timestamps go along.
    #[inline]
    pub fn map_into<U>(&mut self, target: &mut Batch<U>, map: impl FnMut(T) -> U) {
        self.forget();
        target.forget();
        if !self.timestamps.is_empty() || !target.timestamps.is_empty() {
            target.timestamps.resize(target.records.len(), Timestamp::MIN);
            self.timestamps.resize(self.records.len(), Timestamp::MIN);
            target.timestamps.append(&mut self.timestamps);
        }
        target.records.extend(self.records.drain(..).map(map));
    }
}

impl<T: Record> Batch<T> {
    /// Encodes the batch and decodes it again, as on the way to another process.
    pub(crate) fn recode(&mut self) -> Result<(), postcard::Error> {
        self.records = decode(&encode(&self.records)?)?;
        self.timestamps = decode(&encode(&self.timestamps)?)?;
        self.key_hashes = decode(&encode(&self.key_hashes)?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
