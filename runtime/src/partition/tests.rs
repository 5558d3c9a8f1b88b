use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use millstream_state::Timestamp;

use super::*;
use crate::channel::{ChannelReceiver, channel};
use crate::event::Event;

const CHANNELS: usize = 3;

fn outlet<T>() -> (Outlet<T>, Vec<ChannelReceiver<T>>) {
    let waker = || Waker::noop().clone();
    let channels = (0..CHANNELS).map(|_| channel(64, Arc::default(), waker(), waker()));
    let (senders, receivers) = channels.unzip();
    (Outlet::new(senders), receivers)
}

/// All batches that have come to a channel.
fn received<T>(outlet: &mut Outlet<T>, receivers: &[ChannelReceiver<T>], channel: usize) -> Vec<Batch<T>> {
    // What is sent as a batch comes after what is under construction.
    outlet.send_batch(channel, Batch::default());
    let events = std::iter::from_fn(|| receivers[channel].try_receive());
    let batches = events.filter_map(|event| if let Event::Batch(batch) = event { Some(batch) } else { None });
    batches.filter(|batch| !batch.is_empty()).collect()
}

/// Routes batches of pairs by key, some of them with timestamps; for each channel what has come, and with how many hashes.
fn by_key<K: Key>(key: impl Fn(u32) -> K) -> Vec<(Vec<(K, u32)>, usize)> {
    let (mut outlet, receivers) = outlet();
    let mut partitioner = ByKeyGroup::new(KeyGroups::new(128), CHANNELS as u32);
    for from in [0, 1_000, 2_000, 3_000] {
        let pairs = (from..from + 1_000).map(|number| (key(number % 70), number));
        let time =
            |number: u32| if from == 1_000 { Timestamp::from_millis(number.into()) } else { Timestamp::MIN };
        let mut batch = Batch::from_timed(pairs.map(|pair| {
            let time = time(pair.1);
            (pair, time)
        }));
        partitioner.route(&mut batch, &mut outlet).unwrap();
    }
    let mut channels = Vec::new();
    for channel in 0..CHANNELS {
        let (mut pairs, mut hashes) = (Vec::new(), 0);
        for batch in received(&mut outlet, &receivers, channel) {
            hashes += batch.key_hashes().len();
            for ((key, _), hash) in batch.records().iter().zip(batch.key_hashes()) {
                assert_eq!(*hash, stable_hash(key));
            }
            for ((_, number), timestamp) in batch.iter_timed() {
                let timed = (1_000..2_000).contains(number);
                assert_eq!(
                    timestamp,
                    if timed { Timestamp::from_millis((*number).into()) } else { Timestamp::MIN }
                );
            }
            pairs.extend(batch.records().iter().cloned());
        }
        channels.push((pairs, hashes));
    }
    channels
}

#[test]
fn records_of_a_key_meet_in_one_channel_in_order() {
    let channels = by_key(|number| number);
    let mut owners = BTreeMap::new();
    for (channel, (pairs, _)) in channels.iter().enumerate() {
        for (key, _) in pairs {
            assert_eq!(*owners.entry(*key).or_insert(channel), channel);
        }
        assert!(pairs.is_sorted_by_key(|(_, number)| *number));
    }
    assert_eq!(owners.len(), 70);
    assert_eq!(channels.iter().map(|(pairs, _)| pairs.len()).sum::<usize>(), 4_000);
}

#[test]
fn the_hash_of_a_key_travels_where_hashing_takes_longer() {
    let texts = by_key(|number| format!("key {number}"));
    assert!(texts.iter().all(|(pairs, hashes)| pairs.len() == *hashes && *hashes > 0));
    assert!(by_key(|number| number).iter().all(|(_, hashes)| *hashes == 0));
}

#[test]
fn nothing_is_lost_on_any_way() {
    let count = |partitioner: &mut dyn Partitioner<u32>| -> Vec<Vec<u32>> {
        let (mut outlet, receivers) = outlet();
        partitioner.route(&mut Batch::from((0..3_000).collect::<Vec<_>>()), &mut outlet).unwrap();
        let channels = (0..CHANNELS).map(|channel| received(&mut outlet, &receivers, channel));
        channels.map(|batches| batches.iter().flat_map(|batch| batch.records().to_vec()).collect()).collect()
    };
    let all: Vec<u32> = (0..3_000).collect();
    assert_eq!(count(&mut ToFirst), [all.clone(), vec![], vec![]]);
    assert_eq!(count(&mut Broadcast), [all.clone(), all.clone(), all.clone()]);
    assert!(count(&mut RoundRobin::starting_at(1)).iter().all(|records| records.len() == 1_000));
    for partitioner in [
        &mut Shuffle(Random::new(1)) as &mut dyn Partitioner<u32>,
        &mut ByFunction(|n: &u32, _| *n as usize % 2),
    ] {
        let mut records = count(partitioner).concat();
        records.sort_unstable();
        assert_eq!(records, all);
    }
    let mut wrong = ByFunction(|_: &u32, channels| channels);
    let error = wrong.route(&mut Batch::from(vec![1]), &mut outlet().0).unwrap_err();
    assert!(error.to_string().contains("chose subtask 3"), "{error}");
}
