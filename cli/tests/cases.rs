//! `millstream test`: what it ends with, and what it writes.

use crate::support::{run, stderr, stdout};

const CASES: &str = "\
--! test holds
SELECT a + 1 FROM (VALUES (1)) AS t(a);
--! changelog
--! +I[2]
--! test differs
SELECT a + 1 FROM (VALUES (2)) AS t(a);
--! changelog
--! +I[2]
";

#[test]
fn what_differs_ends_with_4_and_can_be_written_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.sql");
    let name = file.to_string_lossy().into_owned();
    std::fs::write(&file, CASES).unwrap();

    let output = run(&["test", &name], "");
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let written = stdout(&output);
    let difference = format!("  {name}:7, in order:\n    - +I[2]\n    + +I[3]\n");
    assert!(written.contains(&difference) && written.ends_with("FAILED. 1 passed; 1 failed\n"), "{written}");

    let chosen = run(&["test", "--filter", "holds", "--json", &name], "");
    assert_eq!(chosen.status.code(), Some(0));
    let json = stdout(&chosen);
    assert!(json.ends_with("\"case\":\"holds\",\"passed\":true,\"differences\":[]}\n"), "{json}");

    run(&["test", "--update", &name], "");
    let updated = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        updated,
        CASES.replacen(
            "(2)) AS t(a);\n--! changelog\n--! +I[2]",
            "(2)) AS t(a);\n--! changelog\n--! +I[3]",
            1
        )
    );
    assert_eq!(run(&["test", &name], "").status.code(), Some(0));
}

#[test]
fn a_file_without_cases_that_can_run_is_a_mistake_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.sql");
    std::fs::write(&file, "--! tset x\n").unwrap();
    let output = run(&["test", &file.to_string_lossy()], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cases.sql:1: there is no directive `tset`; did you mean `test`?"));
}
