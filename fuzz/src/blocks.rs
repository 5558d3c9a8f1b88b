//! Blocks of keyed state: tables, windows and timers.

use millstream::engine::state::snapshot::Pieces;
use millstream::engine::state::{
    DueQueue, GroupContent, KeyGroups, KeyTable, TimerContent, TimerQueue, WindowTables, stable_hash,
};
use millstream::state::snapshot::{CheckpointId, KeyGroup, StateKind};
use millstream::window::{GlobalWindow, TimeWindow};
use millstream::{Key, Timestamp};

use super::codec::Event;

pub fn run(bytes: &[u8]) {
    decode::<KeyTable<String, Event>>(bytes);
    decode::<KeyTable<u64, Vec<Option<f64>>>>(bytes);
    // A key without content takes no bytes, so that nothing but the count says how many there are.
    decode::<KeyTable<(), ()>>(bytes);
    decode::<WindowTables<TimeWindow, String, u64>>(bytes);
    decode::<WindowTables<GlobalWindow, (), ()>>(bytes);
    let groups = KeyGroups::new(1);
    let (domain, range) = (("timers", StateKind::EventTimer), groups.range_of(0, 1));
    timers(TimerQueue::<String>::new(domain, groups, range), bytes);
    timers(TimerQueue::<()>::new(domain, groups, range), bytes);
    timers(DueQueue::<String>::new(domain, groups, range), bytes);
    timers(DueQueue::<()>::new(domain, groups, range), bytes);
}

fn decode<C: GroupContent>(bytes: &[u8]) {
    let mut changed = C::default();
    if changed.decode_changes(bytes).is_ok() {
        written(&changed);
    }
    let mut content = C::default();
    if content.decode(bytes).is_err() {
        return;
    }
    let written = written(&content);
    let mut again = C::default();
    again.decode(&written).expect("what was written can be read");
    assert_eq!(again.entries(), content.entries());
}

fn written(content: &impl GroupContent) -> Vec<u8> {
    let mut out = Pieces::default();
    content.encode(&mut out).expect("state can be written");
    out.into_vec()
}

fn timers<K: Key, G: TimerContent<K>>(mut queue: TimerQueue<K, G>, bytes: &[u8]) {
    if queue.restore(KeyGroup::new(0), bytes).is_err() {
        return;
    }
    let (mut last, entries) = (Timestamp::MIN, queue.len());
    let mut fired = 0;
    while let Some((time, _)) = queue.pop(Timestamp::MAX) {
        assert!(time >= last, "timers fire in order");
        (last, fired) = (time, fired + 1);
    }
    assert_eq!(fired, entries);
}

/// A table, windows and timers with a few entries each.
pub fn valid() -> Vec<Vec<u8>> {
    let mut table = KeyTable::<String, Event>::default();
    for (key, event) in ["a", "b", "c"].into_iter().zip(Event::all()) {
        table.insert(stable_hash(key), key.to_owned(), event);
    }
    let mut windows = WindowTables::<TimeWindow, String, u64>::default();
    for start in [0, 10, 20] {
        let window =
            TimeWindow { start: Timestamp::from_millis(start), end: Timestamp::from_millis(start + 10) };
        windows.open(&window, || {}).insert(stable_hash("a"), "a".to_owned(), 7);
    }
    let groups = KeyGroups::new(1);
    let mut queue =
        TimerQueue::<String>::new(("timers", StateKind::EventTimer), groups, groups.range_of(0, 1));
    for (key, time) in [("a", 5), ("b", 5), ("a", 9)] {
        let time = Timestamp::from_millis(time);
        queue.register(stable_hash(&key.to_owned()), &key.to_owned(), time).expect("its own group");
    }
    let timers = queue.snapshot(CheckpointId::new(1));
    let timers_written = timers.groups[0].block.to_bytes().expect("timers can be written");
    let since = CheckpointId::new(1);
    table.snapshotted(since);
    table.insert(stable_hash("b"), "b".to_owned(), Event::Opened);
    table.remove(stable_hash("a"), &"a".to_owned());
    let mut changes = Pieces::default();
    table.encode_changes(since, &mut changes).expect("changes are known");
    vec![written(&table), written(&windows), timers_written, changes.into_vec()]
}
