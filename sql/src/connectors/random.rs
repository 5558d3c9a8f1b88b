//! Random numbers that can be computed again.
//!
//! Not for secrets: who sees a few numbers can compute the others.

#[cfg(test)]
mod tests;

/// The increment of SplitMix64: 2^64 divided by the golden ratio, odd.
pub(super) const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): a
/// bijection of 64 bits in which every bit of the argument changes about half of those of the result.
#[inline]
pub(super) const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The random numbers of one value of a table: a pure function of seed, row and field.
///
/// So a restored source, or one with another parallelism, generates again what it generated before.
///
/// ```
/// use millstream_sql::connectors::faker::Random;
///
/// let first = Random::of_value(1, 0, 0).below(1_000_000);
/// assert_eq!(Random::of_value(1, 0, 0).below(1_000_000), first);
/// assert_ne!(Random::of_value(1, 1, 0).below(1_000_000), first);
/// ```
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// For the value of this field (counted as the caller likes, nested fields apart) in this row of the table.
    pub fn of_value(seed: u64, row: u64, field: u64) -> Self {
        // Mixed one after another: neighbouring rows and fields have nothing in common, nor do (1, 2) and (2, 1).
        let state = mix(seed.wrapping_add(INCREMENT));
        let state = mix(state ^ row.wrapping_mul(INCREMENT));
        Self { state: mix(state.wrapping_add(field).wrapping_add(INCREMENT)) }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(INCREMENT);
        mix(self.state)
    }

    /// A number from 0 to below this bound; 0 if the bound is 0.
    ///
    /// Some numbers are more likely than others by at most bound / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product (Lemire, "Fast random integer generation in an interval", 2019), without the
        // rejection, which would make the number of draws depend on chance.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from 0 to below 1, of 53 random bits.
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether an event of this probability happens: for example `null-rate`, from 0 (never) to 1 (always).
    pub fn happens(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A number between these, both of which occur; the first if the second is less.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let offset = match u64::try_from(i128::from(most) - i128::from(least)) {
            // All of `i64`, whose count is no `u64`.
            Ok(u64::MAX) => self.bits(),
            Ok(width) => self.below(width + 1),
            Err(_) => 0,
        };
        least.wrapping_add_unsigned(offset)
    }

    /// One of these, each as likely as another; nothing of nothing.
    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = self.below(choices.len() as u64);
        choices.get(index as usize)
    }

    /// One of these words.
    pub(crate) fn word(&mut self, words: &'static [&'static str]) -> &'static str {
        self.one_of(words).copied().unwrap_or("")
    }
}
