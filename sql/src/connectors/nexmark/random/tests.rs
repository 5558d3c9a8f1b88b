use proptest::prelude::*;

use super::{Draw, Field, INCREMENT, Seed, Words, mix};

/// Published numbers of SplitMix64 with the seed 1234567.
#[test]
fn words_are_those_of_splitmix64() {
    let mut words = Words(1_234_567);
    let expected = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];
    assert_eq!([(); 5].map(|()| words.next()), expected);
}

#[test]
fn draws_are_splitmix64_at_a_place() {
    let seed = Seed::new(7);
    let mut words = Words(mix(7_u64.wrapping_add(INCREMENT)));
    let in_order: Vec<u64> = (0..200).map(|_| words.next()).collect();
    assert_eq!(seed.draw(3, Field::BidPrice).0, in_order[3 * 32 + 16 - 1]);
    assert_eq!(seed.draw(5, Field::ChannelUrl).0, in_order[5 * 32 + 19 - 1]);
}

#[test]
fn parts_of_a_draw_are_digits_of_a_fraction() {
    // 0.375 = 0.011 in binary = 0.3 + 0.075 in tenths.
    let draw = Draw(3 << 61);
    let (first, rest) = draw.below(2);
    let (second, rest) = rest.below(2);
    let (third, rest) = rest.below(2);
    assert_eq!((first, second, third, rest.0), (0, 1, 1, 0));
    let (tenths, rest) = draw.below(10);
    assert_eq!((tenths, rest.0), (3, 3 << 62));
    assert_eq!(draw.below(0).0, 0);
}

#[test]
fn the_least_and_the_greatest_price() {
    assert_eq!(Draw(0).price(), 100);
    assert_eq!(Draw(u64::MAX).price(), 100_000_000);
    // 10^3 dollars, and 10^(6/4) dollars rounded: 31.6227...
    assert_eq!(Draw(1 << 63).price(), 100_000);
    assert_eq!(Draw(1 << 62).price(), 3162);
}

proptest! {
    #[test]
    fn a_number_is_below_its_bound(bits: u64, bound in 1_u64..) {
        prop_assert!(Draw(bits).below(bound).0 < bound);
    }

    #[test]
    fn prices_are_powers_of_ten(bits: u64) {
        let exact = 10_f64.powf(bits as f64 / 2_f64.powi(64) * 6.0) * 100.0;
        prop_assert!((Draw(bits).price() as f64 - exact).abs() < 0.500_001, "{exact}");
    }

    #[test]
    fn prices_rise_with_the_draw(bits in 0..u64::MAX - (1 << 40), more in 0_u64..1 << 40) {
        prop_assert!(Draw(bits).price() <= Draw(bits + more).price());
    }
}
