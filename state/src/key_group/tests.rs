use proptest::prelude::*;

use super::*;

proptest! {
    /// The two directions of the same arithmetic agree, and every group has exactly one owner.
    #[test]
    fn ranges_partition_the_groups(max in 1u32..=2_000, parallelism in 1u32..=2_000) {
        let parallelism = parallelism.min(max);
        let groups = KeyGroups::new(max);
        let mut next = 0;
        for subtask in 0..parallelism {
            let range = groups.range_of(subtask, parallelism);
            prop_assert_eq!(range.start(), next);
            prop_assert!(!range.is_empty());
            for group in range.iter() {
                prop_assert_eq!(groups.owner(group, parallelism), subtask);
                prop_assert!(range.contains(group));
            }
            next += range.len();
        }
        prop_assert_eq!(next, max as usize);
    }

    #[test]
    fn every_key_has_a_group_below_the_maximum(key: u64, max in 1u32..=UPPER_MAX_PARALLELISM) {
        let group = KeyGroups::new(max).of(&key);
        prop_assert!(group.index() < max as usize);
        prop_assert_eq!(group.index() as u64, stable_hash(&key) % u64::from(max));
    }
}

#[test]
fn keys_spread_evenly() {
    let groups = KeyGroups::new(DEFAULT_MAX_PARALLELISM);
    let mut counts = vec![0_u32; DEFAULT_MAX_PARALLELISM as usize];
    for key in 0..128_000_u64 {
        counts[groups.of(&key).index()] += 1;
    }
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(*least > 800 && *most < 1_200, "between {least} and {most} keys a group, 1,000 expected");
}
