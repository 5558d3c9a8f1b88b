//! Queries and what stands in FROM.

use millstream_sql::parser::ast::*;

use super::expression::{expression, function_call, interval, window};
use super::{Choices, identifier, literal, number, object_name, span, text, whole};

pub fn query(c: &mut Choices<'_>) -> Query {
    let with = c.option(|c| With {
        span: span(),
        recursive: c.flag(),
        tables: c.list(1, |c| CommonTableExpression {
            span: span(),
            name: identifier(c),
            columns: c.some(identifier),
            query: Box::new(query(c)),
        }),
    });
    let body = c.deeper(6, |c, choice| match choice {
        0..=3 => operand(c, choice),
        4 => set_operation(c),
        _ => QueryBody::Query(Box::new(query(c))),
    });
    let order_by = order_items(c);
    let mut limit = c.option(|c| if c.flag() { Limit::All } else { Limit::Count(number(c)) });
    let offset = c.option(number);
    // A query in parentheses and nothing else is that query, wherever only parentheses tell that it is one.
    if matches!(body, QueryBody::Query(_)) && with.is_none() && order_by.is_empty() && offset.is_none() {
        limit = limit.or(Some(Limit::All));
    }
    Query { with, body, order_by, limit, offset, span: span() }
}

fn operand(c: &mut Choices<'_>, choice: usize) -> QueryBody {
    match choice {
        0 => QueryBody::Table(object_name(c)),
        1 => QueryBody::Values(c.list(1, expression)),
        _ => QueryBody::Select(Box::new(select(c))),
    }
}

/// Operations are read from the left, and INTERSECT before the others.
fn set_operation(c: &mut Choices<'_>) -> QueryBody {
    let operator = c.pick(&[SetOperator::Union, SetOperator::Intersect, SetOperator::Except]);
    let intersect = operator == SetOperator::Intersect;
    let fits = |body: &QueryBody, left: bool| match body {
        QueryBody::SetOperation { operator: inner, .. } if *inner == SetOperator::Intersect => {
            left || !intersect
        }
        QueryBody::SetOperation { .. } => left && !intersect,
        _ => true,
    };
    let mut side = |left: bool| {
        let body = c.deeper(5, |c, choice| match choice {
            0..=2 => operand(c, choice),
            3 => set_operation(c),
            _ => QueryBody::Query(Box::new(query(c))),
        });
        let whole =
            |body| Query { with: None, body, order_by: vec![], limit: None, offset: None, span: span() };
        if fits(&body, left) { body } else { QueryBody::Query(Box::new(whole(body))) }
    };
    let (left, right) = (Box::new(side(true)), Box::new(side(false)));
    QueryBody::SetOperation { left, operator, all: c.flag(), right, span: span() }
}

fn select(c: &mut Choices<'_>) -> Select {
    Select {
        hints: c.some(hint),
        quantifier: quantifier(c),
        items: c.list(1, select_item),
        from: c.some(table_reference),
        selection: c.option(expression),
        group_by: c.option(group_by),
        having: c.option(expression),
        windows: c.some(|c| NamedWindow { name: identifier(c), window: window(c), span: span() }),
        qualify: c.option(expression),
        span: span(),
    }
}

fn quantifier(c: &mut Choices<'_>) -> Option<SetQuantifier> {
    c.option(|c| c.pick(&[SetQuantifier::Distinct, SetQuantifier::All]))
}

fn select_item(c: &mut Choices<'_>) -> SelectItem {
    let kind = match c.below(4) {
        0 => SelectItemKind::Star,
        1 => SelectItemKind::QualifiedStar(object_name(c)),
        _ => SelectItemKind::Expression { value: expression(c), alias: c.option(identifier) },
    };
    SelectItem { kind, span: span() }
}

fn group_by(c: &mut Choices<'_>) -> GroupBy {
    if c.flag() {
        return GroupBy::All;
    }
    GroupBy::Elements { quantifier: quantifier(c), elements: c.list(1, grouping_element) }
}

fn grouping_element(c: &mut Choices<'_>) -> GroupingElement {
    let kind = c.deeper(6, |c, choice| match choice {
        0 | 1 => match expression(c) {
            // Rows are sets of expressions here.
            Expression { kind: ExpressionKind::Row(values), .. } if values.len() != 1 => {
                GroupingElementKind::Set(values)
            }
            expression => GroupingElementKind::Expression(expression),
        },
        2 => GroupingElementKind::Set(c.list(2, expression)),
        3 => GroupingElementKind::Rollup(c.list(1, expression)),
        4 => GroupingElementKind::Cube(c.list(1, expression)),
        _ => GroupingElementKind::GroupingSets(c.list(1, grouping_element)),
    });
    GroupingElement { kind, span: span() }
}

pub fn order_items(c: &mut Choices<'_>) -> Vec<OrderItem> {
    c.some(|c| OrderItem {
        span: span(),
        value: expression(c),
        descending: c.option(Choices::flag),
        nulls_first: c.option(Choices::flag),
    })
}

pub fn hint(c: &mut Choices<'_>) -> Hint {
    let arguments = if c.flag() {
        HintArguments::Options(c.list(1, |c| (text(c), text(c))))
    } else {
        HintArguments::Values(c.list(0, |c| match c.below(2) {
            0 => HintValue::Name(object_name(c)),
            _ => HintValue::Literal(literal(c)),
        }))
    };
    Hint { name: identifier(c), arguments, span: span() }
}

fn table_reference(c: &mut Choices<'_>) -> TableReference {
    c.deeper(5, |c, choice| {
        if choice < 4 {
            return TableReference::Factor(Box::new(table_factor(c)));
        }
        let kinds = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Cross];
        let kind = c.pick(&kinds);
        let natural = kind != JoinKind::Cross && c.flag();
        let condition = if natural || kind == JoinKind::Cross {
            None
        } else {
            c.option(|c| match c.flag() {
                true => JoinCondition::On(expression(c)),
                false => JoinCondition::Using(c.list(1, identifier)),
            })
        };
        let (left, right) = (table_reference(c), table_reference(c));
        TableReference::Join(Box::new(Join { left, kind, natural, right, condition, span: span() }))
    })
}

fn table_factor(c: &mut Choices<'_>) -> TableFactor {
    let relation = match c.below(4) {
        0 => Relation::Table { name: object_name(c), hints: c.some(hint) },
        1 => Relation::Query { lateral: c.flag(), query: Box::new(query(c)) },
        2 => Relation::Function { lateral: c.flag(), call: Box::new(function_call(c)) },
        _ => Relation::Unnest { values: c.list(1, expression), ordinality: c.flag() },
    };
    TableFactor {
        relation,
        system_time: c.option(expression),
        match_recognize: c.option(match_recognize),
        alias: c.option(|c| TableAlias { name: identifier(c), columns: c.some(identifier), span: span() }),
        sample: c.option(|c| TableSample {
            span: span(),
            method: c.pick(&[SampleMethod::Bernoulli, SampleMethod::System]),
            percentage: number(c),
            seed: c.option(number),
        }),
        span: span(),
    }
}

fn match_recognize(c: &mut Choices<'_>) -> MatchRecognize {
    let named =
        |c: &mut Choices<'_>| NamedExpression { name: identifier(c), value: expression(c), span: span() };
    MatchRecognize {
        partition_by: c.some(expression),
        order_by: order_items(c),
        measures: c.some(named),
        rows_per_match: c.option(|c| c.pick(&[RowsPerMatch::One, RowsPerMatch::All])),
        skip: c.option(|c| match c.below(4) {
            0 => SkipTo::NextRow,
            1 => SkipTo::PastLastRow,
            2 => SkipTo::First(identifier(c)),
            _ => SkipTo::Last(identifier(c)),
        }),
        pattern: pattern(c),
        anchored_start: c.flag(),
        anchored_end: c.flag(),
        within: c.option(interval),
        subsets: c.some(|c| Subset { name: identifier(c), variables: c.list(1, identifier), span: span() }),
        define: c.list(1, named),
        span: span(),
    }
}

fn pattern(c: &mut Choices<'_>) -> Pattern {
    let kind = c.deeper(8, |c, choice| match choice {
        0 | 1 => PatternKind::Variable(identifier(c)),
        2 | 3 => PatternKind::Sequence(c.list(2, pattern)),
        4 => PatternKind::Alternatives(c.list(2, pattern)),
        5 => PatternKind::Permute(c.list(1, pattern)),
        6 => PatternKind::Excluded(Box::new(pattern(c))),
        _ => {
            let (from, to) = (whole(c), whole(c));
            let quantifier = c.pick(&[
                PatternQuantifier::OneOrMore,
                PatternQuantifier::ZeroOrMore,
                PatternQuantifier::Optional,
                PatternQuantifier::Exactly(from),
                PatternQuantifier::AtLeast(from),
                PatternQuantifier::AtMost(to),
                PatternQuantifier::Between(from, to),
            ]);
            PatternKind::Quantified { pattern: Box::new(pattern(c)), quantifier, reluctant: c.flag() }
        }
    });
    Pattern { kind, span: span() }
}
