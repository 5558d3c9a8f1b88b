//! Text of Flink SQL: an answer for any text, and what is printed of a tree gives the tree again.

use millstream_sql::parser::{
    ParseError, parse_expression, parse_statement, parse_statements, split_statements,
};

pub fn run(bytes: &[u8]) {
    answer(&String::from_utf8_lossy(bytes));
}

/// Statements of most kinds.
pub fn valid() -> Vec<Vec<u8>> {
    let scripts = [
        include_str!("../../sql/tests/parser/nexmark/tables.sql"),
        include_str!("../../sql/tests/parser/nexmark/q5.sql"),
        include_str!("../../sql/tests/parser/nexmark/q16.sql"),
        "SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN (A B*? {- C -}) WITHIN INTERVAL '1' DAY DEFINE A AS A.x > 1)",
        "SELECT /*+ STATE_TTL('o' = '1d') */ o.*, JSON_VALUE(a, '$.b' RETURNING INT NULL ON EMPTY) FROM o, \
         LATERAL TABLE(f(a)) JOIN r FOR SYSTEM_TIME AS OF o.ts ON o.c = r.c",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT OVERWRITE b PARTITION (p = 'x') VALUES (1, 'y'); END;",
        "ALTER TABLE t ADD (a ROW<b INT, c MAP<STRING, ARRAY<INT>>> COMMENT 'x' FIRST, WATERMARK FOR ts AS ts)",
        "SET 'a' = 'b'; SHOW TABLES FROM db LIKE '%x'; DROP VIEW IF EXISTS `v`; DESCRIBE EXTENDED t;",
    ];
    scripts.iter().map(|script| script.as_bytes().to_vec()).collect()
}

/// Parses a text in all ways, and checks what comes out.
pub fn answer(text: &str) {
    match parse_statements(text) {
        Ok(statements) => {
            for statement in statements {
                let (start, end) = (statement.span.start, statement.span.end);
                assert!(start < end && end <= text.len(), "{start}..{end} of {text}");
                let printed = statement.to_string();
                assert_eq!(parse_statement(&printed).as_ref(), Ok(&statement), "{text}\n{printed}");
            }
        }
        Err(error) => assert_inside(&error, text),
    }
    if let Err(error) = parse_expression(text) {
        assert_inside(&error, text);
    }
    let mut end = 0;
    for statement in split_statements(text) {
        assert!(end <= statement.span.start && statement.span.end <= text.len());
        assert_eq!(text.get(statement.span.range()), Some(statement.text));
        end = statement.span.end;
    }
}

fn assert_inside(error: &ParseError, text: &str) {
    let span = error.span();
    assert!(span.start <= span.end && span.end <= text.len(), "{error} in {text}");
    assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{error} in {text}");
    let position = error.position();
    let line = text.split('\n').nth(position.line - 1).expect("the line is there");
    assert!(position.column <= line.chars().count() + 1, "{error} in {text}");
    assert!(error.render(text).contains('^'));
}
