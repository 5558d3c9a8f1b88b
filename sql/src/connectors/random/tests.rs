use std::collections::HashSet;

use proptest::prelude::*;

use super::Random;

#[test]
fn numbers_are_those_of_splitmix64() {
    // Published test vector of SplitMix64 for the state 1234567.
    let mut random = Random { state: 1_234_567 };
    let numbers: Vec<u64> = (0..5).map(|_| random.bits()).collect();
    assert_eq!(
        numbers,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821
        ]
    );
}

#[test]
fn neighbouring_values_have_different_numbers() {
    let mut seen = HashSet::new();
    for seed in 0..20 {
        for row in 0..50 {
            for field in 0..20 {
                assert!(seen.insert(Random::of_value(seed, row, field).bits()), "{seed} {row} {field}");
            }
        }
    }
}

#[test]
fn each_bit_of_the_first_number_is_set_in_half_of_the_rows() {
    let mut set = [0u32; 64];
    for row in 0..10_000 {
        let bits = Random::of_value(0, row, 0).bits();
        for (index, count) in set.iter_mut().enumerate() {
            *count += u32::from((bits >> index) & 1 == 1);
        }
    }
    // Five standard deviations of 50.
    assert!(set.iter().all(|count| (4_750..=5_250).contains(count)), "{set:?}");
}

#[test]
fn an_event_is_as_frequent_as_its_probability() {
    let happened =
        |probability| (0..10_000).filter(|row| Random::of_value(3, *row, 1).happens(probability)).count();
    assert_eq!((happened(0.0), happened(1.0)), (0, 10_000));
    assert!((2_250..=2_750).contains(&happened(0.25)), "{}", happened(0.25));
}

proptest! {
    #[test]
    fn numbers_stay_in_their_bounds(row: u64, bound: u64, one: i64, other: i64) {
        let mut random = Random::of_value(0, row, 0);
        let number = random.below(bound);
        prop_assert!(number < bound || bound == 0 && number == 0);
        let number = random.between(one.min(other), one.max(other));
        prop_assert!(one.min(other) <= number && number <= one.max(other));
        prop_assert!((0.0..1.0).contains(&random.fraction()));
    }
}

#[test]
fn the_widest_range_has_both_signs() {
    let mut random = Random::of_value(0, 0, 0);
    let negative = (0..100).filter(|_| random.between(i64::MIN, i64::MAX) < 0).count();
    assert!((20..80).contains(&negative));
    assert_eq!(random.between(5, 4), 5);
}
