//! Functions against tables that Flink made: the `.tsv` files here, by the program beside them.
//!
//! A line is an expression, its type and its value, as the SQL client shows it; a result that begins with `! ` is the
//! error with which a job fails, or, where the type is `!`, with which the statement is refused. Lines that begin with `#`
//! are comments; `# key = value` sets an option for the lines that follow.
//!
//! Each expression is evaluated as a constant, with its literals as columns, and with those columns sliced out of longer
//! ones that have NULLs beside the value. All must give one answer.

mod evaluate;

use evaluate::{Evaluation, analyze};
use millstream_sql::catalog::Session;

/// Compares every line of a table with this engine's answers. All differences are shown.
fn check(table: &str) {
    let mut session = Session::new();
    let (mut lines, mut differences) = (0, Vec::new());
    for line in table.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            if let Some((key, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")) {
                session.settings.insert(key.to_owned(), value.to_owned());
            }
            continue;
        }
        lines += 1;
        let [expression, data_type, result] = *line.split('\t').collect::<Vec<_>>() else {
            panic!("not an expression, a type and a result: {line}")
        };
        if let Err(difference) = check_line(&session, expression, data_type, result) {
            differences.push(format!("{expression}: {difference}"));
        }
    }
    assert!(lines > 20, "a table of {lines} lines");
    assert!(differences.is_empty(), "{} of {lines}:\n{}", differences.len(), differences.join("\n"));
}

fn check_line(session: &Session, expression: &str, data_type: &str, result: &str) -> Result<(), String> {
    let analyzed = match analyze(session, expression) {
        Ok(analyzed) => analyzed,
        Err(_) if data_type == "!" => return Ok(()),
        Err(error) => return Err(format!("refused: {error}")),
    };
    if data_type == "!" {
        return Err("not refused".to_owned());
    }
    let actual = analyzed.field.to_string();
    if !same_type(&actual, data_type) {
        return Err(format!("type {actual}, not {data_type}"));
    }
    let evaluation = Evaluation::new(session, analyzed);
    for (way, values) in evaluation.all_ways() {
        match values {
            Ok(values) => {
                if let Some(value) = values.iter().find(|value| escaped(value) != result) {
                    return Err(format!("{way}: {}, not {result}", escaped(value)));
                }
            }
            Err(error) => {
                let expected = result.strip_prefix("! ").ok_or_else(|| format!("{way}: fails: {error}"))?;
                // Where in a text Java's parser stopped is not told.
                let expected = expected.split_inclusive(" could not be parsed").next().unwrap_or(expected);
                if !escaped(&error).contains(expected) {
                    return Err(format!("{way}: fails with {}, not {expected}", escaped(&error)));
                }
            }
        }
    }
    Ok(())
}

/// Flink names an interval by the units of its literal.
fn same_type(actual: &str, expected: &str) -> bool {
    let class = |data_type: &str| {
        let required = data_type.ends_with("NOT NULL");
        if !data_type.starts_with("INTERVAL") {
            return (data_type.to_owned(), required);
        }
        let months = ["YEAR", "MONTH"].iter().any(|unit| data_type.contains(unit));
        (if months { "months" } else { "milliseconds" }.to_owned(), required)
    };
    class(actual) == class(expected)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
}

#[test]
fn casts_are_those_of_flink() {
    check(include_str!("functions/cast.tsv"));
}

#[test]
fn functions_of_text_are_those_of_flink() {
    check(include_str!("functions/string.tsv"));
}

#[test]
fn functions_of_regular_expressions_are_those_of_flink() {
    check(include_str!("functions/regexp.tsv"));
}

#[test]
fn functions_of_numbers_are_those_of_flink() {
    check(include_str!("functions/math.tsv"));
}

#[test]
fn conditions_and_digests_are_those_of_flink() {
    check(include_str!("functions/conditional.tsv"));
}

#[test]
fn functions_of_arrays_and_maps_are_those_of_flink() {
    check(include_str!("functions/collection.tsv"));
}

#[test]
fn dates_and_times_are_those_of_flink() {
    check(include_str!("functions/time.tsv"));
}

#[test]
fn functions_of_json_are_those_of_flink() {
    check(include_str!("functions/json.tsv"));
}

#[test]
fn odd_dates_and_times_are_those_of_flink() {
    check(include_str!("functions/time_edges.tsv"));
}

#[test]
fn casts_of_rows_and_arrays_are_those_of_flink() {
    check(include_str!("functions/cast_nested.tsv"));
}
