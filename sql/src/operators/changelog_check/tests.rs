use millstream_runtime::Result;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::{ChangelogCheck, ChangelogCheckSpecification};
use crate::plan::changelog::ModifyKinds;
use crate::test_support::{chunk, rows, schema};

/// An edge, its keys, and changes on it.
type Case = (ModifyKinds, &'static [&'static [usize]], &'static [&'static str]);

fn check(changelog: ModifyKinds, keys: &[&[usize]]) -> ChangelogCheck {
    let columns = schema(&[("k", "BIGINT!"), ("v", "BIGINT")]);
    let keys = keys.iter().map(|key| key.to_vec());
    ChangelogCheck::new(&ChangelogCheckSpecification::new("Rank", changelog, &columns, keys))
}

/// Runs changes with a restore behind the first; the rows as they came out, or what is wrong with them.
fn run(changelog: ModifyKinds, keys: &[&[usize]], changes: &[&str]) -> Result<Vec<String>> {
    let columns = schema(&[("k", "BIGINT!"), ("v", "BIGINT")]);
    let (first, rest) = changes.split_at(1);
    let mut harness = OperatorHarness::new(check(changelog, keys))?;
    harness.push(chunk(&columns, first), Timestamp::MIN)?;
    let mut chunks = harness.take_records();
    let snapshot = harness.snapshot(1)?;
    let mut harness = OperatorHarness::restore(check(changelog, keys), &snapshot)?;
    harness.push(chunk(&columns, rest), Timestamp::MIN)?;
    harness.end_of_data()?;
    chunks.extend(harness.take_records());
    Ok(rows(&columns, &chunks))
}

#[test]
fn right_changelogs_pass_as_they_are() {
    let only_after = ModifyKinds::ALL.without_update_before();
    let cases: &[Case] = &[
        (ModifyKinds::INSERT, &[], &["+I[1, 1]", "+I[1, 1]", "+I[1, 2]"]),
        (ModifyKinds::ALL, &[&[0]], &["+I[1, 1]", "-U[1, 1]", "+U[1, 2]", "-D[1, 2]", "+I[1, 3]"]),
        (ModifyKinds::ALL, &[], &["+I[1, 1]", "+I[1, 1]", "-D[1, 1]", "-D[1, 1]"]),
        (only_after, &[&[0]], &["+I[1, 1]", "+U[1, 2]", "-D[1, 2]", "+I[1, 1]"]),
    ];
    for (changelog, keys, changes) in cases {
        assert_eq!(run(*changelog, keys, changes).unwrap(), *changes);
    }
}

#[test]
fn wrong_changelogs_are_named() {
    let only_after = ModifyKinds::ALL.without_update_before();
    let cases: &[(Case, &str)] = &[
        (
            (ModifyKinds::INSERT, &[], &["+I[1, 1]", "-D[1, 1]"]),
            "-D[1, 1] is a change that the plan does not say",
        ),
        ((only_after, &[&[0]], &["+I[1, 1]", "-U[1, 1]"]), "-U[1, 1] is a change that the plan does not say"),
        (
            (ModifyKinds::ALL, &[&[0]], &["+I[1, 1]", "-U[1, 2]"]),
            "-U[1, 2] takes back a row that is not there",
        ),
        (
            (ModifyKinds::ALL, &[], &["+I[1, 1]", "-D[1, 1]", "-D[1, 1]"]),
            "-D[1, 1] takes back a row that is not",
        ),
        ((only_after, &[&[0]], &["+I[1, 1]", "-D[1, 2]"]), "-D[1, 2] takes back a row that is [1, 1] by now"),
        ((only_after, &[], &["+I[1, 1]", "+I[1, 1]"]), "updates come alone, and no columns are a key"),
        ((ModifyKinds::ALL, &[&[0, 1], &[0]], &["+I[1, 1]", "+I[1, 2]"]), "the columns [0] are no key"),
        ((ModifyKinds::ALL, &[&[0]], &["+I[1, 1]", "+I[1, 1]"]), "the columns [0] are no key"),
    ];
    for ((changelog, keys, changes), expected) in cases {
        let error = run(*changelog, keys, changes).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("Rank"), "{error}");
    }
}
