//! Rows that came out against rows that should have.

use std::collections::BTreeMap;

use super::ExpectationKind;

/// What differs, a line a row: `- ` for what is missing, `+ ` for what should not be there; `None` if nothing does.
pub(super) fn difference(kind: ExpectationKind, expected: &[String], actual: &[String]) -> Option<String> {
    if kind == ExpectationKind::OrderedChangelog {
        let place = expected.iter().zip(actual).position(|(expected, actual)| expected != actual);
        let place =
            place.or_else(|| (expected.len() != actual.len()).then(|| expected.len().min(actual.len())))?;
        let row = |rows: &[String]| rows.get(place).cloned().unwrap_or_else(|| "(the end)".to_owned());
        return Some(format!("at row {}:\n- {}\n+ {}", place + 1, row(expected), row(actual)));
    }
    let mut counts = BTreeMap::<&str, i64>::new();
    expected.iter().for_each(|row| *counts.entry(row).or_default() -= 1);
    actual.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    let mut lines: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .flat_map(|(row, count)| {
            let sign = if count < 0 { '-' } else { '+' };
            std::iter::repeat_n(format!("{sign} {row}"), usize::try_from(count.unsigned_abs()).unwrap_or(1))
        })
        .collect();
    // What is missing comes first.
    lines.sort_by_key(|line| line.starts_with('+'));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What is left of changes, each by all of its values, sorted; rows that are taken back and were never there begin with
/// `!`.
pub(super) fn fold(changes: &[String]) -> Vec<String> {
    let mut counts = BTreeMap::<&str, i64>::new();
    for change in changes {
        let (kind, row) = change.split_at_checked(2).unwrap_or_default();
        *counts.entry(row).or_default() += if kind.starts_with('+') { 1 } else { -1 };
    }
    let lines = counts.into_iter().flat_map(|(row, count)| {
        let line = if count < 0 { format!("!{row}") } else { format!("+I{row}") };
        std::iter::repeat_n(line, usize::try_from(count.unsigned_abs()).unwrap_or(1))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::{ExpectationKind, difference, fold};

    fn rows(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn rows_are_compared_with_or_without_their_order() {
        let (expected, actual) = (rows("+I[1] +I[2] +I[2]"), rows("+I[2] +I[3] +I[1]"));
        assert_eq!(
            difference(ExpectationKind::Changelog, &expected, &actual),
            Some("- +I[2]\n+ +I[3]".to_owned())
        );
        let turned = rows("+I[2] +I[1] +I[2]");
        assert_eq!(difference(ExpectationKind::Changelog, &expected, &turned), None);
        assert_eq!(
            difference(ExpectationKind::OrderedChangelog, &expected, &turned),
            Some("at row 1:\n- +I[1]\n+ +I[2]".to_owned())
        );
        assert_eq!(
            difference(ExpectationKind::OrderedChangelog, &expected, &rows("+I[1] +I[2]")),
            Some("at row 3:\n- +I[2]\n+ (the end)".to_owned())
        );
    }

    #[test]
    fn changes_are_folded() {
        assert_eq!(fold(&rows("+I[1] -U[1] +U[2] +I[2] -D[2] -D[9]")), rows("+I[2] ![9]"));
    }
}
