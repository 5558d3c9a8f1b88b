//! Enriching a stream from a bounded table: a broadcast lookup join whose answer is not a matter of luck.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_runtime::event::StreamStatus;
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Key, Record, Timestamp};

use super::broadcast_map::BroadcastMap;
use crate::Stream;

const HELD: &str = "held back";
const TABLE: &str = "broadcast";

/// What the user says about the join.
#[derive(Clone)]
pub(super) struct Lookup<Of, Entry, Join> {
    /// The key that a record looks up.
    pub(super) key: Of,
    /// What a record of the table is in the map.
    pub(super) entry: Entry,
    /// Brings the two together.
    pub(super) join: Join,
}

pub(super) struct Enrich<T, B, K, V, L> {
    lookup: L,
    table: BroadcastMap<K, V>,
    /// Whether all of the table is there. Not part of snapshots: a table that had ended ends again
    /// after a restore, and until then nobody can know that it will bring nothing more.
    complete: bool,
    /// What came before the table was complete, a batch each; shared with snapshots that are being
    /// written.
    held: VecDeque<Arc<Vec<(T, Timestamp)>>>,
    /// The batch of those that is being joined, now that the table is complete.
    joining: std::vec::IntoIter<(T, Timestamp)>,
    /// The watermark that belongs behind what is held back.
    held_watermark: Option<Timestamp>,
    held_status: Option<StreamStatus>,
    _table: PhantomData<fn(B)>,
}

impl<T, B, K: Key, V: Record, L> Enrich<T, B, K, V, L> {
    pub(super) fn new(lookup: L) -> Self {
        Self {
            lookup,
            table: BroadcastMap::default(),
            complete: false,
            held: VecDeque::new(),
            joining: Vec::new().into_iter(),
            held_watermark: None,
            held_status: None,
            _table: PhantomData,
        }
    }
}

impl<T, B, K, V, O, Of, Entry, Join> OperatorHooks<O> for Enrich<T, B, K, V, Lookup<Of, Entry, Join>>
where
    T: Record,
    B: 'static,
    K: Key,
    V: Record,
    Of: FnMut(&T) -> K + Send + 'static,
    Entry: Send + 'static,
    Join: FnMut(T, Option<&V>) -> O + Send + 'static,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.table.restore(TABLE, cx)?;
        self.held.extend(cx.take_list(HELD)?.map(Arc::new));
        Ok(())
    }

    fn resume(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        if self.complete { self.join_held(output) } else { Ok(()) }
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        if self.complete {
            return output.emit_watermark(watermark);
        }
        self.held_watermark = Some(watermark);
        Ok(())
    }

    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, O>) -> Result<()> {
        if self.complete {
            return output.emit_status(status);
        }
        self.held_status = Some(status);
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.table.snapshot(TABLE, cx);
        let held = self.held.clone();
        let items = async move { Ok(held.iter().flat_map(|batch| batch.iter().cloned()).collect()) };
        cx.list_deferred::<(T, Timestamp)>(HELD, Redistribution::Split, Box::pin(items));
        Ok(())
    }
}

impl<T, B, K, V, O, Of, Entry, Join> TwoInputOperator<T, B, O> for Enrich<T, B, K, V, Lookup<Of, Entry, Join>>
where
    T: Record,
    B: 'static,
    K: Key,
    V: Record,
    Of: FnMut(&T) -> K + Send + 'static,
    Entry: FnMut(B) -> (K, V) + Send + 'static,
    Join: FnMut(T, Option<&V>) -> O + Send + 'static,
{
    fn process_first(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, O>) -> Result<()> {
        if !self.complete {
            self.held.push_back(Arc::new(batch.drain_timed().collect()));
            return Ok(());
        }
        let Self { lookup, table, .. } = self;
        batch.map_into(output.batch(), |record| {
            let found = table.entries().get(&(lookup.key)(&record));
            (lookup.join)(record, found)
        });
        Ok(())
    }

    fn process_second(&mut self, batch: &mut Batch<B>, _: &mut Output<'_, O>) -> Result<()> {
        for record in batch.drain() {
            let (key, value) = (self.lookup.entry)(record);
            self.table.entries_mut().insert(key, value);
        }
        Ok(())
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.complete = true;
        self.join_held(output)
    }
}

impl<T, B, K, V, Of, Entry, Join> Enrich<T, B, K, V, Lookup<Of, Entry, Join>>
where
    T: Record,
    K: Key,
    V: Record,
    Of: FnMut(&T) -> K,
{
    /// Joins what was held back, until that is done or the task should yield.
    fn join_held<O>(&mut self, output: &mut Output<'_, O>) -> Result<()>
    where
        Join: FnMut(T, Option<&V>) -> O,
    {
        let Self { lookup, table, held, joining, .. } = self;
        loop {
            for (record, timestamp) in joining.by_ref() {
                let found = table.entries().get(&(lookup.key)(&record));
                output.emit((lookup.join)(record, found), timestamp)?;
                if output.should_yield() {
                    output.suspend();
                    return Ok(());
                }
            }
            let Some(batch) = held.pop_front() else { break };
            *joining = Arc::unwrap_or_clone(batch).into_iter();
        }
        self.held_watermark.take().map_or(Ok(()), |watermark| output.emit_watermark(watermark))?;
        self.held_status.take().map_or(Ok(()), |status| output.emit_status(status))
    }
}

impl<T: Record> Stream<T> {
    /// Looks each record up in a table, and joins it with what is found there.
    ///
    /// The table is a stream that ends. Every subtask reads all of it into memory, by the key and
    /// value that `entry` makes of its records (of several with one key the last counts). `key` is
    /// what a record of this stream looks up, and `join` gets the record and what was found.
    ///
    /// Until the table has ended, records and watermarks are held back, in state, so that the
    /// answer does not depend on which input is quicker. A table that never ends holds them back
    /// for ever: for that there is [`connect_broadcast`](Stream::connect_broadcast). The table
    /// needs neither timestamps nor watermarks.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let sales = env.from_collection([(7, 3), (8, 1)]);
    /// let names = env.from_collection([(7, "tea".to_owned())]);
    /// let named = sales.enrich(
    ///     &names,
    ///     |(product, _)| *product,
    ///     |(product, name)| (product, name),
    ///     |(product, pieces), name| match name {
    ///         Some(name) => format!("{pieces} {name}"),
    ///         None => format!("{pieces} of product {product}"),
    ///     },
    /// );
    /// let named = named.collect();
    /// env.execute("name products")?;
    /// assert_eq!(named.sorted(), ["1 of product 8", "3 tea"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn enrich<B: Record, K: Key, V: Record, O: Record>(
        &self,
        table: &Stream<B>,
        key: impl FnMut(&T) -> K + Clone + Send + Sync + 'static,
        entry: impl FnMut(B) -> (K, V) + Clone + Send + Sync + 'static,
        join: impl FnMut(T, Option<&V>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        let lookup = Lookup { key, entry, join };
        let enriched =
            self.connect(&table.broadcast()).transform("Enrich", move |_| Enrich::new(lookup.clone()));
        let mut graph = enriched.graph.lock();
        graph.mark_first_input_has_time(enriched.node);
        graph.mark_side_outputs(enriched.node, []);
        drop(graph);
        enriched
    }
}
