//! Which plans remember rows that are deleted by their key: as Flink's tests of the optimization of ChangelogNormalize have
//! it.

use crate::{TableEnvironment, TableResult};

const PARTIAL: &str = "'changelog-mode' = 'UA,D', 'source.produces-delete-by-key' = 'true'";
const FULL: &str = "'changelog-mode' = 'UA,D', 'source.produces-delete-by-key' = 'false'";
const UPSERT: &str = "'sink-changelog-mode-enforced' = 'I,UA,D', 'sink.supports-delete-by-key' = 'true'";
const UPSERT_FULL: &str = "'sink-changelog-mode-enforced' = 'I,UA,D'";
const RETRACT: &str = "'sink-changelog-mode-enforced' = 'I,UA,UB,D'";
const SELECT: &str = "SELECT * FROM l";
const JOIN: &str = "SELECT l.* FROM l JOIN r ON l.id = r.id";

/// The operators of an INSERT from the sink on, each with the changes that it gives.
fn plan(left: &str, right: &str, sink: &str, query: &str) -> Vec<String> {
    let mut tables = TableEnvironment::new();
    for (name, options) in [("l", left), ("r", right), ("sink", sink)] {
        let table = format!(
            "CREATE TABLE {name} (id INT, a INT, b STRING, PRIMARY KEY (id) NOT ENFORCED) \
            WITH ('connector' = 'values', {options})"
        );
        tables.execute_sql(&table).unwrap();
    }
    let explained = tables.execute_sql(&format!("EXPLAIN CHANGELOG_MODE INSERT INTO sink {query}"));
    let Ok(TableResult::Text(text)) = explained else { panic!("{explained:?}") };
    let (_, text) = text.split_once("== Optimized Physical Plan ==\n").unwrap();
    let (text, _) = text.split_once("\n\n").unwrap();
    let lines = text.lines().map(|line| {
        let line = line.trim_start_matches([' ', '+', '-', ':']);
        let (name, _) = line.split_once('(').unwrap();
        let (_, mode) = line.rsplit_once("changelogMode=[").unwrap();
        format!("{name} {}", mode.trim_end_matches("])"))
    });
    lines.filter(|line| !line.starts_with("Calc")).collect()
}

#[test]
fn a_sink_that_deletes_by_key_needs_no_more_than_the_key() {
    assert_eq!(plan(PARTIAL, FULL, UPSERT, SELECT), ["Sink NONE", "TableSourceScan UA,PD"]);
    assert_eq!(plan(FULL, FULL, UPSERT, SELECT), ["Sink NONE", "TableSourceScan UA,D"]);
    assert_eq!(
        plan(PARTIAL, FULL, UPSERT, &format!("{SELECT} WHERE id > 2")),
        ["Sink NONE", "TableSourceScan UA,PD"]
    );
}

#[test]
fn rows_are_remembered_where_more_is_asked_for() {
    let normalized = |out: &str| {
        let normalize = format!("ChangelogNormalize {out}");
        vec![
            "Sink NONE".to_owned(),
            normalize,
            "Exchange UA,PD".to_owned(),
            "TableSourceScan UA,PD".to_owned(),
        ]
    };
    assert_eq!(plan(PARTIAL, FULL, UPSERT_FULL, SELECT), normalized("I,UA,D"));
    assert_eq!(plan(PARTIAL, FULL, RETRACT, SELECT), normalized("I,UB,UA,D"));
    // Of a row that is deleted by its key, the condition would see NULL.
    let filtered = plan(PARTIAL, FULL, UPSERT, &format!("{SELECT} WHERE a > 2"));
    assert!(filtered.contains(&"ChangelogNormalize I,UB,UA,D".to_owned()), "{filtered:?}");
}

#[test]
fn a_join_by_the_keys_of_its_inputs_deletes_by_key() {
    let joined = |left: &str, right: &str| {
        let both = if [left, right].contains(&PARTIAL) { "I,UA,PD" } else { "I,UA,D" };
        let scan = |options: &str| if options == PARTIAL { "UA,PD" } else { "UA,D" };
        let mut expected = vec!["Sink NONE".to_owned(), format!("Join {both}")];
        for options in [left, right] {
            expected.push(format!("Exchange {}", scan(options)));
            expected.push(format!("TableSourceScan {}", scan(options)));
        }
        expected
    };
    for (left, right) in [(FULL, FULL), (PARTIAL, PARTIAL), (FULL, PARTIAL), (PARTIAL, FULL)] {
        let plan = plan(left, right, UPSERT, JOIN);
        assert_eq!(
            plan.iter().map(|line| line.replace("Join UA", "Join I,UA")).collect::<Vec<_>>(),
            joined(left, right)
        );
    }
    for sink in [UPSERT_FULL, RETRACT] {
        let plan = plan(PARTIAL, PARTIAL, sink, JOIN);
        assert_eq!(plan.iter().filter(|line| line.starts_with("ChangelogNormalize")).count(), 2, "{plan:?}");
    }
    // What else the condition says may be about columns that a deletion does not have.
    let residual = plan(PARTIAL, PARTIAL, UPSERT, &format!("{JOIN} AND l.a < r.a"));
    assert!(residual.iter().any(|line| line.starts_with("ChangelogNormalize")), "{residual:?}");
}
