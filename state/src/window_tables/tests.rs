use proptest::prelude::*;

use super::*;
use crate::snapshot::Pieces;
use crate::stable_hash;

type Tables = WindowTables<i64, u32, u64>;

fn with(entries: &[(i64, u32, u64)]) -> Tables {
    let mut tables = Tables::default();
    for (window, key, value) in entries {
        tables.open(window, || {}).insert(stable_hash(key), *key, *value);
    }
    tables
}

fn contents(tables: &Tables) -> Vec<(i64, u32, u64)> {
    let rows =
        tables.iter().flat_map(|(window, table)| table.iter().map(|(key, value)| (*window, *key, *value)));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    rows
}

#[test]
fn windows_are_kept_in_order_whatever_order_they_open_in() {
    let mut opened = 0;
    let mut tables = Tables::default();
    for window in [5, 3, 9, 5, 3, 9] {
        tables.open(&window, || opened += 1).insert(0, 0, 0);
    }
    assert_eq!((opened, tables.first()), (3, Some(&3)));
    assert_eq!(tables.iter().map(|(window, _)| *window).collect::<Vec<_>>(), [3, 5, 9]);
}

#[test]
fn windows_are_found_by_where_they_begin() {
    let tables = with(&[(3, 7, 70), (5, 7, 71), (9, 8, 80)]);
    let from = |first| tables.iter_from(&first).map(|(window, _)| *window).collect::<Vec<_>>();
    assert_eq!([from(0), from(3)], [[3, 5, 9]; 2]);
    assert_eq!((from(4), from(9), from(10)), (vec![5, 9], vec![9], vec![]));
    let value = |window| tables.get(&window).and_then(|table| table.get(stable_hash(&7_u32), &7)).copied();
    assert_eq!([value(3), value(4), value(5), value(9)], [Some(70), None, Some(71), None]);
    assert!(tables.get(&9).is_some() && tables.get(&10).is_none());
}

#[test]
fn windows_are_found_however_many_there_are() {
    for count in 0..40 {
        // Every second one.
        let entries: Vec<_> = (0..count).map(|number| (2 * number, 7, number as u64)).collect();
        for window in -1..=2 * count {
            let mut tables = with(&entries);
            let known = (window % 2 == 0 && (0..2 * count).contains(&window)).then_some(window as u64 / 2);
            let hash = stable_hash(&7_u32);
            assert_eq!(tables.get_mut(&window).and_then(|table| table.get(hash, &7)).copied(), known);
            tables.open(&window, || {}).insert(hash, 7, 100);
            let mut expected = entries.clone();
            expected.retain(|(other, ..)| *other != window);
            expected.push((window, 7, 100));
            expected.sort_unstable();
            assert_eq!(contents(&tables), expected);
        }
    }
}

#[test]
fn due_windows_leave_whole() {
    let mut tables = with(&[(1, 7, 70), (2, 7, 71), (2, 8, 80), (3, 7, 72)]);
    let due: Vec<_> =
        tables.take_while(|window| *window <= 2).map(|(window, table)| (window, table.len())).collect();
    assert_eq!(due, [(1, 1), (2, 2)]);
    assert_eq!(contents(&tables), [(3, 7, 72)]);
}

#[test]
fn encoding_keeps_everything_and_refuses_what_it_did_not_write() {
    let rows = [(1, 7, 70), (2, 7, 71), (2, 8, 80)];
    let mut out = Pieces::default();
    with(&rows).encode(&mut out).unwrap();
    let bytes = out.into_vec();
    let mut decoded = with(&[(2, 9, 90)]);
    decoded.decode(&bytes).unwrap();
    assert_eq!(contents(&decoded), [(1, 7, 70), (2, 7, 71), (2, 8, 80), (2, 9, 90)]);
    for length in 0..bytes.len() {
        assert!(Tables::default().decode(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Adds to what a key has in a window.
    Add(i64, u32),
    Remove(i64, u32),
    /// Takes out the windows up to this one.
    Due(i64),
    Snapshot,
    /// Goes on with what was decoded of the last snapshot and of what has changed since.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..5_i64, 0..60_u32).prop_map(|(window, key)| Step::Add(window, key)),
        3 => (0..5_i64, 0..60_u32).prop_map(|(window, key)| Step::Remove(window, key)),
        1 => (0..3_i64).prop_map(Step::Due),
        4 => Just(Step::Snapshot),
        1 => Just(Step::Restore),
    ]
}

fn encoded(encode: impl FnOnce(&mut Pieces) -> Result<(), postcard::Error>) -> Vec<u8> {
    let mut out = Pieces::default();
    encode(&mut out).unwrap();
    out.into_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whichever of the last snapshots is the base.
    #[test]
    fn changes_make_of_an_earlier_snapshot_what_is_there(steps in prop::collection::vec(step(), 0..200)) {
        let mut tables = with(&(0..200).map(|at| (i64::from(at % 4), at / 4, 1)).collect::<Vec<_>>());
        let (mut checkpoint, mut taken) = (CheckpointId::new(1), Vec::new());
        for step in steps {
            match step {
                Step::Add(window, key) => {
                    *tables.open(&window, || {}).entry(stable_hash(&key), key, |_| 0) += 1;
                }
                Step::Remove(window, key) => {
                    tables.get_mut(&window).map(|table| table.remove(stable_hash(&key), &key));
                }
                Step::Due(window) => drop(tables.take_while(|other| *other <= window).count()),
                Step::Snapshot => {
                    tables.snapshotted(checkpoint);
                    taken.push((checkpoint, encoded(|out| tables.encode(out))));
                    checkpoint = checkpoint.next();
                }
                Step::Restore => {
                    let Some((_, whole)) = taken.last() else { continue };
                    tables = Tables::default();
                    tables.decode(whole).unwrap();
                    tables.snapshotted(CheckpointId::new(0));
                    taken = vec![taken.pop().unwrap()];
                }
            }
            for (base, whole) in &taken {
                if let Some(changes) = tables.changes_since(*base) {
                    let bytes = encoded(|out| tables.encode_changes(*base, out));
                    let mut restored = Tables::default();
                    restored.decode(whole).unwrap();
                    restored.decode_changes(&bytes).unwrap();
                    prop_assert_eq!(contents(&restored), contents(&tables), "{} changes", changes);
                    let windows = |tables: &Tables| tables.iter().map(|(window, _)| *window).collect::<Vec<_>>();
                    prop_assert_eq!(windows(&restored), windows(&tables));
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_of_changes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = with(&[(1, 7, 70), (2, 7, 71)]).decode_changes(&bytes);
    }
}

#[test]
fn of_a_window_that_has_not_changed_nothing_is_written() {
    let mut tables = with(&(0..2_000).map(|key| (i64::from(key % 2), key, 1)).collect::<Vec<_>>());
    tables.snapshotted(CheckpointId::new(1));
    tables.open(&1, || {}).insert(stable_hash(&1_u32), 1, 2);
    tables.open(&2, || {}).insert(stable_hash(&1_u32), 1, 3);
    assert_eq!(tables.changes_since(CheckpointId::new(1)), Some(2));
    let changes = encoded(|out| tables.encode_changes(CheckpointId::new(1), out));
    assert!(changes.len() < 20, "{}", changes.len());
    assert_eq!(tables.changes_since(CheckpointId::new(0)), None);
}
