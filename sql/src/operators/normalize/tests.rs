use std::collections::BTreeMap;

use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::ChangelogNormalize;
use crate::test_support::{chunk, rows, schema};

proptest! {
    #[test]
    fn changes_are_those_of_a_map(
        steps in proptest::collection::vec((0..3_i64, 0..3_i64, 0..4_u8), 1..40),
        cut in 0..40_usize,
        update_before: bool,
    ) {
        let columns = schema(&[("k", "BIGINT!"), ("v", "BIGINT")]);
        let mut map: BTreeMap<i64, i64> = BTreeMap::new();
        let (mut history, mut expected) = (Vec::new(), Vec::new());
        for (key, value, kind) in steps {
            if kind == 0 {
                // A tombstone has only the key.
                history.push(format!("-D[{key}, null]"));
                expected.extend(map.remove(&key).map(|value| format!("-D[{key}, {value}]")));
                continue;
            }
            history.push(format!("{}[{key}, {value}]", if kind == 1 { "+I" } else { "+U" }));
            match map.insert(key, value) {
                None => expected.push(format!("+I[{key}, {value}]")),
                Some(before) if before == value => {}
                Some(before) => {
                    if update_before {
                        expected.push(format!("-U[{key}, {before}]"));
                    }
                    expected.push(format!("+U[{key}, {value}]"));
                }
            }
        }
        let make = || ChangelogNormalize::new(&[0], &columns, update_before, None);
        let cut = cut.min(history.len());
        let mut harness = OperatorHarness::new(make()).unwrap();
        if cut > 0 {
            harness.push(chunk(&columns, &history[..cut]), Timestamp::MIN).unwrap();
        }
        let mut chunks = harness.take_records();
        let snapshot = harness.snapshot(1).unwrap();
        let mut harness = OperatorHarness::restore(make(), &snapshot).unwrap();
        if cut < history.len() {
            harness.push(chunk(&columns, &history[cut..]), Timestamp::MIN).unwrap();
        }
        chunks.extend(harness.take_records());
        prop_assert_eq!(rows(&columns, &chunks), expected);
        prop_assert_eq!(harness.snapshot(2).unwrap().keyed_entries(), map.len() as u64);
    }
}
