//! Expressions and calls.

use millstream_sql::parser::ast::*;

use super::query::{order_items, query};
use super::{
    Choices, data_type, identifier, interval_qualifier, literal, object_name, plain_data_type, span,
    time_unit,
};

fn boxed(c: &mut Choices<'_>) -> Box<Expression> {
    Box::new(expression(c))
}

fn of(kind: ExpressionKind) -> Expression {
    Expression { kind, span: span() }
}

pub fn expression(c: &mut Choices<'_>) -> Expression {
    of(c.deeper(30, |c, choice| match choice {
        0 => ExpressionKind::Column(object_name(c)),
        1 => ExpressionKind::Literal(literal(c)),
        2 => interval(c).kind,
        3 => ExpressionKind::Field { value: boxed(c), field: identifier(c) },
        4 => ExpressionKind::Item { value: boxed(c), index: boxed(c) },
        5 => {
            let operator = c.pick(&[UnaryOperator::Minus, UnaryOperator::Plus, UnaryOperator::Not]);
            ExpressionKind::Unary { operator, operand: boxed(c) }
        }
        6..=9 => ExpressionKind::Binary { left: boxed(c), operator: binary_operator(c), right: boxed(c) },
        10 | 11 => {
            let operator = c.pick(&[LogicalOperator::And, LogicalOperator::Or]);
            ExpressionKind::Logical { operator, operands: c.list(2, expression) }
        }
        12 => ExpressionKind::Is { value: boxed(c), negated: c.flag(), test: is_test(c) },
        13 => ExpressionKind::Between {
            value: boxed(c),
            negated: c.flag(),
            symmetric: c.flag(),
            low: boxed(c),
            high: boxed(c),
        },
        14 => ExpressionKind::In { value: boxed(c), negated: c.flag(), operands: operands(c) },
        15 => {
            let operators =
                [LikeOperator::Like, LikeOperator::ILike, LikeOperator::RLike, LikeOperator::SimilarTo];
            let (value, pattern, escape) = (boxed(c), boxed(c), c.option(boxed));
            ExpressionKind::Like { value, negated: c.flag(), operator: c.pick(&operators), pattern, escape }
        }
        16 => {
            let quantifier = c.pick(&[Quantifier::Any, Quantifier::All]);
            ExpressionKind::Quantified {
                left: boxed(c),
                operator: comparison(c),
                quantifier,
                operands: operands(c),
            }
        }
        17 => {
            let query = Box::new(query(c));
            match c.below(6) {
                0 => ExpressionKind::Subquery(query),
                1 => ExpressionKind::Exists(query),
                2 => ExpressionKind::Unique(query),
                3 => ExpressionKind::ArrayQuery(query),
                4 => ExpressionKind::MultisetQuery(query),
                // MAP is a function, unless the query's first word tells.
                _ if matches!(query.body, QueryBody::Select(_)) => ExpressionKind::MapQuery(query),
                _ => ExpressionKind::Subquery(query),
            }
        }
        18 => ExpressionKind::Row(c.list(0, expression)),
        19 => ExpressionKind::Array(c.list(0, expression)),
        20 => ExpressionKind::Multiset(c.list(0, expression)),
        21 => ExpressionKind::Map(c.list(0, |c| (expression(c), expression(c)))),
        22 => {
            let operand = c.option(boxed);
            let branches = c.list(1, |c| {
                let conditions = if operand.is_some() { c.list(1, expression) } else { vec![expression(c)] };
                WhenClause { conditions, result: expression(c), span: span() }
            });
            ExpressionKind::Case { operand, branches, otherwise: c.option(boxed) }
        }
        23 => {
            let function = c.pick(&[CastFunction::Cast, CastFunction::TryCast]);
            ExpressionKind::Cast { function, value: boxed(c), data_type: plain_data_type(c) }
        }
        24 | 25 => ExpressionKind::Function(Box::new(function_call(c))),
        26 => ExpressionKind::Special(Box::new(special_function(c))),
        27 => ExpressionKind::Json(Box::new(json_function(c))),
        28 => ExpressionKind::Context(context_function(c)),
        _ => {
            let semantics = c.pick(&[PatternSemantics::Running, PatternSemantics::Final]);
            ExpressionKind::PatternFunction { semantics, call: Box::new(function_call(c)) }
        }
    }))
}

/// An interval, as WITHIN and FRESHNESS want it.
pub fn interval(c: &mut Choices<'_>) -> Expression {
    of(ExpressionKind::Interval { negative: c.flag(), value: boxed(c), qualifier: interval_qualifier(c) })
}

fn binary_operator(c: &mut Choices<'_>) -> BinaryOperator {
    use BinaryOperator::*;
    let others =
        [Plus, Minus, Multiply, Divide, Remainder, Concatenate, IsDistinctFrom, IsNotDistinctFrom, Overlaps];
    if c.flag() { comparison(c) } else { c.pick(&others) }
}

fn comparison(c: &mut Choices<'_>) -> BinaryOperator {
    use BinaryOperator::*;
    c.pick(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual])
}

fn is_test(c: &mut Choices<'_>) -> IsTest {
    let json = c.pick(&[JsonType::Value, JsonType::Object, JsonType::Array, JsonType::Scalar]);
    c.pick(&[IsTest::Null, IsTest::True, IsTest::False, IsTest::Unknown, IsTest::Json(json)])
}

fn operands(c: &mut Choices<'_>) -> Operands {
    if c.flag() { Operands::Query(Box::new(query(c))) } else { Operands::List(c.list(1, expression)) }
}

fn context_function(c: &mut Choices<'_>) -> ContextFunction {
    use ContextFunction::*;
    c.pick(&[
        CurrentDate,
        CurrentCatalog,
        CurrentPath,
        CurrentRole,
        CurrentSchema,
        CurrentTime,
        CurrentTimestamp,
        CurrentUser,
        LocalTime,
        LocalTimestamp,
        SessionUser,
        SystemUser,
        User,
    ])
}

pub fn function_call(c: &mut Choices<'_>) -> FunctionCall {
    let mut name = object_name(c);
    if c.flag() {
        name.parts.truncate(1);
    }
    FunctionCall {
        name,
        arguments: arguments(c),
        within_group: order_items(c),
        null_treatment: c.option(|c| c.pick(&[NullTreatment::Ignore, NullTreatment::Respect])),
        filter: c.option(expression),
        over: c.option(over),
        span: span(),
    }
}

fn arguments(c: &mut Choices<'_>) -> Arguments {
    if c.below(5) == 4 {
        return Arguments::Star;
    }
    let arguments = c.list(0, argument);
    // An order behind a table or query would be the order of that.
    let ordered = arguments.last().is_some_and(|argument| match &argument.value {
        ArgumentValue::Expression(value) => !matches!(value.kind, ExpressionKind::Subquery(_)),
        _ => false,
    });
    let order_by = if ordered { order_items(c) } else { Vec::new() };
    let quantifiers = [SetQuantifier::Distinct, SetQuantifier::All];
    let quantifier = if arguments.is_empty() { None } else { c.option(|c| c.pick(&quantifiers)) };
    Arguments::List { quantifier, arguments, order_by }
}

fn argument(c: &mut Choices<'_>) -> Argument {
    let value = match c.below(6) {
        0 | 1 => ArgumentValue::Expression(expression(c)),
        2 => ArgumentValue::Default,
        3 => ArgumentValue::Descriptor(c.list(1, object_name)),
        4 => ArgumentValue::Model(object_name(c)),
        _ => ArgumentValue::Table(table_argument(c)),
    };
    Argument { name: c.option(identifier), value, span: span() }
}

fn table_argument(c: &mut Choices<'_>) -> TableArgument {
    let partition_by = c.option(|c| c.list(0, expression));
    let order_by = order_items(c);
    // A query alone is an expression.
    let source = if partition_by.is_some() && c.flag() {
        TableSource::Query(Box::new(query(c)))
    } else {
        TableSource::Table(object_name(c))
    };
    TableArgument { source, partition_by, order_by }
}

fn over(c: &mut Choices<'_>) -> Over {
    if c.flag() { Over::Name(identifier(c)) } else { Over::Window(window(c)) }
}

pub fn window(c: &mut Choices<'_>) -> WindowSpecification {
    let frame = c.option(|c| WindowFrame {
        span: span(),
        unit: c.pick(&[FrameUnit::Rows, FrameUnit::Range]),
        start: frame_bound(c),
        end: c.option(frame_bound),
    });
    let partition_by = c.some(expression);
    WindowSpecification {
        base: c.option(identifier),
        partition_by,
        order_by: order_items(c),
        frame,
        span: span(),
    }
}

fn frame_bound(c: &mut Choices<'_>) -> FrameBound {
    match c.below(5) {
        0 => FrameBound::CurrentRow,
        1 => FrameBound::UnboundedPreceding,
        2 => FrameBound::UnboundedFollowing,
        3 => FrameBound::Preceding(boxed(c)),
        _ => FrameBound::Following(boxed(c)),
    }
}

fn special_function(c: &mut Choices<'_>) -> SpecialFunction {
    match c.below(6) {
        0 => SpecialFunction::Extract { unit: time_unit(c), value: expression(c) },
        1 => {
            let function = c.pick(&[RoundingFunction::Floor, RoundingFunction::Ceil]);
            SpecialFunction::Round { function, value: expression(c), unit: time_unit(c) }
        }
        2 => {
            let function = c.pick(&[TimestampFunction::Add, TimestampFunction::Difference]);
            let unit = time_unit(c);
            SpecialFunction::Timestamp { function, unit, first: expression(c), second: expression(c) }
        }
        3 => {
            let start = c.option(expression);
            SpecialFunction::Position { needle: expression(c), haystack: expression(c), start }
        }
        4 => {
            let length = c.option(expression);
            SpecialFunction::Overlay {
                value: expression(c),
                replacement: expression(c),
                start: expression(c),
                length,
            }
        }
        _ => {
            let side = c.pick(&[TrimSide::Both, TrimSide::Leading, TrimSide::Trailing]);
            SpecialFunction::Trim { side, characters: c.option(expression), value: expression(c) }
        }
    }
}

fn json_function(c: &mut Choices<'_>) -> JsonFunction {
    let on_null = c.option(|c| c.pick(&[JsonNull::Null, JsonNull::Absent]));
    match c.below(7) {
        0 => {
            let behavior = |c: &mut Choices<'_>| match c.below(3) {
                0 => JsonBehavior::Null,
                1 => JsonBehavior::Error,
                _ => JsonBehavior::Default(expression(c)),
            };
            let (on_empty, on_error) = (c.option(behavior), c.option(behavior));
            let returning = c.option(plain_data_type);
            JsonFunction::Value { value: expression(c), path: expression(c), returning, on_empty, on_error }
        }
        1 => {
            let behaviors = [
                JsonBehavior::Null,
                JsonBehavior::Error,
                JsonBehavior::EmptyArray,
                JsonBehavior::EmptyObject,
            ];
            let (on_empty, on_error) = (c.option(|c| c.pick(&behaviors)), c.option(|c| c.pick(&behaviors)));
            let wrappers = [JsonWrapper::Without, JsonWrapper::Conditional, JsonWrapper::Unconditional];
            let (returning, wrapper) = (c.option(plain_data_type), c.option(|c| c.pick(&wrappers)));
            JsonFunction::Query {
                value: expression(c),
                path: expression(c),
                returning,
                wrapper,
                on_empty,
                on_error,
            }
        }
        2 => {
            let behaviors =
                [JsonBehavior::True, JsonBehavior::False, JsonBehavior::Unknown, JsonBehavior::Error];
            let on_error = c.option(|c| c.pick(&behaviors));
            JsonFunction::Exists { value: expression(c), path: expression(c), on_error }
        }
        3 => JsonFunction::Object { pairs: c.list(0, json_pair), on_null },
        4 => JsonFunction::Array { values: c.list(0, expression), on_null },
        5 => JsonFunction::ObjectAggregate { pair: json_pair(c), on_null, filter: c.option(expression) },
        _ => {
            let (order_by, filter) = (order_items(c), c.option(expression));
            JsonFunction::ArrayAggregate { value: expression(c), order_by, on_null, filter }
        }
    }
}

fn json_pair(c: &mut Choices<'_>) -> JsonPair {
    JsonPair { key: expression(c), value: expression(c), span: span() }
}

/// A column of a table.
pub fn column(c: &mut Choices<'_>) -> Column {
    let mut name = object_name(c);
    let kind = match c.below(3) {
        0 => {
            let constraint = c.option(|c| super::table::constraint(c, Vec::new()));
            ColumnKind::Physical { data_type: data_type(c), constraint }
        }
        1 => ColumnKind::Metadata {
            data_type: data_type(c),
            key: c.option(super::string),
            is_virtual: c.flag(),
        },
        _ => {
            name.parts.truncate(1);
            ColumnKind::Computed(expression(c))
        }
    };
    Column { name, kind, comment: c.option(super::string), span: span() }
}
