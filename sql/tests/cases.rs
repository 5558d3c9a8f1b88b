//! Runs the test cases in `tests/cases`.

use std::path::Path;

use millstream_sql::testing::{CaseFile, CaseOptions, run_case};

#[test]
fn all_cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut problems, mut cases) = (Vec::new(), 0);
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
        let name = file.file_name().unwrap().to_string_lossy();
        let parsed = CaseFile::parse(&std::fs::read_to_string(file).unwrap());
        for case in &parsed.unwrap_or_else(|error| panic!("{name}: {error}")).cases {
            cases += 1;
            for difference in run_case(case, &CaseOptions::default()).differences {
                problems.push(format!(
                    "{name}:{}: {} ({}):\n{}",
                    difference.line, case.name, difference.run, difference.message
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(cases > 10, "{cases} cases");
}
