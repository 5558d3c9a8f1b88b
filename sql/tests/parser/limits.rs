//! Texts that are large or deep: an answer in linear time, and no overflow of the stack.

use std::time::{Duration, Instant};

use millstream_sql::parser::{MAXIMUM_DEPTH, ParseErrorKind, parse_statement, parse_statements};

/// What is nested: the text before, a level's begin, the innermost, a level's end, the text behind.
const NESTED: &[[&str; 5]] = &[
    ["SELECT ", "(", "1", ")", ""],
    ["SELECT ", "- ", "1", "", ""],
    ["SELECT ", "NOT ", "a", "", ""],
    ["SELECT ", "", "a", " + a", ""],
    ["SELECT ", "", "a", " || (a + b)", ""],
    ["SELECT ", "", "a", " = a", ""],
    ["SELECT ", "", "a", " IS NULL", ""],
    ["SELECT ", "", "a", " BETWEEN b AND c", ""],
    ["SELECT ", "", "a", " IN (1)", ""],
    ["SELECT ", "", "a", "[1]", ""],
    ["SELECT ", "", "f(x)", ".a", ""],
    ["SELECT ", "a AND (b OR ", "c", ")", ""],
    ["SELECT ", "f(", "1", ")", ""],
    ["SELECT ", "f(x) OVER (ORDER BY ", "1", ")", ""],
    ["SELECT ", "FLOOR(", "1", " TO DAY)", ""],
    ["SELECT ", "TRIM(LEADING ", "a", " FROM b)", ""],
    ["SELECT ", "JSON_OBJECT(KEY ", "a", " VALUE b)", ""],
    ["SELECT ", "ARRAY[", "1", "]", ""],
    ["SELECT ", "MAP['a', ", "1", "]", ""],
    ["SELECT ", "ROW(", "1", ")", ""],
    ["SELECT ", "(1, ", "1", ")", ""],
    ["SELECT ", "CASE WHEN ", "a", " THEN 1 END", ""],
    ["SELECT ", "CAST(", "1", " AS INT)", ""],
    ["SELECT ", "INTERVAL (", "1", ") DAY", ""],
    ["SELECT ", "a = ANY (1, ", "1", ")", ""],
    ["SELECT ", "EXISTS (SELECT ", "1", ")", ""],
    ["SELECT CAST(a AS ", "ARRAY<", "INT", ">", ")"],
    ["SELECT CAST(a AS ", "ROW<a ", "INT", ">", ")"],
    ["SELECT CAST(a AS ", "", "INT", " ARRAY", ")"],
    ["", "(", "SELECT 1", ")", ""],
    ["", "", "SELECT 1", " UNION ALL SELECT 1", ""],
    ["", "SELECT 1 UNION (", "SELECT 1", ")", ""],
    ["", "WITH a AS (", "SELECT 1", ") SELECT 1", ""],
    ["", "SELECT * FROM (", "SELECT 1", ")", ""],
    ["SELECT * FROM ", "(", "t", ")", ""],
    ["SELECT * FROM ", "", "t", " JOIN t ON TRUE", ""],
    ["SELECT * FROM ", "t JOIN (", "t", ") ON TRUE", ""],
    ["SELECT * FROM t GROUP BY ", "GROUPING SETS (", "a", ")", ""],
    ["SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "(", "A", ")", ") DEFINE A AS TRUE)"],
    ["SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "(A | ", "A", ")", ") DEFINE A AS TRUE)"],
    ["SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "", "A", "+", ") DEFINE A AS TRUE)"],
    ["SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "{- ", "A", " -}", ") DEFINE A AS TRUE)"],
];

fn nested([before, begin, inner, end, behind]: &[&str; 5], levels: usize) -> String {
    format!("{before}{}{inner}{}{behind}", begin.repeat(levels), end.repeat(levels))
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    for case in NESTED {
        for levels in [2 * MAXIMUM_DEPTH, 1_000, 100_000] {
            let text = nested(case, levels);
            match parse_statement(&text) {
                Err(error) => assert_eq!(error.kind(), ParseErrorKind::TooDeep, "{case:?}: {error}"),
                // Parentheses that only group leave nothing in the tree, but are counted while they are open.
                Ok(_) => panic!("{levels} levels of {case:?} are accepted"),
            }
        }
    }
}

#[test]
fn what_people_write_is_not_too_deep() {
    for case in NESTED {
        let text = nested(case, MAXIMUM_DEPTH / 6);
        let statement = parse_statement(&text).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        assert_eq!(parse_statement(&statement.to_string()).as_ref(), Ok(&statement), "{case:?}");
    }
}

/// What is handled at the deepest that is accepted: printed, compared, copied, dropped; on the stack that Rust gives a
/// thread. It also passes without optimisation (`CARGO_PROFILE_DEV_OPT_LEVEL=0`).
#[test]
fn the_deepest_trees_fit_the_stack() {
    let handle = || {
        for case in NESTED {
            let accepted = |levels: &usize| parse_statement(&nested(case, *levels)).is_ok();
            let levels = (1..2 * MAXIMUM_DEPTH).rev().find(accepted).unwrap();
            let statement = parse_statement(&nested(case, levels)).unwrap();
            let copy = statement.clone();
            assert_eq!(statement, copy);
            assert!(!format!("{statement}").is_empty());
            assert!(!format!("{statement:?}").is_empty());
        }
    };
    #[allow(clippy::disallowed_methods, reason = "a stack of a size of its own")]
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(handle).unwrap();
    thread.join().unwrap();
}

/// In bytes.
const STACK: usize = 2 << 20;

#[test]
fn long_texts_take_linear_time() {
    let repeat = |part: &str| part.repeat(50_000);
    let texts = [
        format!("SELECT a FROM t WHERE a{}", repeat(" AND b = 1")),
        format!("SELECT a FROM t WHERE a{}", repeat(" OR b IN (1, 2)")),
        format!("SELECT 1{}", repeat(", a.b AS c")),
        format!("VALUES (1){}", repeat(", (1, 'x')")),
        format!("SELECT f(1{})", repeat(", x")),
        format!("SELECT a{} FROM t", repeat(".b")),
        format!("SELECT * FROM t{}", repeat(", u AS v (w)")),
        format!("CREATE TABLE t (a INT{})", repeat(", `b` ARRAY<INT> COMMENT 'x'")),
        format!("SELECT 1 {}", repeat("/* x */ -- y\n")),
        repeat("SELECT _a FROM t; "),
        repeat("_a "),
        repeat("'a' "),
        repeat("`a"),
        repeat("'"),
        repeat("U&"),
    ];
    #[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
    let start = Instant::now();
    for text in &texts {
        if let Ok(statements) = parse_statements(text) {
            drop(statements.iter().map(ToString::to_string).collect::<String>());
        }
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?} for {} texts", start.elapsed(), texts.len());
}
