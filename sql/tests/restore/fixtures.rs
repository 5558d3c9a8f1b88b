//! A savepoint of one job with all operators is kept beside this test: jobs go on from it with every later version, and what has
//! come out in all is what comes out of a run that nothing disturbs.
//!
//! To keep one of a later format: `MILLSTREAM_FIXTURE=<folder> cargo test -p millstream-sql --test sql restore::fixtures`, then
//! add the folder to `FIXTURES`. Old ones stay as long as their format is to be read. A fixture lists the operators that it
//! has: those that are newer are not in it.

use std::path::{Path, PathBuf};

use super::operators::{OPERATORS, Operator};
use super::story::{Part, Place, fold, run};

const FIXTURES: &[&str] = &["v1"];

/// How many parts had been read when savepoints were taken.
const READ: usize = 1;

fn write(folder: &Path) {
    let all: Vec<&Operator> = OPERATORS.iter().collect();
    let savepoint = Place::Folder(folder.join("savepoint"));
    run(&all, Part::between(0, READ), 2, None, Some(&savepoint));
    let names: String = all.iter().map(|operator| format!("{}\n", operator.name)).collect();
    std::fs::write(folder.join("operators"), names).unwrap();
}

fn read(folder: &Path) {
    let names = std::fs::read_to_string(folder.join("operators")).unwrap();
    let operator = |name: &str| OPERATORS.iter().find(|operator| operator.name == name);
    let operators = names.lines().map(|name| operator(name).unwrap_or_else(|| panic!("no operator {name}")));
    let operators: Vec<&Operator> = operators.collect();
    let expected = run(&operators, Part::WHOLE, 2, None, None);
    let savepoint = Place::Folder(folder.join("savepoint"));
    let found = run(&operators, Part::between(READ, Part::PARTS), 3, Some(&savepoint), None);
    for ((operator, found), expected) in operators.iter().zip(found).zip(expected) {
        assert_eq!(fold(operator, &found), fold(operator, &expected), "{}", operator.name);
    }
}

#[test]
fn fixtures_of_every_version_are_restored() {
    for version in FIXTURES {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version));
    }
}

#[test]
fn fixtures_that_this_version_writes_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    read(folder.path());
    if let Ok(kept) = std::env::var("MILLSTREAM_FIXTURE") {
        let kept = PathBuf::from(kept);
        std::fs::create_dir_all(&kept).unwrap();
        write(&kept);
    }
}
