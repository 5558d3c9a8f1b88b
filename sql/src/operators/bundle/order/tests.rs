//! Pinned orders: those of the rows that Flink's own tests expect.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringViewArray};

use super::{BinaryRow, BundleOrder, bucket};
use crate::types::{Field, SqlType};

fn order(keys: &[i64]) -> Vec<i64> {
    let fields = [Field::nullable(SqlType::BigInt)];
    let column: ArrayRef = Arc::new(Int64Array::from(keys.to_vec()));
    let positions = BundleOrder::new(&fields).positions(&[column], keys.len()).unwrap();
    positions.into_iter().map(|position| keys[position as usize]).collect()
}

#[test]
fn keys_are_in_the_buckets_of_a_java_map() {
    let fields = [Field::nullable(SqlType::BigInt)];
    let columns: [ArrayRef; 1] = [Arc::new(Int64Array::from(vec![3, 2, 1]))];
    let mut row = BinaryRow::new(&fields, &columns).unwrap();
    assert_eq!([0, 1, 2].map(|key| bucket(row.hash(key), 16)), [1, 4, 7]);
    assert_eq!(order(&[1, 2, 3]), [3, 2, 1]);
    assert_eq!(order(&[2, 1]), [2, 1]);
}

#[test]
fn a_map_that_has_grown_stays_large() {
    let fields = [Field::nullable(SqlType::BigInt)];
    let mut order = BundleOrder::new(&fields);
    let columns =
        |keys: std::ops::Range<i64>| -> [ArrayRef; 1] { [Arc::new(Int64Array::from_iter_values(keys))] };
    let fresh = order.positions(&columns(0..12), 12).unwrap();
    assert_eq!(order.buckets, 16);
    order.positions(&columns(0..13), 13).unwrap();
    assert_eq!(order.buckets, 32);
    let grown = order.positions(&columns(0..12), 12).unwrap();
    assert_ne!(fresh, grown);
}

#[test]
fn texts_stand_in_a_word_or_behind_it() {
    let fields = [Field::nullable(SqlType::STRING), Field::nullable(SqlType::BigInt)];
    let columns: [ArrayRef; 2] = [
        Arc::new(StringViewArray::from(vec![Some("short"), Some("longer than a word"), None])),
        Arc::new(Int64Array::from(vec![Some(1), None, Some(1)])),
    ];
    let mut row = BinaryRow::new(&fields, &columns).unwrap();
    let hash = row.hash(0);
    assert_eq!(&row.bytes[8..16], b"short\0\0\x85");
    assert_eq!(&row.bytes[16..], 1_i64.to_le_bytes());
    row.hash(1);
    assert_eq!(row.bytes.len(), 24 + 24);
    assert_eq!(row.bytes[1], 0b10);
    assert_eq!(&row.bytes[8..16], (24_u64 << 32 | 18).to_le_bytes());
    row.hash(2);
    assert_eq!(row.bytes[1], 0b1);
    assert_eq!(row.hash(0), hash, "what was there before does not count");
}

#[test]
fn very_large_bundles_keep_their_order() {
    let keys: Vec<i64> = (0..10_001).collect();
    assert_eq!(order(&keys), keys);
    assert_ne!(order(&keys[1..]), keys[1..]);
}
