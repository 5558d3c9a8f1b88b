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
