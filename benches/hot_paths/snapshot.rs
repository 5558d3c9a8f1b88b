//! One key group of state to bytes and back, against a plain vector of the same entries.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use millstream::Record;
use millstream::engine::state::codec::encode_into;
use millstream::engine::state::snapshot::Pieces;
use millstream::engine::state::snapshot::part::EncodeBlock;
use millstream::engine::state::snapshot::read::KeyedRestore;
use millstream::engine::state::{CheckpointId, KeyGroups, KeyedTable, Shape, stable_hash};
use millstream::state::snapshot::{StateKind, StateMeta};

use crate::scramble;

/// Entries of the key group: as many as each of 128 has of a million.
const ENTRIES: u64 = 8_000;

/// Entries of a state that is far larger than the caches.
const LARGE_ENTRIES: u64 = 4_000_000;

type Numbers = (u64, f64, u64);

fn numbers(key: u64) -> Numbers {
    let mixed = scramble(key);
    (mixed % 100, mixed as f64, mixed >> 20)
}

fn text(key: u64) -> String {
    format!("{:030}", scramble(key))
}

fn table<V: Record>() -> KeyedTable<u64, V> {
    let groups = KeyGroups::new(1);
    let (key, value) = (Shape::of::<u64>(), Shape::of::<V>());
    let meta = StateMeta { name: "value".to_owned(), kind: StateKind::Value, key, value };
    KeyedTable::new(meta, groups, groups.range_of(0, 1))
}

fn filled<V: Record>(value: impl Fn(u64) -> V) -> KeyedTable<u64, V> {
    let mut table = table();
    for key in 0..ENTRIES {
        let hash = stable_hash(&key);
        table.content_mut(hash).unwrap().insert(hash, key, value(key));
    }
    table
}

/// What a snapshot of a table holds: the bytes of its only key group.
fn stored<V: Record>(table: &mut KeyedTable<u64, V>) -> KeyedRestore {
    let snapshot = table.snapshot(CheckpointId::new(1));
    let blocks = snapshot.groups.iter().map(|group| (group.group, group.block.to_bytes().unwrap().into()));
    KeyedRestore { blocks: blocks.collect(), meta: snapshot.meta }
}

/// Encodes a block as for a file: into pieces.
fn encode(block: &dyn EncodeBlock) -> Pieces {
    let mut out = Pieces::default();
    block.encode(&mut out).unwrap();
    out
}

fn encoding_of<V: Record>(criterion: &mut Criterion, name: &str, value: impl Fn(u64) -> V) {
    let mut group = criterion.benchmark_group("encoding a key group");
    group.throughput(Throughput::Elements(ENTRIES));
    let mut table = filled(&value);
    let snapshot = table.snapshot(CheckpointId::new(1));
    let block: &dyn EncodeBlock = snapshot.groups[0].block.as_ref();
    group.bench_function(BenchmarkId::new("block", name), |bencher| {
        bencher.iter(|| encode(block));
    });
    let entries: Vec<(u64, V)> = (0..ENTRIES).map(|key| (key, value(key))).collect();
    group.bench_function(BenchmarkId::new("baseline: plain vector", name), |bencher| {
        let mut buffer = vec![0; 1 << 20];
        bencher.iter(|| postcard::to_slice(&entries, &mut buffer).unwrap().len());
    });
    group.finish();
}

fn decoding_of<V: Record>(criterion: &mut Criterion, name: &str, value: impl Fn(u64) -> V) {
    let mut group = criterion.benchmark_group("decoding a key group");
    group.throughput(Throughput::Elements(ENTRIES));
    let stored = stored(&mut filled(&value));
    group.bench_function(BenchmarkId::new("block", name), |bencher| {
        bencher.iter_batched_ref(
            table::<V>,
            |table| table.restore_all(stored.clone()).unwrap(),
            BatchSize::LargeInput,
        );
    });
    let entries: Vec<(u64, V)> = (0..ENTRIES).map(|key| (key, value(key))).collect();
    let bytes = postcard::to_stdvec(&entries).unwrap();
    group.bench_function(BenchmarkId::new("baseline: plain vector", name), |bencher| {
        bencher.iter_with_large_drop(|| postcard::from_bytes::<Vec<(u64, V)>>(&bytes).unwrap());
    });
    group.finish();
}

/// Of a state whose texts are in memory, and in no cache.
fn encoding_of_large(criterion: &mut Criterion) {
    const GROUPS: u32 = 64;
    let groups = KeyGroups::new(GROUPS);
    let (name, key, value) = ("value".to_owned(), Shape::of::<u64>(), Shape::of::<String>());
    let meta = StateMeta { name, kind: StateKind::Value, key, value };
    let mut table = KeyedTable::<u64, String>::new(meta, groups, groups.range_of(0, 1));
    for key in 0..LARGE_ENTRIES {
        let hash = stable_hash(&key);
        table.content_mut(hash).unwrap().insert(hash, key, text(key));
    }
    let snapshot = table.snapshot(CheckpointId::new(1));
    let mut group = criterion.benchmark_group("encoding a state of many texts");
    group.throughput(Throughput::Elements(LARGE_ENTRIES)).sample_size(10);
    group.bench_function("blocks", |bencher| {
        bencher.iter(|| snapshot.groups.iter().for_each(|group| drop(encode(group.block.as_ref()))));
    });
    group.bench_function("baseline: entry after entry", |bencher| {
        let mut out = Vec::new();
        bencher.iter(|| {
            for table in table.contents() {
                out.clear();
                table.iter().for_each(|entry| encode_into(entry, &mut out).unwrap());
            }
        });
    });
    group.finish();
}

pub fn encoding(criterion: &mut Criterion) {
    encoding_of(criterion, "numbers", numbers);
    encoding_of(criterion, "text of 30 B", text);
    encoding_of_large(criterion);
}

pub fn decoding(criterion: &mut Criterion) {
    decoding_of(criterion, "numbers", numbers);
    decoding_of(criterion, "text of 30 B", text);
}
