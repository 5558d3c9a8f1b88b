//! Records that wait until event time has come to them.

use millstream_runtime::chain::OperatorInfo;
use millstream_state::codec::{decode_from, encode_into};
use millstream_state::snapshot::Pieces;
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{GroupContent, GroupedState, Key, Record, Shape, Timestamp, stable_hash};

/// The name of the state.
pub(super) const PENDING: &str = "pending";

/// A record with its key and its timestamp.
pub(super) type Waiting<K, T> = (Timestamp, K, T);

/// The records of one key group, in the order in which they have come.
#[derive(Clone, Debug)]
pub(super) struct Pending<K, T> {
    records: Vec<Waiting<K, T>>,
    /// The earliest of their timestamps.
    earliest: Timestamp,
}

impl<K, T> Default for Pending<K, T> {
    fn default() -> Self {
        Self { records: Vec::new(), earliest: Timestamp::MAX }
    }
}

impl<K, T> Pending<K, T> {
    #[inline]
    pub(super) fn push(&mut self, record: Waiting<K, T>) {
        self.earliest = self.earliest.min(record.0);
        self.records.push(record);
    }

    pub(super) fn is_due(&self, watermark: Timestamp) -> bool {
        self.earliest <= watermark
    }

    /// Moves what is due to `due`, sorted by time.
    pub(super) fn take_due(&mut self, watermark: Timestamp, due: &mut Vec<Waiting<K, T>>) {
        let begin = due.len();
        self.earliest = Timestamp::MAX;
        if self.records.iter().all(|(time, ..)| *time <= watermark) {
            due.append(&mut self.records);
        } else {
            due.extend(self.records.extract_if(.., |(time, ..)| *time <= watermark));
            self.earliest = self.records.iter().map(|(time, ..)| *time).min().unwrap_or(Timestamp::MAX);
        }
        if let Some(due) = due.get_mut(begin..) {
            due.sort_by_key(|(time, ..)| *time);
        }
    }
}

impl<K: Key, T: Record> GroupContent for Pending<K, T> {
    fn entries(&self) -> usize {
        self.records.len()
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        encode_into(&self.records.len(), out.end())?;
        self.records.iter().try_for_each(|record| encode_into(record, out.end()))
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        let count: usize = decode_from(&mut bytes)?;
        for _ in 0..count {
            self.push(decode_from(&mut bytes)?);
        }
        if bytes.is_empty() { Ok(()) } else { Err(postcard::Error::SerdeDeCustom) }
    }

    fn any_hash(&self) -> Option<u64> {
        self.records.first().map(|(_, key, _)| stable_hash(key))
    }
}

/// The pending records of one subtask.
pub(super) fn pending_state<K: Key, T: Record>(info: &OperatorInfo) -> GroupedState<Pending<K, T>> {
    let meta = StateMeta {
        name: PENDING.to_owned(),
        kind: StateKind::List,
        key: Shape::of::<K>(),
        value: Shape::of::<(Timestamp, T)>(),
    };
    GroupedState::new(meta, info.groups, info.range())
}
