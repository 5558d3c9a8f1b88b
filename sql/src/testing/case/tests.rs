//! The format of test cases.

use super::{CaseFile, Expectation, ExpectationKind, Item};

const FILE: &str = "\
CREATE TABLE s (k INT) WITH ('connector' = 'values');
--! test one
--! set parallelism = 2
--! rows s
--! [1]
--! {\"watermark\": \"2020-10-10 00:00:05\"}
--! restore
--! rows s
--! [\"+U\", 2]

SELECT k FROM s; SELECT
  2;
--! changelog ordered
--! +I[1]
--! -U[1]
--! test two
--! error ValidationException: not found
SELECT missing;
--! plan contains: Calc
SELECT 1;
--! table t
";

#[test]
fn directives_and_statements_are_in_order() {
    let file = CaseFile::parse(FILE).unwrap();
    let names: Vec<_> = file.cases.iter().map(|case| (&*case.name, case.line)).collect();
    assert_eq!(names, [("one", 2), ("two", 16)]);
    let [
        Item::Statement { line: 1, .. },
        Item::Set { key, value, .. },
        Item::Rows { table, lines, line: 4 },
        Item::Restore,
        Item::Rows { .. },
        Item::Statement { text: first, line: 11 },
        Item::Statement { text: second, line: 11 },
        Item::Expect(expectation),
    ] = &*file.cases[0].items
    else {
        panic!("{:?}", file.cases[0])
    };
    assert_eq!((&**key, &**value, &**table, lines.len()), ("parallelism.default", "2", "s", 2));
    assert_eq!((&**first, &**second), ("SELECT k FROM s", "SELECT\n  2"));
    assert_eq!(expectation.kind, ExpectationKind::OrderedChangelog);
    assert_eq!((&expectation.table, expectation.rows.len(), expectation.line), (&None, 2, 13));
    let [
        Item::Statement { .. },
        Item::Error { class, message, .. },
        Item::Statement { .. },
        Item::Plan { is_there: true, .. },
        Item::Statement { .. },
        Item::Expect(Expectation { kind: ExpectationKind::Table, .. }),
    ] = &*file.cases[1].items
    else {
        panic!("{:?}", file.cases[1])
    };
    assert_eq!((&**class, &**message), ("ValidationException", "not found"));
}

#[test]
fn mistakes_have_a_line() {
    let cases = [
        ("--! tset x", 1, "did you mean `test`?"),
        ("SELECT 1;\n--! [1]", 2, "a row without"),
        ("--! set x", 1, "set key = value"),
        ("--! rows", 1, "needs the name of a table"),
        ("--! restore\n--! [1]", 1, "has no rows"),
        ("--! plan Calc", 1, "plan contains"),
    ];
    for (text, line, message) in cases {
        let error = CaseFile::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text}");
        assert!(error.message.contains(message), "{error}");
    }
}

#[test]
fn expectations_are_rewritten_in_place() {
    let text = "--! test a\nSELECT 1;\n--! changelog\n--! +I[1]\n--! +I[2]\n-- end\n--! table\nSELECT 2;\n";
    let expectation = |line, rows: &[&str]| Expectation {
        kind: ExpectationKind::Changelog,
        table: None,
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        line,
    };
    let updated = CaseFile::updated(text, &[expectation(3, &["+I[7]"]), expectation(7, &["+I[8]", "+I[9]"])]);
    let expected = "--! test a\nSELECT 1;\n--! changelog\n--! +I[7]\n-- end\n--! table\n--! +I[8]\n--! +I[9]\nSELECT 2;\n";
    assert_eq!(updated, expected);
    assert_eq!(CaseFile::updated(text, &[]), text);
}
