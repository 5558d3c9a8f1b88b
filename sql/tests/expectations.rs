//! Values as text against tables that Java and Flink made: the `.tsv` files here, by the `.java` programs beside them.
//!
//! A line is an operation, its arguments and the result; `!` stands for an error.

mod calendar;
mod intervals;
mod literals;
mod numbers;
mod patterns;
mod simple_patterns;
mod timestamps;
mod zones;

/// Compares every line of a table with what `answer` says to its operation and arguments. All differences are shown.
fn check(table: &str, answer: impl Fn(&str, &str) -> Option<String>) {
    let mut differences = Vec::new();
    let mut lines = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (operation, rest) = line.split_once('\t').expect("an operation");
        let (arguments, expected) = rest.rsplit_once('\t').expect("arguments and a result");
        let actual = answer(operation, arguments).unwrap_or_else(|| "!".to_owned());
        if actual != expected {
            differences.push(format!("{operation} [{arguments}]: {actual}, not {expected}"));
        }
        lines += 1;
    }
    assert!(lines > 50, "a table of {lines} lines");
    assert!(differences.is_empty(), "{} of {lines}:\n{}", differences.len(), differences.join("\n"));
}

/// What a function writes.
fn written(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}
