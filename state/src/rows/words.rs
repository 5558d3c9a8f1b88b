//! Words of 64 bits in as few bytes as they need: most counts and many sums and keys are small.
//!
//! For each word, half a byte says how many of its low bytes follow, two words in a byte with the first in the
//! lower half; then those bytes, little-endian. What is not a multiple of 8 bytes is filled up with zeros.

/// The most words that are packed behind one run of lengths.
const RUN: usize = 16;

/// Appends words to `out`.
pub(super) fn pack(bytes: &[u8], out: &mut Vec<u8>) {
    for run in bytes.chunks(RUN * 8) {
        let start = out.len();
        let words = run.len().div_ceil(8);
        out.resize(start + words.div_ceil(2), 0);
        for (at, word) in run.chunks(8).enumerate() {
            let word = word_of(word);
            let length = 8 - (word.leading_zeros() / 8) as usize;
            if let Some(lengths) = out.get_mut(start + at / 2) {
                *lengths |= (length as u8) << (at % 2 * 4);
            }
            // All eight, and back again: a copy of a fixed length costs less than one of another length each time.
            out.extend_from_slice(&word.to_le_bytes());
            out.truncate(out.len() - (8 - length));
        }
    }
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Takes words off the front of `bytes` to fill `out`; none if they are not all there, or do not fit.
pub(super) fn unpack(bytes: &mut &[u8], out: &mut [u8]) -> Option<()> {
    for run in out.chunks_mut(RUN * 8) {
        let words = run.len().div_ceil(8);
        let lengths = take(bytes, words.div_ceil(2))?;
        for (at, to) in run.chunks_mut(8).enumerate() {
            let length = usize::from(lengths.get(at / 2)? >> (at % 2 * 4) & 0xF);
            let from = take(bytes, length)?;
            to.fill(0);
            to.get_mut(..length)?.copy_from_slice(from);
        }
    }
    Some(())
}

/// Takes bytes off the front.
#[inline]
pub(super) fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![b'<'];
        pack(bytes, &mut out);
        out.split_off(1)
    }

    #[test]
    fn bytes_are_pinned() {
        assert_eq!(packed(&[]), b"");
        assert_eq!(packed(&[0; 8]), [0]);
        assert_eq!(packed(&[0; 17]), [0, 0]);
        assert_eq!(packed(&[1, 2, 0, 0, 0, 0, 0, 0, 3]), [0x12, 1, 2, 3]);
        assert_eq!(packed(&(-1_i64).to_le_bytes()), [8, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(packed(&[0, 0, 0, 0, 0, 0, 9, 0]), [7, 0, 0, 0, 0, 0, 0, 9]);
    }

    proptest! {
        #[test]
        fn words_come_back(
            bytes in prop::collection::vec(prop_oneof![2 => Just(0_u8), 1 => any::<u8>()], 0..400),
            cut in any::<prop::sample::Index>(),
        ) {
            let packed = packed(&bytes);
            prop_assert!(packed.len() <= bytes.len().next_multiple_of(8) * 17 / 16 + 8);
            let mut rest = &[&packed[..], b"rest"].concat()[..];
            let mut back = vec![7; bytes.len()];
            prop_assert_eq!(unpack(&mut rest, &mut back), Some(()));
            prop_assert_eq!(&back, &bytes);
            prop_assert_eq!(rest, b"rest");
            if !packed.is_empty() {
                prop_assert_eq!(unpack(&mut &packed[..cut.index(packed.len())], &mut back), None);
            }
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        assert_eq!(unpack(&mut &[9, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &mut [0; 8]), None);
        assert_eq!(unpack(&mut &[2, 1, 1][..], &mut [0; 1]), None);
    }
}
