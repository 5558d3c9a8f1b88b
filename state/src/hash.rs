//! The hash that decides a key's group. Snapshots depend on its values: they are pinned by a test.

use std::hash::{Hash, Hasher};

/// What the folding multiplication mixes with: an odd number from the golden ratio.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
/// What hashing begins with, from the digits of pi: a key of zero must not hash to zero.
const START: u64 = 0x2432_F6A8_885A_308D;

/// Hashes a key to the same value on every machine, in every process and in every version.
pub fn stable_hash<K: Hash + ?Sized>(key: &K) -> u64 {
    let mut hasher = StableHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

/// A [`Hasher`] without a seed: one folding multiplication a word, little-endian, `usize` as 64 bits.
#[derive(Clone, Debug)]
pub struct StableHasher {
    state: u64,
}

impl Default for StableHasher {
    #[inline]
    fn default() -> Self {
        Self { state: START }
    }
}

/// Multiplies to 128 bits and folds the halves, so that every input bit reaches every output bit.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the two halves of the product are what is wanted")]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// What [`fold_word`] begins with.
pub const STABLE_HASH_START: u64 = START;

/// Takes one more word into a hash: the step of which [`stable_hash`] consists, for code that hashes a
/// column of values at a time and keeps one state for each row.
///
/// ```
/// use millstream_state::{STABLE_HASH_START, fold_word, stable_hash};
/// assert_eq!(fold_word(STABLE_HASH_START, 7), stable_hash(&7_u64));
/// assert_eq!(fold_word(fold_word(STABLE_HASH_START, 7), 8), stable_hash(&(7_u64, 8_u64)));
/// ```
#[inline]
#[must_use]
pub fn fold_word(state: u64, word: u64) -> u64 {
    fold(state ^ word, MIX)
}

impl StableHasher {
    #[inline]
    fn word(&mut self, word: u64) {
        self.state = fold_word(self.state, word);
    }
}

impl Hasher for StableHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.word(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut last = [0; 8];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            // The length tells `[0]` from `[0, 0]`.
            self.word(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "split into its two halves")]
    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }
    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.word(i64::from(value).cast_unsigned());
    }
    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.word(i64::from(value).cast_unsigned());
    }
    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.word(i64::from(value).cast_unsigned());
    }
    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.word(value.cast_unsigned());
    }
    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.word((value as i64).cast_unsigned());
    }
}

#[cfg(test)]
mod tests;
