//! Records that were in flight when an unaligned checkpoint was taken, sent again after a restore.
//!
//! They come before anything else, in rounds: first what each subtask downstream would have taken before the
//! lowest watermark, then that watermark, and so on. No subtask begins with a round before it has all of the
//! last, so that every record finds the watermark that it would have found, at whatever parallelism.

use std::collections::{BTreeMap, BTreeSet};

use millstream_state::codec::decode_from;
use millstream_state::snapshot::read::ListRestore;
use millstream_state::{Record, StateError, Timestamp};

use super::open_context::{item_shape, read_items};
use super::{Collector, Signal, Stage, TaskContext};
use crate::batch::Batch;
use crate::error::Result;
use crate::input::{InFlight, in_flight_state};

/// What one subtask sends again on one of its edges.
pub(crate) struct Replay<T> {
    rounds: Vec<Round<T>>,
}

/// Records that come behind the same watermark, where there is any.
pub(crate) struct Round<T> {
    pub(crate) watermark: Option<Timestamp>,
    pub(crate) records: Batch<T>,
    pub(crate) is_last: bool,
}

/// The watermark that the records of an item come after.
pub(crate) fn watermark_of(item: &[u8], edge: u32) -> Result<Timestamp> {
    let mut item = item;
    let undecodable = |source| StateError::Codec { state: in_flight_state(edge), action: "decode", source };
    Ok(decode_from(&mut item).map_err(undecodable)?)
}

impl<T: Record> Replay<T> {
    /// What subtask `subtask` of `parallelism` sends again of the items of `list`, in rounds behind these watermarks.
    ///
    /// # Errors
    /// If the type of the records has changed, or they do not decode.
    pub(crate) fn new(
        watermarks: BTreeSet<Timestamp>,
        list: Option<ListRestore>,
        (subtask, parallelism): (u32, u32),
    ) -> Result<Self> {
        let mut records: BTreeMap<Timestamp, Batch<T>> = BTreeMap::new();
        if let Some(mut list) = list {
            let own = list.items.into_iter().skip(subtask as usize).step_by(parallelism.max(1) as usize);
            list.items = own.collect();
            let expected = item_shape::<InFlight<T>>(&list.name)?;
            for (watermark, items) in read_items::<InFlight<T>>(list, &expected)? {
                let batch = records.entry(watermark).or_default();
                items.into_iter().for_each(|(record, timestamp)| batch.push(record, timestamp));
            }
        }
        let last = watermarks.last().copied();
        let round = |watermark: Timestamp| Round {
            watermark: Some(watermark).filter(|it| *it != Timestamp::MIN && *it != Timestamp::MAX),
            records: records.remove(&watermark).unwrap_or_default(),
            is_last: Some(watermark) == last,
        };
        Ok(Self { rounds: watermarks.into_iter().map(round).collect() })
    }

    pub(crate) fn into_rounds(self) -> impl Iterator<Item = Round<T>> {
        self.rounds.into_iter()
    }
}

/// Sends records again to an operator that is now chained to the one before it.
pub(crate) struct ReplayIntoChain<T> {
    replay: Option<Replay<T>>,
    next: Box<dyn Collector<T>>,
}

impl<T> ReplayIntoChain<T> {
    pub(crate) const fn new(replay: Replay<T>, next: Box<dyn Collector<T>>) -> Self {
        Self { replay: Some(replay), next }
    }
}

impl<T: Record> Stage for ReplayIntoChain<T> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.next.signal(signal, cx)?;
        // Opening is the first that a chain is asked for.
        for mut round in self.replay.take().into_iter().flat_map(Replay::into_rounds) {
            if let Some(watermark) = round.watermark {
                self.next.signal(&Signal::Watermark(watermark), cx)?;
            }
            while !round.records.is_empty() {
                self.next.batch(&mut round.records.split_front(Batch::<T>::FULL), cx)?;
            }
        }
        Ok(())
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.next.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.next.resume(cx)
    }
}

impl<T: Record> Collector<T> for ReplayIntoChain<T> {
    fn batch(&mut self, batch: &mut Batch<T>, cx: &mut TaskContext) -> Result<()> {
        self.next.batch(batch, cx)
    }
}
