//! The place of a node is the text that it was parsed from.

use millstream_sql::parser::ast::*;
use millstream_sql::parser::{SourceSpan, parse_statement};

fn query(statement: &Statement) -> &Query {
    match &statement.kind {
        StatementKind::Query(query) => query,
        other => panic!("{other:?}"),
    }
}

fn select(body: &QueryBody) -> &Select {
    match body {
        QueryBody::Select(select) => select,
        other => panic!("{other:?}"),
    }
}

fn value(item: &SelectItem) -> &Expression {
    match &item.kind {
        SelectItemKind::Expression { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_query() {
    let text = "WITH w (a) AS (SELECT 1) SELECT /*+ H('k' = 'v') */ (a + 1) * -b.c AS x, f(d => 2) OVER (ORDER BY e ROWS 1 \
                PRECEDING), CASE WHEN p THEN q END FROM t AS u (v) LEFT JOIN (SELECT 2) ON u.i = j GROUP BY ROLLUP (k), m \
                UNION ALL SELECT 3 ORDER BY n DESC LIMIT 4";
    let statement = parse_statement(&format!("{text};")).unwrap();
    let at = |span: SourceSpan| &text[span.range()];
    let query = query(&statement);
    assert_eq!((at(statement.span), at(query.span)), (text, text));
    let with = query.with.as_ref().unwrap();
    assert_eq!((at(with.span), at(with.tables[0].span)), ("WITH w (a) AS (SELECT 1)", "w (a) AS (SELECT 1)"));
    assert_eq!(at(query.order_by[0].span), "n DESC");
    let QueryBody::SetOperation { left, right, span, .. } = &query.body else { panic!() };
    assert!(at(*span).starts_with("SELECT /*+") && at(*span).ends_with("UNION ALL SELECT 3"));
    assert_eq!(at(select(right).span), "SELECT 3");

    let select = select(left);
    assert!(at(select.span).starts_with("SELECT /*+") && at(select.span).ends_with("ROLLUP (k), m"));
    assert_eq!(at(select.hints[0].span), "H('k' = 'v')");
    assert_eq!(at(select.items[0].span), "(a + 1) * -b.c AS x");
    let product = value(&select.items[0]);
    assert_eq!(at(product.span), "(a + 1) * -b.c");
    let ExpressionKind::Binary { left, right, .. } = &product.kind else { panic!() };
    assert_eq!((at(left.span), at(right.span)), ("a + 1", "-b.c"));
    let ExpressionKind::Function(call) = &value(&select.items[1]).kind else { panic!() };
    assert_eq!(at(call.span), "f(d => 2) OVER (ORDER BY e ROWS 1 PRECEDING)");
    let Arguments::List { arguments, .. } = &call.arguments else { panic!() };
    assert_eq!((at(call.name.span), at(arguments[0].span)), ("f", "d => 2"));
    let Some(Over::Window(window)) = &call.over else { panic!() };
    assert_eq!(at(window.span), "(ORDER BY e ROWS 1 PRECEDING)");
    assert_eq!(at(window.frame.as_ref().unwrap().span), "ROWS 1 PRECEDING");
    let ExpressionKind::Case { branches, .. } = &value(&select.items[2]).kind else { panic!() };
    assert_eq!(at(branches[0].span), "WHEN p THEN q");

    let TableReference::Join(join) = &select.from[0] else { panic!() };
    assert_eq!(at(join.span), "t AS u (v) LEFT JOIN (SELECT 2) ON u.i = j");
    let (TableReference::Factor(left), TableReference::Factor(right)) = (&join.left, &join.right) else {
        panic!()
    };
    assert_eq!((at(left.span), at(right.span)), ("t AS u (v)", "(SELECT 2)"));
    assert_eq!(at(left.alias.as_ref().unwrap().span), "u (v)");
    let Some(GroupBy::Elements { elements, .. }) = &select.group_by else { panic!() };
    assert_eq!((at(elements[0].span), at(elements[1].span)), ("ROLLUP (k)", "m"));
}

#[test]
fn of_a_pattern() {
    let text = "SELECT * FROM t MATCH_RECOGNIZE (MEASURES A.x AS y PATTERN (A (B | C)+?) SUBSET S = (A, B) DEFINE A AS A.x > 1)";
    let statement = parse_statement(text).unwrap();
    let at = |span: SourceSpan| &text[span.range()];
    let TableReference::Factor(factor) = &select(&query(&statement).body).from[0] else { panic!() };
    let clause = factor.match_recognize.as_ref().unwrap();
    assert!(at(clause.span).starts_with("MATCH_RECOGNIZE (") && at(clause.span).ends_with("> 1)"));
    assert_eq!(at(clause.pattern.span), "A (B | C)+?");
    let PatternKind::Sequence(parts) = &clause.pattern.kind else { panic!() };
    assert_eq!((at(parts[0].span), at(parts[1].span)), ("A", "(B | C)+?"));
    assert_eq!((at(clause.measures[0].span), at(clause.define[0].span)), ("A.x AS y", "A AS A.x > 1"));
    assert_eq!(at(clause.subsets[0].span), "S = (A, B)");
}

#[test]
fn of_a_table() {
    let text = "CREATE TABLE größe.t (`ä` ROW<f ARRAY<INT> 'c'> NOT NULL COMMENT 'x', PRIMARY KEY (a), WATERMARK FOR b AS b - c) \
                DISTRIBUTED BY (a) INTO 2 BUCKETS WITH ('k' = 'v') LIKE s (INCLUDING ALL)";
    let statement = parse_statement(text).unwrap();
    let at = |span: SourceSpan| &text[span.range()];
    let StatementKind::CreateTable(table) = &statement.kind else { panic!() };
    assert_eq!(at(table.name.span), "größe.t");
    let TableElement::Column(column) = &table.elements[0] else { panic!() };
    assert_eq!(at(column.span), "`ä` ROW<f ARRAY<INT> 'c'> NOT NULL COMMENT 'x'");
    let ColumnKind::Physical { data_type, .. } = &column.kind else { panic!() };
    assert_eq!((at(column.name.span), at(data_type.span)), ("`ä`", "ROW<f ARRAY<INT> 'c'> NOT NULL"));
    let DataTypeKind::Row(fields) = &data_type.kind else { panic!() };
    assert_eq!((at(fields[0].span), at(fields[0].data_type.span)), ("f ARRAY<INT> 'c'", "ARRAY<INT>"));
    let (TableElement::Constraint(constraint), TableElement::Watermark(watermark)) =
        (&table.elements[1], &table.elements[2])
    else {
        panic!()
    };
    assert_eq!((at(constraint.span), at(watermark.span)), ("PRIMARY KEY (a)", "WATERMARK FOR b AS b - c"));
    assert_eq!(at(table.distribution.as_ref().unwrap().span), "BY (a) INTO 2 BUCKETS");
    assert_eq!(at(table.options[0].span), "'k' = 'v'");
    let like = table.like.as_ref().unwrap();
    assert_eq!((at(like.span), at(like.options[0].span)), ("s (INCLUDING ALL)", "INCLUDING ALL"));
}

#[test]
fn of_statements_in_a_statement() {
    let text = "EXPLAIN EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END";
    let statement = parse_statement(text).unwrap();
    let at = |span: SourceSpan| &text[span.range()];
    let StatementKind::Explain(explain) = &statement.kind else { panic!() };
    let StatementKind::Execute(set) = &explain.statement.kind else { panic!() };
    let StatementKind::StatementSet(inserts) = &set.kind else { panic!() };
    assert_eq!(at(inserts[1].span), "INSERT INTO b SELECT 2");
    assert!(
        at(explain.statement.span).starts_with("EXECUTE") && at(set.span).starts_with("STATEMENT SET BEGIN")
    );
}
