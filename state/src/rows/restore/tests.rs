use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::codec::encode;
use crate::rows::test_support::{INITIAL, kind, store, stored, upsert};
use crate::rows::{RowLayout, RowStore};
use crate::{CheckpointId, KeyGroups, Shape, stable_hash};

fn filled(layout: RowLayout) -> RowStore {
    let mut store = store(layout);
    for entry in upsert(&mut store, &[1, 2, 3, 4, 5]) {
        store.replace(entry.row, b"variable").unwrap();
    }
    store
}

#[test]
fn another_layout_is_refused_with_both() {
    let layout = RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One);
    let mut before = stored(&filled(layout.clone()).snapshot(CheckpointId::new(1)));
    before.meta.value = Shape::from_text("count: i64, sum: f64");
    let error = store(layout.clone()).restore_all(before.clone()).unwrap_err().to_string();
    assert!(error.contains("`count: i64, sum: f64`") && error.contains("expects `v`"), "{error}");
    before.meta.kind = StateKind::Value;
    let error = store(layout).restore_all(before).unwrap_err().to_string();
    assert!(error.contains("of another kind") && error.contains("Value"), "{error}");
}

#[test]
fn blocks_of_other_groups_are_refused() {
    let layout = RowLayout::new(KeyKind::U64, &INITIAL, RowsPerKey::One);
    let stored = stored(&filled(layout.clone()).snapshot(CheckpointId::new(1)));
    for (group, bytes) in &stored.blocks {
        let other = KeyGroup::new(u16::try_from(group.index()).unwrap() ^ 1);
        let error = store(layout.clone()).restore(other, bytes).unwrap_err().to_string();
        assert!(error.contains("state `rows`") && error.contains("another key group"), "{error}");
        let mut elsewhere = store(layout.clone());
        elsewhere.groups = super::super::group_changes::GroupChanges::new(
            KeyGroups::new(8),
            crate::KeyGroupRange::new(8, 8),
        );
        let error = elsewhere.restore(*group, bytes).unwrap_err().to_string();
        assert!(error.contains("came to the subtask"), "{error}");
        let mut twice = store(layout.clone());
        twice.restore(*group, bytes).unwrap();
        let error = twice.restore(*group, bytes).unwrap_err().to_string();
        assert!(error.contains("there twice"), "{error}");
    }
}

proptest! {
    /// A block that is cut off anywhere but between keys is refused, and one with other bytes does no harm.
    #[test]
    fn damaged_blocks_are_refused(
        kind in kind(),
        many: bool,
        at: prop::sample::Index,
        value: u8,
        cut: prop::sample::Index,
    ) {
        let layout = RowLayout::new(kind, &INITIAL, RowsPerKey::One);
        let stored = stored(&filled(layout.clone()).snapshot(CheckpointId::new(1)));
        let layout = RowLayout::new(kind, &INITIAL, if many { RowsPerKey::Many } else { RowsPerKey::One });
        for (group, bytes) in &stored.blocks {
            let mut damaged = bytes.to_vec();
            damaged[at.index(bytes.len())] = value;
            let mut other = store(layout.clone());
            if other.restore(*group, &damaged).is_ok() {
                prop_assert!(other.len() <= 5 && other.rows().count() == other.len());
            }
            let cut = cut.index(bytes.len());
            let mut other = store(layout.clone());
            let outcome = other.restore(*group, &bytes[..cut]);
            prop_assert!(outcome.is_err() || many || other.len() < 5);
            prop_assert!(cut != 0 || outcome.is_err());
        }
    }

    #[test]
    fn other_bytes_do_no_harm(kind in kind(), many: bool, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let layout = RowLayout::new(kind, &INITIAL, if many { RowsPerKey::Many } else { RowsPerKey::One });
        let bytes = [&[bytes.len() as u8 % 2][..], &bytes].concat();
        for group in 0..8 {
            let mut store = store(layout.clone());
            let outcome = store.restore(KeyGroup::new(group), &bytes);
            prop_assert!(outcome.is_err() || store.len() * 2 <= bytes.len());
        }
    }
}

#[test]
fn a_forged_count_is_refused() {
    let layout = RowLayout::new(KeyKind::U64, &[], RowsPerKey::Many);
    // Key 0, hash 0 and so group 0, as many rows as can be said, and one of them.
    let mut bytes = vec![UNSTAMPED, 0];
    bytes.extend_from_slice(&encode(&stable_hash(&0_u64)).unwrap());
    bytes.extend_from_slice(&encode(&u64::MAX).unwrap());
    bytes.push(0);
    let mut forged = store(layout);
    let block =
        KeyedRestore { meta: forged.meta().clone(), blocks: vec![(KeyGroup::new(0), Bytes::from(bytes))] };
    let error = forged.restore_all(block).unwrap_err().to_string();
    assert!(error.contains("a length is cut off"), "{error}");
}
