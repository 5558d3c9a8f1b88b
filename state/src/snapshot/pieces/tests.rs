use proptest::prelude::*;

use super::*;
use crate::snapshot::format::{append_block, begin};

/// The same file in pieces and as one, with blocks of which each is a list of entries.
fn both(blocks: &[Vec<Vec<u8>>]) -> (Vec<Bytes>, Vec<Block>, Vec<u8>, Vec<Block>) {
    let (mut pieces, mut whole) = (Pieces::default(), Vec::new());
    pieces.begin_state(false);
    begin(FileKind::State, &mut whole);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for entries in blocks {
        let in_pieces = pieces.append_block(|out| {
            entries.iter().for_each(|entry| out.end().extend_from_slice(entry));
            Ok(())
        });
        found.push(in_pieces.unwrap());
        let as_one = append_block(&mut whole, |out| {
            entries.iter().for_each(|entry| out.extend_from_slice(entry));
            Ok(())
        });
        expected.push(as_one.unwrap());
    }
    assert_eq!(pieces.len(), whole.len());
    (pieces.into_pieces().collect(), found, whole, expected)
}

fn entry() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![8 => 0..100_usize, 4 => 0..2 * ROOM, 1 => PIECE - ROOM..PIECE + 2];
    (length, any::<u8>())
        .prop_map(|(length, first)| (0..length).map(|at| first.wrapping_add(at as u8)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a file is cut into pieces, it is the same file.
    #[test]
    fn pieces_are_those_of_the_file(
        blocks in prop::collection::vec(prop::collection::vec(entry(), 0..12), 0..6),
    ) {
        let (pieces, found, whole, expected) = both(&blocks);
        prop_assert!(pieces.concat() == whole);
        prop_assert_eq!(found, expected);
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
    }
}

#[test]
fn a_large_block_of_small_entries_is_never_copied_to_make_room() {
    let entries: Vec<Vec<u8>> = (0..40_000_u32).map(|number| number.to_le_bytes().repeat(10)).collect();
    let mut pieces = Pieces::default();
    pieces
        .append_block(|out| {
            entries.iter().for_each(|entry| out.end().extend_from_slice(entry));
            Ok(())
        })
        .unwrap();
    assert_eq!(pieces.full.len(), 40_000 * 40 / (PIECE - ROOM));
    // The first grows as long as it is not known whether there will be another.
    assert!(pieces.full.iter().skip(1).chain([&pieces.last]).all(|piece| piece.capacity() == PIECE));
}

#[test]
fn a_block_that_cannot_be_encoded_is_an_error() {
    let mut pieces = Pieces::default();
    assert!(pieces.append_block(|_| Err(StateError::Usage("no".into()))).is_err());
    let removed = pieces.append_block(|out| {
        out.end().clear();
        Ok(())
    });
    assert!(removed.unwrap_err().to_string().contains("removed bytes"));
}
