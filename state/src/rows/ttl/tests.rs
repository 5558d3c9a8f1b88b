use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::CheckpointId;
use crate::rows::test_support::{INITIAL, append, content, find_one, number_of, store, stored, upsert};
use crate::rows::{KeyKind, RowLayout, RowsPerKey};

const TTL: Option<Ttl> = Some(Ttl { seconds: 10 });

fn expiring(rows_per_key: RowsPerKey) -> RowStore {
    store(RowLayout::new(KeyKind::U64, &INITIAL, rows_per_key)).with_ttl(TTL)
}

#[test]
fn a_row_expires_so_many_seconds_after_it_was_written_last() {
    let mut store = expiring(RowsPerKey::One);
    store.set_now(100);
    upsert(&mut store, &[1, 2]);
    store.set_now(105);
    let row = find_one(&store, 2).unwrap();
    store.fixed_mut(row)[0] = 7;
    for (now, first, second) in
        [(109, true, true), (110, false, true), (114, false, true), (115, false, false)]
    {
        store.set_now(now);
        assert_eq!(find_one(&store, 1).is_some(), first, "{now}");
        assert_eq!(find_one(&store, 2).is_some(), second, "{now}");
        assert_eq!(store.rows().count(), usize::from(first) + usize::from(second));
    }
}

#[test]
fn an_expired_row_starts_anew() {
    let mut store = expiring(RowsPerKey::One);
    let row = upsert(&mut store, &[1])[0].row;
    store.fixed_mut(row).fill(0);
    store.replace(row, b"old").unwrap();
    store.set_now(10);
    let entries = upsert(&mut store, &[1, 1]);
    assert_eq!(entries.iter().map(|entry| entry.is_new).collect::<Vec<_>>(), [true, false]);
    assert_eq!(store.fixed(entries[0].row), INITIAL);
    assert_eq!(store.variable(entries[0].row), b"");
    assert_eq!(store.len(), 1);
}

#[test]
fn sweeps_remove_what_has_expired_a_few_pages_at_a_time() {
    let mut store = expiring(RowsPerKey::One);
    upsert(&mut store, &(0..10_000).collect::<Vec<_>>());
    store.set_now(5);
    upsert(&mut store, &(10_000..10_100).collect::<Vec<_>>());
    let bytes = store.pages.bytes();
    store.set_now(10);
    let removed = store.sweep(2).unwrap();
    assert!((1..2_000).contains(&removed), "{removed}");
    let all: usize = (0..100).map(|_| store.sweep(2).unwrap()).sum();
    assert_eq!((removed + all, store.len()), (10_000, 100));
    assert!(store.pages.bytes() * 10 < bytes);
    assert_eq!(content(&store).into_keys().collect::<Vec<_>>(), (10_000..10_100).collect::<Vec<_>>());
}

#[test]
fn expired_rows_of_a_key_with_many_are_passed_over() {
    let mut store = expiring(RowsPerKey::Many);
    for now in [1, 2, 3] {
        store.set_now(now);
        append(&mut store, &[(1, vec![now as u8])]);
    }
    let first = find_one(&store, 1).unwrap();
    let second = store.next_with_key(first).unwrap();
    let values = |store: &RowStore| {
        let first = find_one(store, 1)?;
        Some(store.with_key(first).map(|row| store.variable(row)[0]).collect::<Vec<_>>())
    };
    store.set_now(5);
    store.fixed_mut(second)[0] = 0;
    store.set_now(11);
    assert_eq!(values(&store), Some(vec![2, 3]));
    store.set_now(13);
    assert_eq!(values(&store), Some(vec![2]));
    let mut restored = expiring(RowsPerKey::Many);
    restored.restore_all(stored(&store.snapshot(CheckpointId::new(1)))).unwrap();
    restored.set_now(13);
    assert_eq!((restored.len(), values(&restored)), (1, Some(vec![2])));
    assert_eq!(store.sweep(10).unwrap(), 2);
    assert_eq!(values(&store), Some(vec![2]));
    store.set_now(15);
    assert_eq!(values(&store), None);
    assert_eq!(store.sweep(10).unwrap(), 1);
    assert!(store.is_empty() && find_one(&store, 1).is_none());
}

#[test]
fn snapshots_keep_stamps_and_leave_out_what_has_expired() {
    let mut before = expiring(RowsPerKey::One);
    upsert(&mut before, &[1]);
    before.set_now(5);
    upsert(&mut before, &[2]);
    before.set_now(12);
    let snapshot = stored(&before.snapshot(CheckpointId::new(1)));

    let mut restored = expiring(RowsPerKey::One);
    restored.restore_all(snapshot.clone()).unwrap();
    assert_eq!(restored.len(), 1);
    for (now, is_there) in [(12, true), (14, true), (15, false)] {
        restored.set_now(now);
        assert_eq!(find_one(&restored, 2).is_some(), is_there);
    }
    // Rows that expire no longer, and rows that begin to.
    let mut kept = expiring(RowsPerKey::One).with_ttl(None);
    kept.set_now(1_000);
    kept.restore_all(snapshot).unwrap();
    assert!(find_one(&kept, 2).is_some());
    let mut again = expiring(RowsPerKey::One);
    again.set_now(2_000);
    again.restore_all(stored(&kept.snapshot(CheckpointId::new(2)))).unwrap();
    for (now, is_there) in [(2_009, true), (2_010, false)] {
        again.set_now(now);
        assert_eq!(find_one(&again, 2).is_some(), is_there);
    }
}

#[test]
fn sweeps_keep_up_with_what_is_added() {
    let mut store = expiring(RowsPerKey::One);
    let (mut next, mut most) = (0, 0);
    for now in 0..300 {
        store.set_now(now);
        store.sweep(store.pages_to_sweep(1_000)).unwrap();
        upsert(&mut store, &(next..next + 1_000).collect::<Vec<_>>());
        next += 1_000;
        most = most.max(store.len());
    }
    // Ten thousand are live at a time.
    assert!(most < 25_000, "{most}");
}

#[test]
fn rows_with_dependents_are_what_they_were_until_they_are_handed_out() {
    let with_dependents = || expiring(RowsPerKey::One).with_dependents();
    let mut store = with_dependents();
    for entry in upsert(&mut store, &[1, 2, 3]) {
        store.fixed_mut(entry.row)[0] = 9;
        store.replace(entry.row, b"more").unwrap();
    }
    store.set_now(10);
    assert_eq!((find_one(&store, 1), content(&store).len()), (None, 0));
    let entries = upsert(&mut store, &[1, 1, 4]);
    assert_eq!(entries.iter().map(|entry| entry.is_new).collect::<Vec<_>>(), [true, false, true]);
    let restarted = store.take_restarted();
    assert_eq!(restarted, [entries[0].row]);
    assert_eq!((store.fixed(restarted[0])[0], store.variable(restarted[0])), (9, &b"more"[..]));
    store.restart(restarted[0]);
    assert_eq!((store.fixed(restarted[0]), store.variable(restarted[0])), (&INITIAL[..], &b""[..]));
    assert!(store.take_restarted().is_empty());

    // What has expired is in the snapshot, has still expired behind it, and is handed out.
    let snapshot = stored(&store.snapshot(CheckpointId::new(1)));
    let mut restored = with_dependents();
    restored.set_now(10);
    restored.restore_all(snapshot).unwrap();
    assert_eq!((restored.len(), content(&restored).len()), (4, 2));
    let mut handed_out = Vec::new();
    let oldest = restored.oldest();
    let removed = restored.sweep_with(10, oldest, |store, rows| {
        handed_out.extend(rows.iter().map(|row| (number_of(store, *row), store.variable(*row).to_vec())));
        rows.iter().for_each(|row| store.remove(*row));
        Ok::<(), StateError>(())
    });
    handed_out.sort();
    assert_eq!(removed.unwrap(), 2);
    assert_eq!(handed_out, [(2, b"more".to_vec()), (3, b"more".to_vec())]);
    assert_eq!(content(&restored).into_keys().collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn stamps_can_be_kept_where_nothing_expires() {
    let stamped =
        || store(RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One)).with_ttl(Some(Ttl::NEVER));
    let mut store = stamped();
    store.set_now(7);
    let row = upsert(&mut store, &[1])[0].row;
    store.set_now(u32::MAX - 1);
    assert_eq!((find_one(&store, 1), store.stamp(row)), (Some(row), 7));
    let mut restored = stamped();
    restored.restore_all(stored(&store.snapshot(CheckpointId::new(1)))).unwrap();
    let row = find_one(&restored, 1).unwrap();
    assert_eq!(restored.stamp(row), 7);
    restored.set_stamp(row, 9);
    assert_eq!(restored.stamp(row), 9);
}

proptest! {
    /// Whatever is swept and when: a key is there until ten seconds after it was upserted as new, or written to.
    #[test]
    fn behaves_as_a_map_with_times(steps in prop::collection::vec((0..4_u32, 0..40_u64, 0..3_usize), 0..200)) {
        let mut store = expiring(RowsPerKey::One);
        let (mut now, mut written) = (0, BTreeMap::<u64, u32>::new());
        for (passed, number, sweeps) in steps {
            now += passed;
            store.set_now(now);
            written.retain(|_, stamp| *stamp + 10 > now);
            prop_assert_eq!(find_one(&store, number).is_some(), written.contains_key(&number));
            let entry = upsert(&mut store, &[number])[0];
            prop_assert_eq!(entry.is_new, !written.contains_key(&number));
            written.entry(number).or_insert(now);
            if number % 2 == 0 {
                store.fixed_mut(entry.row)[0] = 1;
                written.insert(number, now);
            }
            store.sweep(sweeps).unwrap();
            let there: Vec<_> = content(&store).into_keys().collect();
            prop_assert_eq!(there, written.keys().copied().collect::<Vec<_>>());
            prop_assert!(store.rows().all(|row| number_of(&store, row) < 40));
        }
    }
}
