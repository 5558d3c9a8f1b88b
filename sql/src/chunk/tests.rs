use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, StringViewArray, UInt32Array};
use millstream_state::codec::{decode, encode};

use super::RowKind::{Delete, Insert, UpdateAfter, UpdateBefore};
use super::{Chunk, Kinds, RowKind};

/// Numbers beside their texts.
fn chunk(numbers: &[Option<i64>], kinds: impl IntoIterator<Item = RowKind>) -> Chunk {
    let texts = numbers.iter().map(|number| number.map(|number| format!("number {number} as a long text")));
    let columns: [ArrayRef; 2] =
        [Arc::new(Int64Array::from(numbers.to_vec())), Arc::new(StringViewArray::from_iter(texts))];
    Chunk::new(columns, numbers.len()).with_kinds(kinds.into_iter().collect())
}

fn changes() -> Chunk {
    chunk(&[Some(1), Some(1), Some(2), None, Some(4)], [Insert, UpdateBefore, UpdateAfter, Delete, Insert])
}

#[track_caller]
fn assert_same(left: &Chunk, right: &Chunk) {
    assert_eq!(left.rows(), right.rows());
    assert_eq!(left.kinds(), right.kinds());
    for (left, right) in left.columns().iter().zip(right.columns()) {
        assert_eq!(left.to_data(), right.to_data());
    }
}

#[test]
fn rows_and_their_kinds_stay_together() -> millstream_runtime::Result<()> {
    let mask = BooleanArray::from(vec![Some(true), None, Some(true), Some(true), Some(false)]);
    let kept = chunk(&[Some(1), Some(2), None], [Insert, UpdateAfter, Delete]);
    assert_same(&changes().filter(&mask)?, &kept);
    let taken = changes().take(&UInt32Array::from(vec![3, 1, 1]))?;
    assert_same(&taken, &chunk(&[None, Some(1), Some(1)], [Delete, UpdateBefore, UpdateBefore]));
    assert_same(&changes().slice(3, 9), &chunk(&[None, Some(4)], [Delete, Insert]));
    let whole = Chunk::concat(&[changes().slice(0, 2), changes().slice(2, 3)])?;
    assert_same(&whole.unwrap(), &changes());
    Ok(())
}

#[test]
fn kinds_that_are_all_inserts_are_not_kept() -> millstream_runtime::Result<()> {
    assert_eq!([Insert, Insert].into_iter().collect::<Kinds>(), Kinds::Insert);
    let inserted = chunk(&[Some(1)], [Insert]);
    let whole = Chunk::concat(&[inserted.clone(), changes(), inserted])?;
    let kinds: Vec<_> = whole.iter().flat_map(|chunk| chunk.kinds().iter(chunk.rows())).collect();
    assert_eq!(kinds, [Insert, Insert, UpdateBefore, UpdateAfter, Delete, Insert, Insert]);
    Ok(())
}

#[test]
fn a_chunk_comes_back_from_its_bytes() {
    let without_columns = Chunk::new([], 7);
    for chunk in [changes(), changes().slice(1, 3), chunk(&[Some(5)], [Insert]), without_columns] {
        let decoded: Chunk = decode(&encode(&chunk).unwrap()).unwrap();
        assert_same(&decoded, &chunk);
    }
}

#[test]
fn damaged_bytes_are_an_error() {
    let bytes = encode(&changes()).unwrap();
    for length in 0..bytes.len() - 1 {
        assert!(decode::<Chunk>(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    let mut wrong = bytes;
    wrong[0] = 4; // the number of rows
    assert!(decode::<Chunk>(&wrong).is_err());
}

#[test]
fn a_batch_weighs_as_much_as_its_rows() {
    assert_eq!(changes().into_batch().rows(), 5);
}
