//! Records in transit: a batch through the partitioner, a batch through a channel, watermarks merged.

use std::hint::black_box;
use std::sync::Arc;
use std::task::Waker;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use millstream::Timestamp;
use millstream::engine::batch::Batch;
use millstream::engine::chain::Outlet;
use millstream::engine::channel::{ChannelReceiver, channel};
use millstream::engine::event::Event;
use millstream::engine::input::WatermarkMerger;
use millstream::engine::partition::{ByKeyGroup, Partitioner};
use millstream::engine::state::{KeyGroups, stable_hash};

use crate::{BATCH, scramble};

const SUBTASKS: u32 = 2;
const CHANNEL: usize = 16;

fn pairs() -> Vec<(u64, u64)> {
    (0..BATCH).map(|number| (scramble(number), number)).collect()
}

/// A batch by key group into the channels of two subtasks, which are emptied; against the remainder of
/// the hash into two vectors. Both get a batch made anew; one gives back what it has filled, the other frees it.
pub fn routing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routing a batch by key");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("key group", |bencher| {
        let (waker, pool) = (Waker::noop(), Arc::default());
        let (senders, receivers): (Vec<_>, Vec<ChannelReceiver<(u64, u64)>>) =
            (0..SUBTASKS).map(|_| channel(CHANNEL, Arc::clone(&pool), waker.clone(), waker.clone())).unzip();
        let mut outlet = Outlet::new(senders);
        let mut partitioner = ByKeyGroup::new(KeyGroups::new(128), SUBTASKS);
        bencher.iter_batched(
            || Batch::from(pairs()),
            |mut batch| {
                partitioner.route(&mut batch, &mut outlet).unwrap();
                for receiver in &receivers {
                    if let Some(Event::Batch(batch)) = receiver.try_receive() {
                        receiver.give_back(batch);
                    }
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("baseline: remainder", |bencher| {
        let room = || Vec::with_capacity(BATCH as usize);
        let mut targets: Vec<Vec<(u64, u64)>> = (0..SUBTASKS).map(|_| room()).collect();
        bencher.iter_batched(
            pairs,
            |batch| {
                for (key, number) in batch {
                    let target = &mut targets[(stable_hash(&key) % u64::from(SUBTASKS)) as usize];
                    target.push((key, number));
                    if target.len() == BATCH as usize {
                        drop(std::mem::replace(target, room()));
                    }
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// A batch into a channel and out again, on one thread; against the channel under it.
pub fn channel_hop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one batch through a channel");
    group.bench_function("channel", |bencher| {
        let (sender, receiver) =
            channel::<u64>(CHANNEL, Arc::default(), Waker::noop().clone(), Waker::noop().clone());
        bencher.iter(|| {
            assert!(sender.try_send(Event::Batch(black_box(Batch::default()))).is_ok());
            receiver.try_receive()
        });
    });
    group.bench_function("baseline: crossbeam", |bencher| {
        let (sender, receiver) = crossbeam_channel::bounded::<Event<u64>>(CHANNEL);
        bencher.iter(|| {
            assert!(sender.try_send(Event::Batch(black_box(Batch::default()))).is_ok());
            receiver.try_recv().ok()
        });
    });
    group.finish();
}

/// A watermark of one input, of the given number; against the lowest of as many numbers.
pub fn watermarks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merging a watermark");
    for inputs in [2, 64] {
        group.bench_with_input(BenchmarkId::new("merger", inputs), &inputs, |bencher, &inputs| {
            let (mut merger, mut time) = (WatermarkMerger::new(inputs), 0);
            bencher.iter(|| {
                time += 1;
                merger.watermark(time as usize % inputs, Timestamp::from_millis(time))
            });
        });
        group.bench_with_input(BenchmarkId::new("baseline: lowest", inputs), &inputs, |bencher, &inputs| {
            let (mut lowest, mut time) = (vec![i64::MIN; inputs], 0);
            bencher.iter(|| {
                time += 1;
                lowest[time as usize % inputs] = time;
                black_box(&lowest).iter().copied().min()
            });
        });
    }
    group.finish();
}
