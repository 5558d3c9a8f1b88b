//! All subtasks of a keyed operator under test, and their rescaling.

use std::time::Duration;

use millstream_state::{Key, KeyGroups, Timestamp};

use super::harness::OperatorHarness;
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::chain::{Operator, OperatorInfo};
use crate::error::Result;

type Open<K, I, O> = Box<dyn Fn(HarnessSetup<'_>) -> Result<OperatorHarness<(K, I), O>>>;

/// All subtasks of an operator behind a key: records go where their key group lives, and
/// [`rescale`](KeyedFleet::rescale) restarts everything from a snapshot at another parallelism.
///
/// ```
/// # use millstream_runtime::Result;
/// # use millstream_runtime::batch::Batch;
/// # use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext};
/// # use millstream_runtime::testing::KeyedFleet;
/// # use millstream_state::snapshot::part::{StateKind, StateMeta};
/// # use millstream_state::{KeyedTable, Shape, Timestamp, stable_hash};
/// # struct Count(KeyedTable<char, u64>);
/// # fn count(info: &OperatorInfo) -> Count {
/// #     let (key, value) = (Shape::of::<char>(), Shape::of::<u64>());
/// #     let meta = StateMeta { name: "count".into(), kind: StateKind::Value, key, value };
/// #     Count(KeyedTable::new(meta, info.groups, info.range()))
/// # }
/// # impl OperatorHooks<(char, u64)> for Count {
/// #     fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
/// #         Ok(cx.take_keyed("count").map_or(Ok(()), |stored| self.0.restore_all(stored))?)
/// #     }
/// #     fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
/// #         let state = self.0.snapshot(cx.checkpoint());
/// #         Ok(cx.keyed(state))
/// #     }
/// # }
/// # impl Operator<(char, ()), (char, u64)> for Count {
/// #     fn process(&mut self, batch: &mut Batch<(char, ())>, output: &mut Output<'_, (char, u64)>) -> Result<()> {
/// #         for (key, ()) in batch.drain() {
/// #             let hash = stable_hash(&key);
/// #             let count = self.0.content_mut(hash)?.entry(hash, key, |_| 0);
/// #             *count += 1;
/// #             output.emit((key, *count), Timestamp::MIN)?;
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// let mut fleet = KeyedFleet::new(2, 128, |info| count(info))?;
/// fleet.push('a', (), Timestamp::MIN)?;
/// fleet.rescale(3)?;
/// fleet.push('a', (), Timestamp::MIN)?;
/// assert_eq!(fleet.take_records(), [('a', 1), ('a', 2)]);
/// # Ok::<(), millstream_runtime::Error>(())
/// ```
pub struct KeyedFleet<K, I, O> {
    open: Open<K, I, O>,
    groups: KeyGroups,
    members: Vec<OperatorHarness<(K, I), O>>,
    emitted: Vec<(O, Timestamp)>,
    checkpoint: u64,
}

impl<K: Key, I: Send + 'static, O: Send + 'static> KeyedFleet<K, I, O> {
    /// Opens `parallelism` subtasks over `max_parallelism` key groups.
    pub fn new<Op: Operator<(K, I), O>>(
        parallelism: u32,
        max_parallelism: u32,
        make: impl Fn(&OperatorInfo) -> Op + 'static,
    ) -> Result<Self> {
        let open = Box::new(move |setup: HarnessSetup<'_>| OperatorHarness::make(setup, &make));
        let groups = KeyGroups::new(max_parallelism);
        let mut fleet = Self { open, groups, members: Vec::new(), emitted: Vec::new(), checkpoint: 0 };
        fleet.members = fleet.open(parallelism, &[])?;
        Ok(fleet)
    }

    fn open(
        &self,
        parallelism: u32,
        snapshots: &[HarnessSnapshot],
    ) -> Result<Vec<OperatorHarness<(K, I), O>>> {
        let setup = |subtask| HarnessSetup::new().subtask(subtask, parallelism);
        let setup = |subtask| setup(subtask).max_parallelism(self.groups.count()).restore(snapshots);
        (0..parallelism).map(|subtask| (self.open)(setup(subtask))).collect()
    }

    /// The subtasks, by index.
    pub fn members(&mut self) -> &mut [OperatorHarness<(K, I), O>] {
        &mut self.members
    }

    /// Pushes a record to the subtask that owns its key; [`Timestamp::MIN`] stands for "no timestamp".
    pub fn push(&mut self, key: K, record: I, timestamp: Timestamp) -> Result<()> {
        let parallelism = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let owner = self.groups.owner(self.groups.of(&key), parallelism);
        match self.members.get_mut(owner as usize) {
            Some(member) => member.push((key, record), timestamp),
            None => Ok(()),
        }
    }

    /// Brings event time to `watermark` everywhere.
    pub fn watermark(&mut self, watermark: Timestamp) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.watermark(watermark))
    }

    /// Ends the input, everywhere.
    pub fn end_of_data(&mut self) -> Result<()> {
        self.members.iter_mut().try_for_each(OperatorHarness::end_of_data)
    }

    /// Moves the clock forward, everywhere.
    pub fn advance(&mut self, duration: Duration) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.advance(duration))
    }

    /// Takes a snapshot of all subtasks, and goes on from it with `parallelism` new ones, whose
    /// clock has not stood still meanwhile. `disturb` is done to the old subtasks after the
    /// snapshot: none of it must show.
    pub fn crash(&mut self, parallelism: u32, disturb: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.checkpoint += 1;
        let checkpoint = self.checkpoint;
        let snapshots = self.members.iter_mut().map(|member| member.snapshot(checkpoint));
        let snapshots = snapshots.collect::<Result<Vec<_>>>()?;
        self.gather();
        disturb(self)?;
        let now = self.members.first().map(|member| member.now().since(Timestamp::from_millis(0)));
        self.members = self.open(parallelism, &snapshots)?;
        self.advance(now.unwrap_or_default())
    }

    /// [`crash`](Self::crash) without anything done after the snapshot.
    pub fn rescale(&mut self, parallelism: u32) -> Result<()> {
        self.crash(parallelism, |_| Ok(()))
    }

    fn gather(&mut self) {
        self.emitted.extend(self.members.iter().flat_map(OperatorHarness::take_timed));
    }

    /// Takes the records emitted since the last time: those before the last rescaling first, then
    /// subtask after subtask.
    pub fn take_timed(&mut self) -> Vec<(O, Timestamp)> {
        self.gather();
        std::mem::take(&mut self.emitted)
    }

    /// As [`take_timed`](Self::take_timed), without the timestamps.
    pub fn take_records(&mut self) -> Vec<O> {
        self.take_timed().into_iter().map(|(record, _)| record).collect()
    }
}
