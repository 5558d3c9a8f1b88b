//! Compressed blocks: LZ4, piece by piece.
//!
//! ```text
//! payload   length u32 | compressed length u32 | compressed piece …
//! ```
//!
//! Pieces are what the encoder of a block fills one after the other, some hundred kilobytes each, so nothing is copied
//! together to be compressed. Both lengths are little-endian, and in bytes.

use bytes::Bytes;
use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};

use super::format::corrupt;
use super::pieces::Pieces;
use crate::{Result, StateError};

/// The bytes of a piece are at most so many times those it is compressed to: no LZ4 stream expands more.
const MOST_EXPANSION: usize = 255;
const LENGTHS: usize = 8;

/// Appends what `pieces` hold to a payload.
///
/// # Errors
/// [`StateError::Usage`] where one entry has 4 GiB or more.
pub(super) fn compress(pieces: Pieces, out: &mut Pieces) -> Result<()> {
    let mut room = Vec::new();
    for piece in pieces.into_pieces() {
        room.resize(get_maximum_output_size(piece.len()), 0);
        let length = compress_into(&piece, &mut room).map_err(|error| too_large(&error))?;
        let lengths = [piece.len(), length].map(u32::try_from);
        let [Ok(whole), Ok(compressed)] = lengths else { return Err(too_large(&"more than 4 GiB")) };
        let end = out.end();
        end.extend_from_slice(&whole.to_le_bytes());
        end.extend_from_slice(&compressed.to_le_bytes());
        end.extend_from_slice(room.get(..length).unwrap_or_default());
    }
    Ok(())
}

fn too_large(problem: &dyn std::fmt::Display) -> StateError {
    StateError::Usage(format!("an entry of state cannot be compressed: {problem}"))
}

/// What a payload was compressed from, read from `path`.
///
/// # Errors
/// [`StateError::Corrupt`] where it is no compressed payload.
pub(super) fn decompress(path: &str, payload: &[u8]) -> Result<Bytes> {
    let mut rest = payload;
    let mut whole = Vec::new();
    while !rest.is_empty() {
        let piece = take_piece(&mut rest);
        let (length, compressed) =
            piece.ok_or_else(|| corrupt(path, "a compressed piece of a block is cut off"))?;
        // The length comes from a file: room is made for no more than the bytes can hold.
        if length > compressed.len().saturating_mul(MOST_EXPANSION) {
            return Err(corrupt(path, format_args!("a compressed piece of a block claims {length} bytes")));
        }
        let start = whole.len();
        whole.resize(start + length, 0);
        let decompressed = decompress_into(compressed, whole.get_mut(start..).unwrap_or_default());
        match decompressed {
            Ok(decompressed) if decompressed == length => {}
            Ok(other) => {
                let problem =
                    format_args!("a compressed piece of a block has {other} bytes in place of {length}");
                return Err(corrupt(path, problem));
            }
            Err(error) => return Err(corrupt(path, format_args!("a block cannot be decompressed: {error}"))),
        }
    }
    Ok(whole.into())
}

/// Takes a piece off the front: how long it was, and what it is compressed to.
fn take_piece<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
    let (lengths, after) = rest.split_at_checked(LENGTHS)?;
    let (whole, compressed) = lengths.split_first_chunk::<4>()?;
    let number = |bytes: &[u8; 4]| usize::try_from(u32::from_le_bytes(*bytes)).ok();
    let (length, compressed) = (number(whole)?, number(compressed.first_chunk()?)?);
    let (piece, after) = after.split_at_checked(compressed)?;
    *rest = after;
    Some((length, piece))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compressed(content: &[u8]) -> Vec<u8> {
        let (mut pieces, mut out) = (Pieces::default(), Pieces::default());
        content.chunks(1_000).for_each(|chunk| pieces.end().extend_from_slice(chunk));
        compress(pieces, &mut out).unwrap();
        out.into_vec()
    }

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(content: Vec<u8>, times in 1..2_000_usize) {
            let content = content.repeat(times);
            prop_assert_eq!(decompress("file", &compressed(&content)).unwrap(), content);
        }

        #[test]
        fn damaged_payloads_are_refused_or_another_payload(content: Vec<u8>, at: usize, bits in 1_u8..) {
            let mut payload = compressed(&content);
            if let Some(byte) = at.checked_rem(payload.len()).and_then(|at| payload.get_mut(at)) {
                *byte ^= bits;
            }
            let _ = decompress("file", &payload);
        }
    }

    #[test]
    fn long_content_is_several_pieces_and_much_smaller() {
        let content: Vec<u8> = (0..1_000_000_u32).flat_map(|number| (number / 64).to_le_bytes()).collect();
        let payload = compressed(&content);
        assert!(payload.len() < content.len() / 10, "{}", payload.len());
        assert_eq!(decompress("file", &payload).unwrap(), content);
    }

    #[test]
    fn a_length_that_nothing_can_expand_to_takes_no_memory() {
        let forged = [u32::MAX.to_le_bytes(), 1_u32.to_le_bytes()].concat();
        let error = decompress("file", &[forged, vec![0]].concat()).unwrap_err();
        assert!(error.to_string().contains("claims 4294967295 bytes"), "{error}");
    }
}
