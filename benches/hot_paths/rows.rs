//! Rows of bytes in pages: counting and summing by a key, against a table of typed entries.

use std::cell::Cell;
use std::time::Instant;

use criterion::{Bencher, BenchmarkId, Criterion, Throughput};
use millstream::engine::state::rows::{KeyColumn, KeyKind, RowLayout, RowStore, RowsPerKey};
use millstream::engine::state::{KeyGroups, KeyedTable, LookAhead, Shape, stable_hash};
use millstream::state::snapshot::{StateKind, StateMeta};

use crate::scramble;

const KEYS: [u64; 3] = [1_000, 100_000, 1_000_000];
/// Rows of a chunk of columns.
const CHUNK: usize = 4_096;
/// How many chunks there are before the first comes again.
const CHUNKS: u64 = 500;

fn meta(kind: StateKind) -> StateMeta {
    StateMeta { name: "sums".to_owned(), kind, key: Shape::of::<u64>(), value: Shape::of::<(i64, i64)>() }
}

fn chunks(keys: u64) -> Vec<Vec<u64>> {
    let numbers = |chunk: u64| (0..CHUNK as u64).map(move |number| scramble(chunk * CHUNK as u64 + number));
    (0..CHUNKS).map(|chunk| numbers(chunk).map(|number| number % keys).collect()).collect()
}

/// Does the work for one chunk after the other; notes the best time for a row in nanoseconds.
fn each_chunk(bencher: &mut Bencher<'_>, keys: u64, best: &Cell<f64>, mut work: impl FnMut(&[u64])) {
    let chunks = chunks(keys);
    chunks.iter().for_each(|chunk| work(chunk));
    let mut next = chunks.iter().cycle();
    bencher.iter_custom(|times| {
        let start = Instant::now();
        (0..times).for_each(|_| work(next.next().unwrap()));
        let taken = start.elapsed();
        best.set(best.get().min(taken.as_nanos() as f64 / (times * CHUNK as u64) as f64));
        taken
    });
}

/// Adds to two little-endian numbers, one behind the other.
fn add(sums: &mut [u8], count: i64, sum: i64) {
    if let Some(sums) = sums.first_chunk_mut::<16>() {
        let (first, second) = sums.split_at_mut(8);
        for (slot, more) in [(first, count), (second, sum)] {
            let before = i64::from_le_bytes((&*slot).try_into().unwrap());
            slot.copy_from_slice(&(before + more).to_le_bytes());
        }
    }
}

/// A count and a sum for each key: as rows, and as entries of a table with and without looking ahead.
pub fn sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("counting and summing a chunk of rows");
    group.throughput(Throughput::Elements(CHUNK as u64));
    let groups = KeyGroups::new(128);
    let all = groups.range_of(0, 1);
    for keys in KEYS {
        let (rows, table, ahead) = (Cell::new(f64::MAX), Cell::new(f64::MAX), Cell::new(f64::MAX));
        group.bench_function(BenchmarkId::new("rows", keys), |bencher| {
            let layout = RowLayout::new(KeyKind::U64, &[0; 16], RowsPerKey::One);
            let mut store = RowStore::new(meta(StateKind::Rows), groups, all, layout);
            let (mut hashes, mut found) = (Vec::new(), Vec::new());
            each_chunk(bencher, keys, &rows, |chunk| {
                hashes.clear();
                found.clear();
                hashes.extend(chunk.iter().map(stable_hash));
                store.upsert(&hashes, &KeyColumn::U64(chunk), &mut found).unwrap();
                for (entry, key) in found.iter().zip(chunk) {
                    add(store.fixed_mut(entry.row), 1, *key as i64);
                }
            });
        });
        group.bench_function(BenchmarkId::new("baseline: keyed table", keys), |bencher| {
            let mut state = KeyedTable::<u64, (i64, i64)>::new(meta(StateKind::Value), groups, all);
            each_chunk(bencher, keys, &table, |chunk| {
                let mut tables = state.contents_by_hash();
                for key in chunk {
                    let hash = stable_hash(key);
                    let sums = tables.get(hash).unwrap().entry(hash, *key, |_| (0, 0));
                    *sums = (sums.0 + 1, sums.1 + *key as i64);
                }
            });
        });
        group.bench_function(BenchmarkId::new("baseline: keyed table, looked ahead", keys), |bencher| {
            let mut state = KeyedTable::<u64, (i64, i64)>::new(meta(StateKind::Value), groups, all);
            let (mut look_ahead, mut hashes) = (LookAhead::default(), Vec::new());
            each_chunk(bencher, keys, &ahead, |chunk| {
                hashes.clear();
                hashes.extend(chunk.iter().map(stable_hash));
                let places = look_ahead.places(&state, chunk.iter(), &hashes).unwrap();
                let mut tables = state.contents_by_hash();
                for (key, place) in chunk.iter().zip(places) {
                    let table = tables.get(place.hash()).unwrap();
                    if let Some(sums) = table.get_mut_at(place, key) {
                        *sums = (sums.0 + 1, sums.1 + *key as i64);
                    } else {
                        table.insert_new(place.hash(), *key, (1, *key as i64));
                    }
                }
            });
        });
        let [rows, table, ahead] = [rows, table, ahead].map(Cell::into_inner);
        if [rows, table, ahead].iter().all(|best| *best < f64::MAX) {
            println!(
                "{keys} keys: {rows:.1} ns a row; {:.2} times the table's {table:.1}, {:.2} times the {ahead:.1} of looking ahead",
                rows / table,
                rows / ahead
            );
        }
    }
    group.finish();
}
