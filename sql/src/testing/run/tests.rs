//! Cases that hold, and cases that must not.

use super::{CaseOptions, run_case};
use crate::testing::CaseFile;

/// What differs, in all cases of a file.
fn differences(text: &str) -> Vec<String> {
    let file = CaseFile::parse(text).unwrap();
    let reports = file.cases.iter().map(|case| run_case(case, &CaseOptions::default()));
    let differences = reports.flat_map(|report| report.differences);
    differences.map(|difference| format!("{}: {}", difference.line, difference.message)).collect()
}

const COUNT: &str = "\
--! rows s
--! [1]
--! [2]
--! [1]
CREATE TABLE s (k INT) WITH ('connector' = 'values');
CREATE TABLE t (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
INSERT INTO t SELECT k, COUNT(*) FROM s GROUP BY k;
";

#[test]
fn what_holds_holds_in_all_runs() {
    let text = format!(
        "{COUNT}--! changelog t\n--! +I[1, 1]\n--! +I[2, 1]\n--! +U[1, 2]\n--! table t\n--! +I[1, 2]\n--! +I[2, 1]\n"
    );
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn what_differs_is_told_with_its_line() {
    let text = format!("{COUNT}--! table t\n--! +I[1, 2]\n--! +I[2, 2]\n");
    assert_eq!(differences(&text), ["8: - +I[2, 2]\n+ +I[2, 1]"]);
    let text = format!("{COUNT}--! changelog t ordered\n--! +I[2, 1]\n--! +I[1, 1]\n--! +U[1, 2]\n");
    assert_eq!(differences(&text), ["8: at row 1:\n- +I[2, 1]\n+ +I[1, 1]"]);
}

#[test]
fn errors_and_plans_are_expected_too() {
    let text = "\
--! error ValidationException: missing
SELECT missing;
--! plan contains: Calc
--! plan lacks: GroupAggregate
SELECT a + 1 FROM (VALUES (1)) AS t(a);
--! changelog
--! +I[2]
";
    assert_eq!(differences(text), Vec::<String>::new());
    let text = "--! error ValidationException: missing\nSELECT 1;\n";
    assert!(differences(text)[0].starts_with("1: the statement does not fail"));
    let text = "--! error TableException: other\nSELECT missing;\n";
    assert!(differences(text)[0].starts_with("1: the statement fails with another error"));
    assert!(
        differences("SELECT missing;\n")[0].starts_with("1: org.apache.flink.table.api.ValidationException")
    );
    let text = "--! plan contains: Nonsense\nSELECT 1;\n";
    assert!(differences(text)[0].starts_with("1: the plan does not have `Nonsense`"));
}

#[test]
fn a_job_goes_on_from_its_savepoint() {
    let text = "\
CREATE TABLE s (k INT) WITH ('connector' = 'values');
CREATE TABLE t (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows s
--! [1]
--! [2]
--! changelog t
--! +I[1, 1]
--! +I[2, 1]
--! restore
--! rows s
--! [1]
INSERT INTO t SELECT k, COUNT(*) FROM s GROUP BY k;
--! changelog t
--! +U[1, 2]
--! table t
--! +I[1, 2]
--! +I[2, 1]
";
    assert_eq!(differences(text), Vec::<String>::new());
}
