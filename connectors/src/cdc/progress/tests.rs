use proptest::prelude::*;

use super::*;

fn key(number: i64) -> Key {
    Key(vec![number.to_string()])
}

fn table(parts: Vec<Part<u64>>) -> TableProgress<(), u64> {
    let column = KeyColumn {
        name: "id".into(),
        order: KeyOrder::Integer,
        expression: "id".into(),
        literal_type: "int8".into(),
    };
    let table = CapturedTable { schema: "public".into(), name: "t".into(), columns: Vec::new() };
    TableProgress { table, key: vec![column], parts }
}

fn unread(to: Option<i64>) -> Part<u64> {
    Part { to: to.map(key), read_at: None, last: None }
}

fn read(to: Option<i64>, lsn: u64) -> Part<u64> {
    Part { to: to.map(key), read_at: Some(lsn), last: None }
}

/// What a restore finds of a table.
fn restored(table: TableProgress<(), u64>) -> TableProgress<(), u64> {
    let split = CdcSplit { position: None, tables: vec![table] }.settled();
    split.tables.into_iter().next().unwrap()
}

#[test]
fn a_part_that_was_read_in_part_is_two_after_a_restore() {
    let mut table = table(vec![unread(Some(10)), unread(Some(20)), unread(None)]);
    table.advance(1, Some(key(13)), &5, false).unwrap();
    table.advance(1, Some(key(15)), &5, false).unwrap();
    table.advance(2, None, &5, true).unwrap();
    let table = restored(table);
    assert_eq!(table.parts, [unread(Some(10)), read(Some(15), 5), unread(Some(20)), read(None, 5)]);
}

#[test]
fn what_was_read_at_the_same_point_is_one_part() {
    let mut table = table(vec![unread(Some(10)), unread(Some(20)), unread(None)]);
    table.advance(0, None, &5, true).unwrap();
    table.advance(1, Some(key(15)), &5, false).unwrap();
    let mut table = restored(table);
    assert_eq!(table.parts, [read(Some(15), 5), unread(Some(20)), unread(None)]);
    table.advance(1, None, &9, true).unwrap();
    table.advance(2, None, &9, true).unwrap();
    let table = restored(table);
    assert_eq!(table.parts, [read(Some(15), 5), read(None, 9)]);

    let at = |number| table.read_at(Some(&key(number)), &table.orders());
    assert_eq!([-3, 15, 16, 100].map(at), [5, 5, 9, 9].map(Some));
    assert_eq!(table.read_at(None, &table.orders()), None, "it takes a key to tell");
}

#[test]
fn parts_are_forgotten_once_the_stream_is_past_them() {
    let mut split = CdcSplit { position: None, tables: vec![table(vec![read(Some(1), 5), read(None, 9)])] };
    for (lsn, parts) in [(5, 2), (8, 2), (9, 0)] {
        split.reach(Position { log: lsn, changes: 0 });
        split.forget_parts();
        assert_eq!(split.tables[0].parts.len(), parts, "at {lsn}");
    }
    assert_eq!(split.tables[0].read_at(None, &[]), Some(0));
}

proptest! {
    /// However reading is interrupted, each key has been read once, at the point at which it was read.
    #[test]
    fn each_key_is_read_once(bounds in proptest::collection::btree_set(0..100_i64, 0..6),
                             lives in proptest::collection::vec(proptest::collection::vec((0..8_usize, 1..40_i64), 0..6), 1..5)) {
        let parts = bounds.iter().map(|&to| unread(Some(to))).chain([unread(None)]).collect();
        let mut table = table(parts);
        let mut read_at = [None; 100];
        let last_life = lives.len() as u64 + 1;
        for (life, steps) in (1..).zip(lives.into_iter().chain([Vec::new()])) {
            // What the last life reads is all that is left.
            let steps = if life == last_life { (0..table.parts.len()).map(|part| (part, 1_000)).collect() } else { steps };
            for (index, count) in steps {
                let Some(part) = table.parts.get(index).filter(|part| part.read_at.is_none()) else { continue };
                let number = |key: &Key| key.0[0].parse::<i64>().unwrap();
                let before = index.checked_sub(1).and_then(|before| table.parts[before].to.as_ref());
                let from = part.last.as_ref().map(|(last, _)| last).or(before).map_or(0, |key| number(key) + 1);
                let to = part.to.as_ref().map_or(99, number);
                let last = to.min(from + count - 1);
                for key in from..=last {
                    prop_assert_eq!(read_at[key as usize].replace(life), None, "key {} is read twice", key);
                }
                let is_end = last == to;
                table.advance(index, (from <= last).then(|| key(last)), &life, is_end).unwrap();
            }
            table = restored(table);
        }
        prop_assert!(table.parts.iter().all(|part| part.read_at.is_some()));
        for (number, read_at) in read_at.into_iter().enumerate() {
            prop_assert!(read_at.is_some(), "key {} is not read", number);
            prop_assert_eq!(table.read_at(Some(&key(number as i64)), &table.orders()), read_at);
        }
    }
}
