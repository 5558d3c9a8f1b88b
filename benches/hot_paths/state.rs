//! State that is being worked on: a batch of records into a table, and into tables of windows.
//! Making the batch is part of every figure, the baseline's too.

use std::hash::BuildHasherDefault;

use criterion::{BenchmarkId, Criterion, Throughput};
use hashbrown::HashMap;
use millstream::engine::state::{
    Current, HeapStore, KeyGroups, KeyedTable, Shape, StableHasher, WindowedTable, stable_hash,
};
use millstream::state::snapshot::{StateKind, StateMeta};
use millstream::state::{StateAccess, ValueState};

use crate::{BATCH, scramble};

const KEYS: [u64; 2] = [1_000, 1_000_000];
/// How many windows the records of one batch belong to.
const WINDOWS: i64 = 2;

type Map<K> = HashMap<K, u64, BuildHasherDefault<StableHasher>>;

fn meta(kind: StateKind) -> StateMeta {
    StateMeta { name: "count".to_owned(), kind, key: Shape::of::<u64>(), value: Shape::of::<u64>() }
}

/// What a keyed function reaches its states through.
struct At {
    store: HeapStore<u64>,
    key: u64,
    hash: u64,
}

impl At {
    fn at(&mut self, key: u64) -> &mut Self {
        (self.key, self.hash) = (key, stable_hash(&key));
        self
    }
}

impl StateAccess for At {
    type Store = HeapStore<u64>;
    fn store(&self) -> (&HeapStore<u64>, Current<'_, u64>) {
        (&self.store, Current { key: &self.key, hash: self.hash })
    }
    fn store_mut(&mut self) -> (&mut HeapStore<u64>, Current<'_, u64>) {
        (&mut self.store, Current { key: &self.key, hash: self.hash })
    }
}

/// Batches of keys, always other ones.
fn batches(keys: u64) -> impl FnMut() -> Vec<u64> {
    let mut next = 0;
    move || {
        next += BATCH;
        (next - BATCH..next).map(|number| scramble(number) % keys).collect()
    }
}

/// One value for each key, in key groups: in the table itself, and through the handle of a function;
/// against one map with the same hash.
pub fn table(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counting a batch of keys");
    group.throughput(Throughput::Elements(BATCH));
    for keys in KEYS {
        group.bench_with_input(BenchmarkId::new("keyed table", keys), &keys, |bencher, &keys| {
            let groups = KeyGroups::new(128);
            let mut table = KeyedTable::new(meta(StateKind::Value), groups, groups.range_of(0, 1));
            (0..keys).for_each(|key| {
                let hash = stable_hash(&key);
                table.content_mut(hash).unwrap().insert(hash, key, 0_u64);
            });
            let mut batches = batches(keys);
            bencher.iter(|| {
                for key in batches() {
                    let hash = stable_hash(&key);
                    *table.content_mut(hash).unwrap().entry(hash, key, |_| 0) += 1;
                }
            });
        });
        group.bench_with_input(BenchmarkId::new("value state", keys), &keys, |bencher, &keys| {
            let groups = KeyGroups::new(128);
            let store = HeapStore::new(groups, groups.range_of(0, 1), Vec::new());
            let mut current = At { store, key: 0, hash: 0 };
            let count = ValueState::<u64>::declare(&mut current.store, &"count".into()).unwrap();
            (0..keys).for_each(|key| count.set(current.at(key), 0));
            let mut batches = batches(keys);
            bencher.iter(|| {
                for key in batches() {
                    count.update_or_default(current.at(key), |count| *count += 1);
                }
            });
        });
        group.bench_with_input(BenchmarkId::new("baseline: hash map", keys), &keys, |bencher, &keys| {
            let mut map: Map<u64> = (0..keys).map(|key| (key, 0)).collect();
            let mut batches = batches(keys);
            bencher.iter(|| batches().into_iter().for_each(|key| *map.entry(key).or_default() += 1));
        });
    }
    group.finish();
}

/// A table for each window, in key groups; against one map of windows and keys.
pub fn windows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counting a batch of keys in windows");
    group.throughput(Throughput::Elements(BATCH));
    let window_of = |key: u64| (key % WINDOWS as u64) as i64;
    for keys in KEYS {
        group.bench_with_input(BenchmarkId::new("window tables", keys), &keys, |bencher, &keys| {
            let groups = KeyGroups::new(128);
            let mut tables =
                WindowedTable::<i64, u64, u64>::new(meta(StateKind::Window), groups, groups.range_of(0, 1));
            for key in 0..keys {
                let hash = stable_hash(&key);
                let window = tables.content_mut(hash).unwrap().open(&window_of(key), || {});
                window.insert(hash, key, 0);
            }
            let mut batches = batches(keys);
            bencher.iter(|| {
                for key in batches() {
                    let hash = stable_hash(&key);
                    let window = tables.content_mut(hash).unwrap().get_mut(&window_of(key)).unwrap();
                    *window.entry(hash, key, |_| 0) += 1;
                }
            });
        });
        group.bench_with_input(BenchmarkId::new("baseline: hash map", keys), &keys, |bencher, &keys| {
            let mut map: Map<(i64, u64)> = (0..keys).map(|key| ((window_of(key), key), 0)).collect();
            let mut batches = batches(keys);
            let mut count = |key| *map.entry((window_of(key), key)).or_default() += 1;
            bencher.iter(|| batches().into_iter().for_each(&mut count));
        });
    }
    group.finish();
}
