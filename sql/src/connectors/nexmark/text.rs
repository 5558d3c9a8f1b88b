//! Random text and numbers, written behind a caller's text.

use super::random::{Draw, Words};

/// Bytes of text that are made at once: all of the padding of most bids.
const PIECE: usize = 96;

/// Lower-case letters, each about as likely.
#[inline]
pub(super) fn push_letters(mut words: Words, length: usize, text: &mut String) {
    let mut left = length;
    while left > 0 {
        // Always a whole piece: a loop of constant length is worth more than some letters that are thrown away.
        let mut piece = random_bytes::<PIECE>(&mut words);
        piece.iter_mut().for_each(|byte| *byte = letter(*byte));
        let count = left.min(PIECE);
        push_part(&piece, count, text);
        left -= count;
    }
}

/// Lower-case letters with, on average, one blank in 13 characters, which is never the first or the last.
pub(super) fn push_words(mut words: Words, length: usize, text: &mut String) {
    /// The longest text of Nexmark that has blanks fits.
    const LONGEST: usize = 104;
    let random = random_bytes::<LONGEST>(&mut words);
    let mut piece = [0; LONGEST];
    for (to, byte) in piece.iter_mut().zip(&random) {
        *to = letter_or(b' ', *byte);
    }
    let length = length.min(LONGEST);
    for end in [0, length.saturating_sub(1)] {
        if let Some((to, byte)) = piece.get_mut(end).zip(random.get(end)) {
            *to = letter(*byte);
        }
    }
    push_part(&piece, length, text);
}

/// Three names of 3 or 4 characters, each with a slash behind it. One character in 13 is an underscore, the others are
/// lower-case letters.
#[inline]
pub(super) fn push_path(draw: Draw, text: &mut String) {
    let (mut path, mut used) = (0_u128, 0);
    let mut words = draw.words();
    let mut rest = draw;
    let mut bytes = random_bytes::<16>(&mut words);
    bytes.iter_mut().for_each(|byte| *byte = letter_or(b'_', *byte));
    let mut characters = u128::from_le_bytes(bytes);
    for _ in 0..3 {
        let (length, after) = length(rest, 5);
        let name = characters & ((1 << (8 * length)) - 1) | u128::from(b'/') << (8 * length);
        path |= name << (8 * used);
        used += length + 1;
        characters >>= 32;
        rest = after;
    }
    push_part(&path.to_le_bytes(), used, text);
}

/// The length of a random text of Nexmark: from 3 to one less than `maximum`; and what is left of the draw.
#[inline]
pub(super) fn length(draw: Draw, maximum: u64) -> (usize, Draw) {
    const MINIMUM: u64 = 3;
    let (more, rest) = draw.below(maximum - MINIMUM);
    ((MINIMUM + more) as usize, rest)
}

/// The length of a padding that makes an event of `size` bytes one of `average` bytes on average, a fifth of the
/// padding more or less; and what is left of the draw.
#[inline]
pub(super) fn padding(draw: Draw, size: u64, average: u64) -> (usize, Draw) {
    let desired = average.saturating_sub(size);
    // A fifth, rounded.
    let delta = (desired + 2) / 5;
    let (more, rest) = draw.below(2 * delta);
    ((desired - delta + more) as usize, rest)
}

/// A number in decimal digits.
#[inline]
pub(super) fn push_decimal(number: u32, text: &mut String) {
    /// Sixteen zeros.
    const ZEROS: u128 = u128::from_le_bytes([b'0'; 16]);
    // Four digits each, independently of one another; then the zeros in front are cut off, but for one in last place.
    let groups = [0, number / 100_000_000, number / 10_000 % 10_000, number % 10_000];
    let mut digits = [0; 16];
    for (four, group) in digits.chunks_exact_mut(4).zip(groups) {
        four.copy_from_slice(&four_digits(group));
    }
    let digits = u128::from_le_bytes(digits);
    let zeros = ((digits ^ ZEROS).trailing_zeros() / 8).min(15);
    push_part(&(digits >> (8 * zeros)).to_le_bytes(), 16 - zeros as usize, text);
}

/// A number below 10,000 as four digits.
#[inline]
pub(super) fn push_four_digits(number: u32, text: &mut String) {
    push_ascii(&four_digits(number), text);
}

#[inline]
fn four_digits(number: u32) -> [u8; 4] {
    [1000, 100, 10, 1].map(|power| b'0' + (number / power % 10) as u8)
}

/// Text whose bytes are ASCII.
#[inline]
fn push_ascii(bytes: &[u8], text: &mut String) {
    debug_assert!(bytes.is_ascii());
    if let Ok(more) = std::str::from_utf8(bytes) {
        text.push_str(more);
    }
}

/// The first so many of the bytes, all of which are ASCII.
#[inline]
fn push_part<const N: usize>(bytes: &[u8; N], count: usize, text: &mut String) {
    // Copying an array and cutting the text is faster than copying a slice.
    let end = text.len() + count.min(N);
    push_ascii(bytes, text);
    text.truncate(end);
}

#[inline]
fn random_bytes<const N: usize>(words: &mut Words) -> [u8; N] {
    let mut bytes = [0; N];
    for eight in bytes.chunks_mut(8) {
        eight.copy_from_slice(&words.next().to_le_bytes());
    }
    bytes
}

/// A random byte as a letter.
#[inline]
const fn letter(byte: u8) -> u8 {
    b'a' + ((byte as u16 * 26) >> 8) as u8
}

/// A random byte as a letter, or as this character if it is among the lowest 13th.
#[inline]
const fn letter_or(special: u8, byte: u8) -> u8 {
    const SPECIAL: u8 = 20;
    // 26 letters from 256 - 20 bytes: about 28 in 256.
    let letter = b'a' + ((byte.wrapping_sub(SPECIAL) as u16 * 28) >> 8) as u8;
    if byte < SPECIAL { special } else { letter }
}

#[cfg(test)]
mod tests;
