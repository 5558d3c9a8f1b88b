//! The common subset of Flink SQL and `sqlparser`'s generic dialect: both parsers read the same text alike.
//!
//! Expressions: a random tree is printed twice, as this parser prints it and with parentheses around every operator. If
//! `sqlparser` makes one tree of both, it groups operators as this parser does. Queries: what `sqlparser` prints of a text that this
//! parser printed is that text. Left out is where the languages differ: BETWEEN, LIKE and IN bind more than comparisons in Calcite, and NOT EXISTS is one
//! operator in `sqlparser`.

use proptest::prelude::*;
use sqlparser::ast::{Expr, InTarget};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use millstream_sql::parser::ast::*;
use millstream_sql::parser::{SourceSpan, parse_expression, parse_statement};

fn of(kind: ExpressionKind) -> Expression {
    Expression { kind, span: SourceSpan::default() }
}

fn parsed(text: &str) -> Expression {
    parse_expression(text).unwrap()
}

fn leaf() -> impl Strategy<Value = Expression> {
    let leaves = [
        "a",
        "b.c",
        "`a b`",
        "`value`",
        "1",
        "1.5",
        "'x'",
        "'it''s'",
        "TRUE",
        "FALSE",
        "NULL",
        "f(a, 1)",
        "COUNT(*)",
        "count(DISTINCT a)",
        "CAST(a AS INT)",
        "CAST(a AS VARCHAR(10))",
        "SUM(a) OVER (PARTITION BY b ORDER BY c DESC)",
        "CASE WHEN a THEN b ELSE c END",
        "(SELECT MAX(a) FROM t)",
        "INTERVAL '1' DAY",
        "EXTRACT(YEAR FROM a)",
        "CURRENT_TIMESTAMP",
        "SUM(a) FILTER (WHERE b)",
        "TRIM(LEADING 'x' FROM a)",
    ];
    prop::sample::select(leaves.to_vec()).prop_map(parsed)
}

fn arithmetic() -> impl Strategy<Value = Expression> {
    use BinaryOperator::*;
    leaf().prop_recursive(4, 24, 2, |inner| {
        let operator = prop::sample::select(vec![Plus, Minus, Multiply, Divide, Remainder, Concatenate]);
        prop_oneof![
            3 => binary(inner.clone(), operator, inner.clone()),
            1 => inner.prop_map(|operand| {
                of(ExpressionKind::Unary { operator: UnaryOperator::Minus, operand: Box::new(operand) })
            }),
        ]
    })
}

fn binary(
    left: impl Strategy<Value = Expression>,
    operator: impl Strategy<Value = BinaryOperator>,
    right: impl Strategy<Value = Expression>,
) -> impl Strategy<Value = Expression> {
    (left, operator, right).prop_map(|(left, operator, right)| {
        of(ExpressionKind::Binary { left: Box::new(left), operator, right: Box::new(right) })
    })
}

fn comparison() -> impl Strategy<Value = Expression> {
    use BinaryOperator::*;
    let operators = vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, IsDistinctFrom];
    binary(arithmetic(), prop::sample::select(operators), arithmetic())
}

fn predicate() -> impl Strategy<Value = Expression> {
    let values = (arithmetic(), any::<bool>(), arithmetic(), arithmetic());
    let negatable = (0..3u8, values).prop_map(|(kind, (value, negated, first, second))| {
        let (value, first, second) = (Box::new(value), Box::new(first), Box::new(second));
        of(match kind {
            0 => ExpressionKind::Between { value, negated, symmetric: false, low: first, high: second },
            1 => ExpressionKind::In { value, negated, operands: Operands::List(vec![*first, *second]) },
            _ => ExpressionKind::Like {
                value,
                negated,
                operator: LikeOperator::Like,
                pattern: first,
                escape: None,
            },
        })
    });
    prop_oneof![comparison(), negatable]
}

fn condition() -> impl Strategy<Value = Expression> {
    let tests = prop::sample::select(vec![IsTest::Null, IsTest::True, IsTest::False, IsTest::Unknown]);
    let is = (prop_oneof![arithmetic(), comparison()], any::<bool>(), tests)
        .prop_map(|(value, negated, test)| of(ExpressionKind::Is { value: Box::new(value), negated, test }));
    prop_oneof![2 => predicate(), 1 => is].prop_recursive(4, 24, 3, |inner| {
        let operator = prop::sample::select(vec![LogicalOperator::And, LogicalOperator::Or]);
        prop_oneof![
            3 => (operator, prop::collection::vec(inner.clone(), 2..4))
                .prop_map(|(operator, operands)| of(ExpressionKind::Logical { operator, operands })),
            1 => inner.prop_map(|operand| {
                of(ExpressionKind::Unary { operator: UnaryOperator::Not, operand: Box::new(operand) })
            }),
        ]
    })
}

/// With parentheses around every operator.
fn grouped(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Binary { left, operator, right } => {
            format!("({} {operator} {})", grouped(left), grouped(right))
        }
        ExpressionKind::Unary { operator, operand } => format!("({operator} {})", grouped(operand)),
        // The other parser knows operators of two operands only.
        ExpressionKind::Logical { operator, operands } => {
            let mut operands = operands.iter().map(grouped);
            let first = operands.next().unwrap();
            operands.fold(first, |left, right| format!("({left} {operator} {right})"))
        }
        ExpressionKind::Is { value, negated, test } => {
            format!("({} IS {}{test})", grouped(value), if *negated { "NOT " } else { "" })
        }
        ExpressionKind::Between { value, negated, low, high, .. } => {
            let not = if *negated { "NOT " } else { "" };
            format!("({} {not}BETWEEN {} AND {})", grouped(value), grouped(low), grouped(high))
        }
        ExpressionKind::Like { value, negated, pattern, .. } => {
            format!("({} {}LIKE {})", grouped(value), if *negated { "NOT " } else { "" }, grouped(pattern))
        }
        ExpressionKind::In { value, negated, operands: Operands::List(values) } => {
            let values: Vec<_> = values.iter().map(grouped).collect();
            format!("({} {}IN ({}))", grouped(value), if *negated { "NOT " } else { "" }, values.join(", "))
        }
        _ => expression.to_string(),
    }
}

fn other(text: &str) -> Expr {
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).unwrap();
    parser.parse_expr().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The other parser's tree without the parentheses that it keeps.
fn without_parentheses(expression: Expr) -> Expr {
    let boxed = |inner: Box<Expr>| Box::new(without_parentheses(*inner));
    match expression {
        Expr::Nested(inner) => without_parentheses(*inner),
        Expr::BinaryOp { left, op, right } => Expr::BinaryOp { left: boxed(left), op, right: boxed(right) },
        Expr::UnaryOp { op, expr } => Expr::UnaryOp { op, expr: boxed(expr) },
        Expr::IsNull(inner) => Expr::IsNull(boxed(inner)),
        Expr::IsNotNull(inner) => Expr::IsNotNull(boxed(inner)),
        Expr::IsTrue(inner) => Expr::IsTrue(boxed(inner)),
        Expr::IsNotTrue(inner) => Expr::IsNotTrue(boxed(inner)),
        Expr::IsFalse(inner) => Expr::IsFalse(boxed(inner)),
        Expr::IsNotFalse(inner) => Expr::IsNotFalse(boxed(inner)),
        Expr::IsUnknown(inner) => Expr::IsUnknown(boxed(inner)),
        Expr::IsNotUnknown(inner) => Expr::IsNotUnknown(boxed(inner)),
        Expr::IsDistinctFrom(left, right) => Expr::IsDistinctFrom(boxed(left), boxed(right)),
        Expr::Between { expr, negated, low, high } => {
            Expr::Between { expr: boxed(expr), negated, low: boxed(low), high: boxed(high) }
        }
        Expr::In { expr, target: InTarget::List(list), negated, global } => {
            let list = list.into_iter().map(without_parentheses).collect();
            Expr::In { expr: boxed(expr), target: InTarget::List(list), negated, global }
        }
        Expr::Like { negated, any, expr, pattern, escape_char } => {
            Expr::Like { negated, any, expr: boxed(expr), pattern: boxed(pattern), escape_char }
        }
        other => other,
    }
}

/// A query of clauses that both languages have, around these conditions.
fn query() -> impl Strategy<Value = String> {
    let from = prop::sample::select(vec![
        "t",
        "db.t AS x",
        "t, u AS v",
        "t JOIN u ON t.a = u.a",
        "t LEFT JOIN u ON t.a = u.a CROSS JOIN v",
        "t FULL JOIN u USING (a, b) RIGHT JOIN v ON TRUE",
        "t JOIN (u JOIN v ON u.a = v.a) ON t.a = u.a",
        "t NATURAL JOIN u",
        "(SELECT a FROM t) AS x (b)",
        "(VALUES (1, 'x'), (2, 'y')) AS v (a, b)",
        "t, LATERAL (SELECT 1) AS x",
    ]);
    let quantifier = prop::sample::select(vec!["", "DISTINCT "]);
    let order =
        prop::sample::select(vec!["", " ORDER BY a, b DESC NULLS LAST", " ORDER BY a ASC LIMIT 10 OFFSET 5"]);
    let group = prop::sample::select(vec!["", " GROUP BY a, b.c", " GROUP BY GROUPING SETS ((a, b), ())"]);
    let with = prop::sample::select(vec!["", "WITH x AS (SELECT 1), y (a, b) AS (SELECT 1, 2) "]);
    let more = prop::sample::select(vec!["", " UNION ALL SELECT 1", " EXCEPT SELECT 1 INTERSECT SELECT 2"]);
    let conditions = (condition(), arithmetic(), prop::option::of(condition()));
    (with, quantifier, from, group, more, order, conditions).prop_map(
        |(with, quantifier, from, group, more, order, (filter, value, having))| {
            let having = having.filter(|_| !group.is_empty()).map_or(String::new(), |having| format!(" HAVING {having}"));
            format!(
                "{with}SELECT {quantifier}a, t.*, {value} AS c FROM {from} WHERE {filter}{group}{having}{more}{order}"
            )
        },
    )
}

proptest! {
    #[test]
    fn operators_are_grouped_alike(expression in condition()) {
        let ours = expression.to_string();
        prop_assert!(parse_expression(&ours).as_ref() == Ok(&expression), "{ours}");
        let (short, long) = (without_parentheses(other(&ours)), without_parentheses(other(&grouped(&expression))));
        prop_assert!(short == long, "{ours}\n{short}\n{long}");
    }

    #[test]
    fn queries_are_printed_alike(text in query()) {
        let ours = parse_statement(&text).unwrap_or_else(|error| panic!("{}", error.render(&text)));
        let printed = ours.to_string();
        let theirs = Parser::parse_sql(&GenericDialect {}, &printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        // It prints TRUE in small letters, and no blank here.
        let theirs = theirs[0].to_string().replace("USING(", "USING (");
        prop_assert!(theirs.eq_ignore_ascii_case(&printed), "{printed}\n{theirs}");
        prop_assert!(parse_statement(&theirs) == Ok(ours), "{theirs}");
    }
}
