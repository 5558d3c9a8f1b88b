//! Random numbers by counter: the n-th draw is computed without those before it.

use crate::connectors::random::{INCREMENT, mix};

/// Room for fields in an event's part of the counter. From event number 2^59 on, counters repeat.
const FIELDS: u64 = 32;

/// What is drawn. The numbers are part of every event's values: they never change.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Field {
    PersonName = 0,
    PersonEmail = 1,
    PersonCreditCard = 2,
    PersonCity = 3,
    PersonState = 4,
    PersonExtra = 5,
    AuctionItemName = 6,
    AuctionDescription = 7,
    AuctionInitialBid = 8,
    AuctionReserve = 9,
    AuctionExpires = 10,
    AuctionSeller = 11,
    AuctionCategory = 12,
    AuctionExtra = 13,
    BidAuction = 14,
    BidBidder = 15,
    BidPrice = 16,
    BidChannel = 17,
    BidExtra = 18,
    /// By the number of the channel, not of the event.
    ChannelUrl = 19,
}

/// A seed from which draws are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(u64);

impl Seed {
    /// Near seeds give streams that have nothing in common.
    pub fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(INCREMENT)))
    }

    /// The draw for a field of an event.
    #[inline]
    pub fn draw(self, number: u64, field: Field) -> Draw {
        let counter = number.wrapping_mul(FIELDS).wrapping_add(field as u64);
        Draw(mix(self.0.wrapping_add(counter.wrapping_mul(INCREMENT))))
    }
}

/// 64 random bits, used up from the top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    /// A number below `bound`, and what is left of the draw; 0 if `bound` is 0.
    ///
    /// The draw is a fraction of 2^64: the whole part of its product with the bound is the number, the rest is again a
    /// fraction. What is left has fewer bits by those of the bound; the bias is below `bound` / 2^64.
    #[inline]
    pub fn below(self, bound: u64) -> (u64, Self) {
        let product = u128::from(self.0) * u128::from(bound);
        ((product >> 64) as u64, Self(product as u64))
    }

    /// One of a fixed list, and what is left of the draw.
    #[inline]
    pub fn one_of<const N: usize>(self, list: &[&'static str; N]) -> (&'static str, Self) {
        let (index, rest) = self.below(N as u64);
        (list.get(index as usize).copied().unwrap_or_default(), rest)
    }

    /// Nexmark's prices in cents: 100 * 10^(6 x), rounded, for x uniform in [0, 1): from 1 to 1,000,000 dollars, as many
    /// in each decade.
    ///
    /// Only integers and additions and multiplications of `f64` in a fixed order, so that all machines agree to the
    /// cent, which `powf` does not promise.
    #[inline]
    pub fn price(self) -> i64 {
        // The exponent of 2 as a fixed-point number with 58 bits behind the point: whole part, place in the table, rest.
        let exponent = ((u128::from(self.0) * u128::from(LOG2_OF_MILLION)) >> 64) as u64;
        let whole = exponent >> 58;
        let place = exponent >> (58 - TABLE_BITS) & (TABLE_SIZE as u64 - 1);
        let rest = exponent << (6 + TABLE_BITS) >> 12;
        let rest = f64::from_bits(ONE | rest) - 1.0;
        let from_table = HUNDRED_TIMES_POWERS.get(place as usize).copied().unwrap_or_default();
        let power = f64::from_bits(ONE + (whole << 52)) * from_table * exp2_of_rest(rest);
        (power + 0.5) as i64
    }

    /// More random words than one draw has.
    #[inline]
    pub fn words(self) -> Words {
        Words(self.0)
    }
}

/// The bits of 1.0.
const ONE: u64 = 1.0_f64.to_bits();

/// Base-2 logarithm of 10^6, times 2^58.
const LOG2_OF_MILLION: u64 = (6.0 * std::f64::consts::LOG2_10 * (1_u64 << 58) as f64) as u64;

const TABLE_BITS: u32 = 6;
const TABLE_SIZE: usize = 1 << TABLE_BITS;

/// 100 * 2^(i / 64).
const HUNDRED_TIMES_POWERS: [f64; TABLE_SIZE] = {
    let mut powers = [100.0; TABLE_SIZE];
    let mut rest: &mut [f64] = &mut powers;
    let mut index = 0;
    while let Some((power, others)) = rest.split_first_mut() {
        let exponent = index as f64 / TABLE_SIZE as f64 * std::f64::consts::LN_2;
        *power = 100.0 * exponential(exponent, 20);
        index += 1;
        rest = others;
    }
    powers
};

/// 2^(x / 64) for x in [0, 1), with a relative error of about 10^-15.
#[inline]
fn exp2_of_rest(x: f64) -> f64 {
    exponential(x * (std::f64::consts::LN_2 / TABLE_SIZE as f64), 5)
}

/// So many terms of Taylor's series of e^x after the first.
#[inline(always)]
const fn exponential(x: f64, terms: u32) -> f64 {
    let mut sum = 1.0;
    let mut term = terms;
    while term > 0 {
        sum = 1.0 + x * (1.0 / term as f64) * sum;
        term -= 1;
    }
    sum
}

/// Random words, for text: SplitMix64 seeded by a draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words(u64);

impl Words {
    /// The next 64 random bits.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(INCREMENT);
        mix(self.0)
    }
}

#[cfg(test)]
mod tests;
