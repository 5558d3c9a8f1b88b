use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int64Array,
    StringViewArray, TimestampMillisecondArray,
};
use millstream_state::rows::KeyColumn;

use crate::chunk::KeyLayout;
use crate::types::{Field, SqlType, TimeKind};

/// The columns that keys of these columns are decoded to.
fn there_and_back(columns: &[ArrayRef], fields: Vec<Field>) -> Vec<ArrayRef> {
    let layout = KeyLayout::new((0..columns.len()).collect(), fields);
    let rows = columns.first().map_or(0, |column| column.len());
    let keys = layout.keys(columns, rows).unwrap();
    let bytes: Vec<Vec<u8>> = match keys.column() {
        KeyColumn::U64(keys) => keys.iter().map(|key| key.to_le_bytes().to_vec()).collect(),
        KeyColumn::U128(keys) => keys.iter().map(|key| key.to_le_bytes().to_vec()).collect(),
        KeyColumn::Bytes(keys) => (0..keys.len()).map(|row| keys.get(row).unwrap().to_vec()).collect(),
    };
    let bytes: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    layout.decode(&bytes).unwrap()
}

#[test]
fn keys_of_any_kind_come_back() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, i64::MAX]));
    let shorts: ArrayRef = Arc::new(Int16Array::from(vec![-7, 0, 1, i16::MAX]));
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![-1, 0, 1, i64::MAX]));
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true, false]));
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some(""), None, Some("a\0b"), Some("straße")]));
    let decimals: ArrayRef = Arc::new(
        Decimal128Array::from(vec![Some(-5), None, Some(i128::from(i64::MAX)), Some(0)])
            .with_precision_and_scale(30, 2)
            .unwrap(),
    );
    let doubles: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(-1.5), None, Some(f64::INFINITY), Some(0.0)]));
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![Some(-1), None, Some(0), Some(20_000)]));
    let big = Field::required(SqlType::BigInt);
    let time = Field::required(SqlType::Timestamp(3, TimeKind::Regular));
    let cases: Vec<(Vec<ArrayRef>, Vec<Field>)> = vec![
        (vec![numbers.clone()], vec![big.clone()]),
        (vec![flags.clone()], vec![Field::required(SqlType::Boolean)]),
        (vec![times.clone(), numbers.clone()], vec![time.clone(), big.clone()]),
        (vec![shorts.clone(), times.clone()], vec![Field::required(SqlType::SmallInt), time.clone()]),
        (vec![texts.clone()], vec![Field::nullable(SqlType::STRING)]),
        (
            vec![times, texts, decimals, doubles, dates, flags],
            vec![
                time,
                Field::nullable(SqlType::STRING),
                Field::nullable(SqlType::Decimal(30, 2)),
                Field::nullable(SqlType::Double),
                Field::nullable(SqlType::Date),
                Field::nullable(SqlType::Boolean),
            ],
        ),
    ];
    for (columns, fields) in cases {
        assert_eq!(there_and_back(&columns, fields), columns);
    }
}

#[test]
fn bytes_that_are_no_key_are_refused() {
    let layout = KeyLayout::new(vec![0], vec![Field::nullable(SqlType::BigInt)]);
    assert!(layout.decode(&[&[1, 2]]).is_err());
    let layout = KeyLayout::new(vec![0], vec![Field::required(SqlType::TinyInt)]);
    assert!(layout.decode(&[&1_000_u64.to_le_bytes()]).is_err());
}
