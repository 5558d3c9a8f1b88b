use super::*;

/// Snapshots written by any earlier version depend on these values. If this test fails, the hash
/// is wrong, not the test.
#[test]
fn values_are_pinned() {
    #[derive(Hash)]
    enum Side {
        Buy,
        Sell(u32),
    }
    let pinned = [
        ("0_u64", stable_hash(&0_u64)),
        ("1_u64", stable_hash(&1_u64)),
        ("u64::MAX", stable_hash(&u64::MAX)),
        ("-1_i32", stable_hash(&-1_i32)),
        ("7_u8", stable_hash(&7_u8)),
        ("true", stable_hash(&true)),
        ("'m'", stable_hash(&'m')),
        ("\"\"", stable_hash("")),
        ("\"JFK\"", stable_hash("JFK")),
        ("\"a longer key of text\"", stable_hash("a longer key of text")),
        ("(1_u64, \"UA\")", stable_hash(&(1_u64, "UA"))),
        ("Some(3_i64)", stable_hash(&Some(3_i64))),
        ("vec![1_u16, 2]", stable_hash(&vec![1_u16, 2])),
        ("Side::Buy", stable_hash(&Side::Buy)),
        ("Side::Sell(9)", stable_hash(&Side::Sell(9))),
    ];
    let printed: String = pinned.iter().map(|(name, hash)| format!("{name} {hash:016x}\n")).collect();
    assert_eq!(printed, include_str!("pinned.txt"));
}

#[test]
fn text_hashes_alike_however_it_is_held() {
    assert_eq!(stable_hash("JFK"), stable_hash(&String::from("JFK")));
    assert_ne!(stable_hash(&[0_u8][..]), stable_hash(&[0_u8, 0][..]));
}
