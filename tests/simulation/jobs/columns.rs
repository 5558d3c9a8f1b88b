//! Chunks of columns through the runtime: filtered, exchanged by key in pieces, counted in a state of rows.
//!
//! What travels is one element a batch that stands for many records.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream::engine::batch::Batch;
use millstream::engine::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Outlet, Output, SnapshotContext,
};
use millstream::engine::partition::{Partitioner, Partitioning};
use millstream::engine::state::{KeyGroups, KeyedTable, STABLE_HASH_START, Shape, fold_word};
use millstream::prelude::*;
use millstream::state::snapshot::{StateKind, StateMeta};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// Two columns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Chunk {
    keys: Arc<[u64]>,
    values: Arc<[u64]>,
}

impl Chunk {
    fn of(rows: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let (keys, values): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        Self { keys: keys.into(), values: values.into() }
    }

    fn rows(&self) -> impl Iterator<Item = (u64, u64)> {
        self.keys.iter().copied().zip(self.values.iter().copied())
    }

    fn weighed(self) -> Batch<Self> {
        let rows = self.keys.len() as u64;
        Batch::weighing(vec![self], rows, rows * 16)
    }
}

fn hash(key: u64) -> u64 {
    fold_word(STABLE_HASH_START, key)
}

/// Collects numbers into chunks, which are not part of its state.
struct Bundle(Vec<(u64, u64)>);

const ROWS: usize = 7;
const KEYS: u64 = 13;

const fn row(number: u64) -> (u64, u64) {
    (number.wrapping_mul(2_654_435_761) % KEYS, number)
}

const fn passes(value: u64) -> bool {
    !value.is_multiple_of(3)
}

impl Bundle {
    fn emit(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        output.forward(&mut Chunk::of(self.0.drain(..)).weighed())
    }
}

impl OperatorHooks<Chunk> for Bundle {
    fn flush(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.emit(output)
    }
    fn before_barrier(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.emit(output)
    }
    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.emit(output)
    }
}

impl Operator<u64, Chunk> for Bundle {
    fn process(&mut self, batch: &mut Batch<u64>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for number in batch.drain() {
            self.0.push(row(number));
            if self.0.len() >= ROWS {
                self.emit(output)?;
            }
        }
        Ok(())
    }
}

struct Filter;

impl OperatorHooks<Chunk> for Filter {}

impl Operator<Chunk, Chunk> for Filter {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().try_for_each(|chunk| {
            let kept = Chunk::of(chunk.rows().filter(|(_, value)| passes(*value)));
            output.forward(&mut kept.weighed())
        })
    }
}

/// Sends each row to the owner of its key, in chunks that it fills first.
struct ByKey {
    groups: KeyGroups,
    parallelism: u32,
    builders: Vec<Vec<(u64, u64)>>,
}

impl ByKey {
    fn ship(&mut self, channel: usize, outlet: &mut Outlet<Chunk>) {
        let rows = std::mem::take(&mut self.builders[channel]);
        if !rows.is_empty() {
            outlet.send_batch(channel, Chunk::of(rows).weighed());
        }
    }
}

impl Partitioner<Chunk> for ByKey {
    fn route(&mut self, batch: &mut Batch<Chunk>, outlet: &mut Outlet<Chunk>) -> Result<()> {
        self.builders.resize_with(outlet.channels(), Vec::new);
        for row in batch.drain().flat_map(|chunk| chunk.rows().collect::<Vec<_>>()) {
            let owner = self.groups.owner(self.groups.of_hash(hash(row.0)), self.parallelism) as usize;
            self.builders[owner].push(row);
            if self.builders[owner].len() >= 2 * ROWS {
                self.ship(owner, outlet);
            }
        }
        Ok(())
    }

    fn flush(&mut self, outlet: &mut Outlet<Chunk>) -> Result<()> {
        (0..self.builders.len()).for_each(|channel| self.ship(channel, outlet));
        Ok(())
    }
}

/// Counts and sums the rows of each key; emits both at the end.
struct Count(KeyedTable<u64, (u64, u64)>);

const STATE: &str = "rows";

impl Count {
    fn new(info: &OperatorInfo) -> Self {
        let (key, value) = (Shape::of::<u64>(), Shape::of::<(u64, u64)>());
        let meta = StateMeta { name: STATE.to_owned(), kind: StateKind::Rows, key, value };
        Self(KeyedTable::new(meta, info.groups, info.range()))
    }
}

impl OperatorHooks<(u64, u64, u64)> for Count {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(stored) = cx.take_keyed(STATE) {
            self.0.restore_all(stored)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let rows = self.0.snapshot(cx.checkpoint());
        cx.keyed(rows);
        Ok(())
    }

    fn end_of_data(&mut self, output: &mut Output<'_, (u64, u64, u64)>) -> Result<()> {
        for table in self.0.contents_mut_if(|table| !table.is_empty()) {
            for (key, (count, sum)) in std::mem::take(table).into_entries() {
                output.emit((key, count, sum), Timestamp::MIN)?;
            }
        }
        Ok(())
    }
}

impl Operator<Chunk, (u64, u64, u64)> for Count {
    fn process(&mut self, batch: &mut Batch<Chunk>, _: &mut Output<'_, (u64, u64, u64)>) -> Result<()> {
        for (key, value) in batch.drain().flat_map(|chunk| chunk.rows().collect::<Vec<_>>()) {
            let hash = hash(key);
            let (count, sum) = self.0.content_mut(hash)?.entry(hash, key, |_| (0, 0));
            *count += 1;
            *sum += value;
        }
        Ok(())
    }
}

pub fn counted_by_key(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=400);
    let counted = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let chunks = numbers.transform("Bundle", |_| Bundle(Vec::new())).transform("Filter", |_| Filter);
        let by_key = chunks.partition_by(Partitioning::KeyGroup, |groups, parallelism| {
            Box::new(ByKey { groups, parallelism, builders: Vec::new() })
        });
        let counts = by_key.transform("Count rows", Count::new).parallelism(life.parallelism());
        let _sink = counts.sink_to(counted.clone());
    })?;
    let mut expected = BTreeMap::<u64, (u64, u64)>::new();
    for (key, value) in (0..records).map(row).filter(|(_, value)| passes(*value)) {
        let (count, sum) = expected.entry(key).or_default();
        (*count, *sum) = (*count + 1, *sum + value);
    }
    let expected = expected.into_iter().map(|(key, (count, sum))| (key, count, sum)).collect();
    compare(counted.records(), expected)?;
    Ok(report)
}
