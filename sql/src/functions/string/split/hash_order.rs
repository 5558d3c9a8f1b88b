//! The order in which `java.util.HashMap` has its entries: that of Flink's STR_TO_MAP.

/// Sorts the entries of a map that was made for so many.
pub(super) fn sort<V>(pairs: &mut [(&str, V)], expected: usize) {
    // The smallest power of two of which three quarters hold them all.
    let capacity = if expected <= 2 { expected + 1 } else { (expected * 4).div_ceil(3) };
    let mask = u32::try_from(capacity.next_power_of_two() - 1).unwrap_or(u32::MAX);
    // Those of one bucket stay in the order in which they came.
    pairs.sort_by_cached_key(|(key, _)| {
        let hash = hash_code(key);
        (hash ^ (hash >> 16)) & mask
    });
}

/// Java's `String.hashCode`.
fn hash_code(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}
