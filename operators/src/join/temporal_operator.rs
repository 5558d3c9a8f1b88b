//! The operator under temporal joins.

use std::collections::VecDeque;
use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OperatorInfo, Output};
use millstream_runtime::graph::OutputTag;
use millstream_state::{Key, Place, Record, Timestamp, prefetch};
use serde::{Deserialize, Serialize};

use super::kind::{JoinFunction, JoinKind};
use super::no_timestamp;
use super::operator::{JoinOperator, TimedJoin};
use crate::due_keys::Kept;
use crate::late::late;
use crate::timed_keys::{Timed, TimedKeys};

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Versioned<A, B> {
    /// Records that wait for their time, sorted by it; of the same time, in the order in which they have come.
    waiting: VecDeque<(Timestamp, A)>,
    /// Sorted by time, one for each.
    versions: VecDeque<(Timestamp, B)>,
}

impl<A, B> Default for Versioned<A, B> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), versions: VecDeque::new() }
    }
}

impl<A: Record, B: Record> Kept for Versioned<A, B> {
    #[inline]
    fn prefetch(&self) {
        self.waiting.front().into_iter().for_each(prefetch);
        self.versions.front().into_iter().for_each(prefetch);
    }
}

impl<A, B> Versioned<A, B> {
    /// When something happens: the first record is joined, or the first version is replaced by the second for good.
    fn next_due(&self) -> Option<Timestamp> {
        let joined = self.waiting.front().map(|(time, _)| *time);
        joined.into_iter().chain(self.versions.get(1).map(|(time, _)| *time)).min()
    }
}

/// Joins records with the version that was valid at their time.
pub(super) struct TemporalRule<A, O, F> {
    kind: JoinKind,
    join: F,
    late: Option<OutputTag<A>>,
    _output: PhantomData<fn() -> O>,
}

/// What runs a temporal join.
pub(super) fn temporal_operator<K: Key, A: Record, B: Record, O: 'static, F: JoinFunction<A, B, O>>(
    kind: JoinKind,
    join: F,
    late: Option<OutputTag<A>>,
    info: &OperatorInfo,
) -> JoinOperator<K, A, B, O, TemporalRule<A, O, F>> {
    JoinOperator::new(TemporalRule { kind, join, late, _output: PhantomData }, info)
}

/// Changes what is kept of a key, and has it looked at when something is due.
fn change<K: Key, A: Record, B: Record>(
    keys: &mut TimedKeys<K, Versioned<A, B>>,
    (place, key): (Place, &K),
    change: impl FnOnce(&mut Versioned<A, B>),
) -> Result<()> {
    let hash = place.hash();
    let table = keys.state.content_mut(hash)?;
    let of_key = match table.get_mut_at(place, key) {
        Some(of_key) => of_key,
        None => table.insert_new(hash, key.clone(), Timed::new(Versioned::default())),
    };
    change(&mut of_key.kept);
    let due = of_key.kept.next_due();
    of_key.set_timer(&mut keys.timers, hash, key, due)
}

impl<K, A, B, O, F> TimedJoin<K, A, B, O> for TemporalRule<A, O, F>
where
    K: Key,
    A: Record,
    B: Record,
    O: 'static,
    F: JoinFunction<A, B, O>,
{
    type Kept = Versioned<A, B>;
    const STATE: &'static str = "versions";

    fn take_left(
        &mut self,
        batch: &mut Batch<(K, A)>,
        keys: &mut TimedKeys<K, Versioned<A, B>>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        keys.drain_while(batch, |keys, (place, key), record, time| {
            if time == Timestamp::MIN {
                return Err(no_timestamp("a temporal join"));
            }
            if time <= now {
                late(record, time, self.late.as_ref(), output)?;
                return Ok(output.goes_on());
            }
            change(keys, (place, &key), |kept| {
                let place = kept.waiting.partition_point(|(other, _)| *other <= time);
                kept.waiting.insert(place, (time, record));
            })?;
            Ok(true)
        })
    }

    fn take_right(
        &mut self,
        batch: &mut Batch<(K, B)>,
        keys: &mut TimedKeys<K, Versioned<A, B>>,
        _: Timestamp,
        _: &mut Output<'_, O>,
    ) -> Result<()> {
        keys.drain_while(batch, |keys, (place, key), version, time| {
            if time == Timestamp::MIN {
                return Err(no_timestamp("a temporal join"));
            }
            change(keys, (place, &key), |kept| {
                let place = kept.versions.partition_point(|(other, _)| *other < time);
                match kept.versions.get_mut(place).filter(|(other, _)| *other == time) {
                    Some(same) => same.1 = version,
                    None => kept.versions.insert(place, (time, version)),
                }
            })?;
            Ok(true)
        })
    }

    /// Joins the records whose time has come, and forgets the versions that are over.
    fn settle(
        &mut self,
        kept: &mut Versioned<A, B>,
        now: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        let Versioned { waiting, versions } = kept;
        let due = waiting.partition_point(|(time, _)| *time <= now);
        for (time, record) in waiting.drain(..due) {
            let valid = versions.partition_point(|(since, _)| *since <= time);
            let version =
                valid.checked_sub(1).and_then(|last| versions.get(last)).map(|(_, version)| version);
            if version.is_none() && !self.kind.left_outer {
                continue;
            }
            if let Some(joined) = (self.join)(Some(&record), version) {
                output.emit(joined, time)?;
            }
        }
        let begun = versions.partition_point(|(since, _)| *since <= now);
        versions.drain(..begun.saturating_sub(1));
        Ok(())
    }

    fn next_due(&self, kept: &Versioned<A, B>) -> Option<Timestamp> {
        kept.next_due()
    }

    fn is_empty(kept: &Versioned<A, B>) -> bool {
        kept.waiting.is_empty() && kept.versions.is_empty()
    }
}
