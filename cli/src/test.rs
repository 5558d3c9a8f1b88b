//! `millstream test`: runs test cases and says what differs.

use std::path::{Path, PathBuf};

use millstream_sql::testing::{Case, CaseFile, CaseOptions, CaseReport, run_case};

use crate::errors::quoted;
use crate::failure::Failure;
use crate::output;

/// What the command line says of a run of test cases.
#[derive(Debug)]
pub struct TestOptions {
    /// How each case runs.
    pub case: CaseOptions,
    /// Runs only cases whose names have this in them.
    pub filter: Option<String>,
    /// Writes what came out into the files.
    pub update: bool,
    /// Writes an object of JSON for each case.
    pub json: bool,
}

/// Runs the cases of files; the code is 0, or 4 if something differs.
///
/// # Errors
/// If a file cannot be read or written, or has no cases that can run.
pub fn test(files: &[PathBuf], options: &TestOptions) -> Result<u8, Failure> {
    let (mut held, mut differed) = (0_u64, 0_u64);
    for file in files {
        let text = crate::read(file)?;
        let cases = CaseFile::parse(&text).map_err(|error| {
            Failure::usage(format!("{}:{}: {}", file.display(), error.line, error.message))
        })?;
        let mut updates = Vec::new();
        for case in cases.cases.iter().filter(|case| is_chosen(case, options)) {
            let report = run_case(case, &options.case);
            if report.differences.is_empty() {
                held += 1;
            } else {
                differed += 1;
            }
            write(file, case, &report, options.json);
            updates.extend(report.actual);
        }
        let updated = CaseFile::updated(&text, &updates);
        if options.update && updated != text {
            std::fs::write(file, updated)
                .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", file.display())))?;
            output::error_line(&format!("{} updated", file.display()));
        }
    }
    if !options.json {
        let result = if differed == 0 { "ok" } else { "FAILED" };
        output::line(&format!("{result}. {held} passed; {differed} failed"));
    }
    Ok(if differed == 0 { 0 } else { Failure::DIFFERS })
}

fn is_chosen(case: &Case, options: &TestOptions) -> bool {
    options.filter.as_ref().is_none_or(|filter| case.name.contains(filter))
}

fn write(file: &Path, case: &Case, report: &CaseReport, json: bool) {
    let passed = report.differences.is_empty();
    if json {
        let differences = report.differences.iter().map(|difference| {
            format!(
                "{{\"line\":{},\"run\":{},\"message\":{}}}",
                difference.line,
                quoted(&difference.run.to_string()),
                quoted(&difference.message)
            )
        });
        return output::line(&format!(
            "{{\"file\":{},\"case\":{},\"passed\":{passed},\"differences\":[{}]}}",
            quoted(&file.to_string_lossy()),
            quoted(&case.name),
            differences.collect::<Vec<_>>().join(",")
        ));
    }
    output::line(&format!("{}: {} ... {}", file.display(), case.name, if passed { "ok" } else { "FAILED" }));
    for difference in &report.differences {
        let message = difference.message.replace('\n', "\n    ");
        output::line(&format!(
            "  {}:{}, {}:\n    {message}",
            file.display(),
            difference.line,
            difference.run
        ));
    }
}
