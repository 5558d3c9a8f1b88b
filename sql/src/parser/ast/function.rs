//! Calls of functions.

use super::{DataType, Expression, Identifier, ObjectName, OrderItem, Over, Query, SetQuantifier, TimeUnit};
use crate::parser::SourceSpan;

/// `name(arguments)` with the clauses that aggregates and table functions have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionCall {
    /// The function. Which functions there are is a matter of analysis.
    pub name: ObjectName,
    /// What is in the parentheses.
    pub arguments: Arguments,
    /// `WITHIN GROUP (ORDER BY …)`; empty if not there.
    pub within_group: Vec<OrderItem>,
    /// `IGNORE NULLS`, `RESPECT NULLS`
    pub null_treatment: Option<NullTreatment>,
    /// `FILTER (WHERE …)`
    pub filter: Option<Expression>,
    /// `OVER …`
    pub over: Option<Over>,
    /// Its place.
    pub span: SourceSpan,
}

/// What is in the parentheses of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arguments {
    /// `*`, as in `COUNT(*)`.
    Star,
    /// Arguments, or none.
    List {
        /// `DISTINCT`, `ALL`
        quantifier: Option<SetQuantifier>,
        /// The arguments.
        arguments: Vec<Argument>,
        /// `ORDER BY` behind them; empty if not there.
        order_by: Vec<OrderItem>,
    },
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Argument {
    /// The name of `name => value`.
    pub name: Option<Identifier>,
    /// The value.
    pub value: ArgumentValue,
    /// Its place.
    pub span: SourceSpan,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArgumentValue {
    /// Any expression. `(query)` is a [subquery](super::ExpressionKind::Subquery) here, also where the function takes a table.
    Expression(Expression),
    /// `DEFAULT`
    Default,
    /// `TABLE name`, or a query with PARTITION BY or ORDER BY.
    Table(TableArgument),
    /// `DESCRIPTOR(column, …)`
    Descriptor(Vec<ObjectName>),
    /// `MODEL name`
    Model(ObjectName),
}

/// A table handed to a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableArgument {
    /// The table.
    pub source: TableSource,
    /// `PARTITION BY`; `None` if not there.
    pub partition_by: Option<Vec<Expression>>,
    /// `ORDER BY`; empty if not there.
    pub order_by: Vec<OrderItem>,
}

/// Where the rows of a table argument come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableSource {
    /// `TABLE name`
    Table(ObjectName),
    /// `(query)`
    Query(Box<Query>),
}

/// What a function does with NULLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NullTreatment {
    /// `IGNORE NULLS`
    Ignore,
    /// `RESPECT NULLS`
    Respect,
}

/// Functions with keywords between their arguments. `SUBSTRING(a FROM b FOR c)` is the call `SUBSTRING(a, b, c)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpecialFunction {
    /// `EXTRACT(unit FROM value)`
    Extract {
        /// Which part.
        unit: TimeUnit,
        /// Of what.
        value: Expression,
    },
    /// `FLOOR(value TO unit)`, `CEIL(value TO unit)`
    Round {
        /// Down or up.
        function: RoundingFunction,
        /// What.
        value: Expression,
        /// To what.
        unit: TimeUnit,
    },
    /// `TIMESTAMPADD(unit, first, second)`, `TIMESTAMPDIFF(unit, first, second)`
    Timestamp {
        /// Which.
        function: TimestampFunction,
        /// In what unit.
        unit: TimeUnit,
        /// The second argument.
        first: Expression,
        /// The third argument.
        second: Expression,
    },
    /// `POSITION(needle IN haystack [FROM start])`
    Position {
        /// What is looked for.
        needle: Expression,
        /// In what.
        haystack: Expression,
        /// From which character.
        start: Option<Expression>,
    },
    /// `OVERLAY(value PLACING replacement FROM start [FOR length])`
    Overlay {
        /// The text.
        value: Expression,
        /// What is put into it.
        replacement: Expression,
        /// From which character.
        start: Expression,
        /// Over how many.
        length: Option<Expression>,
    },
    /// `TRIM([side] [characters] FROM value)`
    Trim {
        /// Where; `BOTH` if not written.
        side: TrimSide,
        /// Which; blanks if not written.
        characters: Option<Expression>,
        /// Of what.
        value: Expression,
    },
}

impl SpecialFunction {
    /// The expressions in it.
    pub fn operands(&self) -> Vec<&Expression> {
        match self {
            Self::Extract { value, .. } | Self::Round { value, .. } => vec![value],
            Self::Timestamp { first, second, .. } => vec![first, second],
            Self::Position { needle, haystack, start } => {
                [needle, haystack].into_iter().chain(start).collect()
            }
            Self::Overlay { value, replacement, start, length } => {
                [value, replacement, start].into_iter().chain(length).collect()
            }
            Self::Trim { characters, value, .. } => characters.iter().chain([value]).collect(),
        }
    }
}

/// Functions that round to a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundingFunction {
    /// `FLOOR`
    Floor,
    /// `CEIL`, `CEILING`
    Ceil,
}

/// Functions of timestamps that take a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFunction {
    /// `TIMESTAMPADD`
    Add,
    /// `TIMESTAMPDIFF`
    Difference,
}

/// Where TRIM cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrimSide {
    /// `BOTH`
    Both,
    /// `LEADING`
    Leading,
    /// `TRAILING`
    Trailing,
}

/// The JSON functions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JsonFunction {
    /// `JSON_VALUE(value, path [RETURNING type] [… ON EMPTY] [… ON ERROR])`
    Value {
        /// The text.
        value: Expression,
        /// Where in it.
        path: Expression,
        /// The result's type.
        returning: Option<DataType>,
        /// The result if there is nothing.
        on_empty: Option<JsonBehavior>,
        /// The result if there is no scalar.
        on_error: Option<JsonBehavior>,
    },
    /// `JSON_QUERY(value, path [RETURNING type] [wrapper] [… ON EMPTY] [… ON ERROR])`
    Query {
        /// The text.
        value: Expression,
        /// Where in it.
        path: Expression,
        /// The result's type.
        returning: Option<DataType>,
        /// Whether the result becomes an array.
        wrapper: Option<JsonWrapper>,
        /// The result if there is nothing.
        on_empty: Option<JsonBehavior>,
        /// The result of a failure.
        on_error: Option<JsonBehavior>,
    },
    /// `JSON_EXISTS(value, path [… ON ERROR])`
    Exists {
        /// The text.
        value: Expression,
        /// Where in it.
        path: Expression,
        /// The result of a failure.
        on_error: Option<JsonBehavior>,
    },
    /// `JSON_OBJECT([KEY] key VALUE value, … [… ON NULL])`
    Object {
        /// The fields.
        pairs: Vec<JsonPair>,
        /// What becomes of NULLs.
        on_null: Option<JsonNull>,
    },
    /// `JSON_ARRAY(value, … [… ON NULL])`
    Array {
        /// The items.
        values: Vec<Expression>,
        /// What becomes of NULLs.
        on_null: Option<JsonNull>,
    },
    /// `JSON_OBJECTAGG([KEY] key VALUE value [… ON NULL]) [FILTER (…)]`
    ObjectAggregate {
        /// The field of a row.
        pair: JsonPair,
        /// What becomes of NULLs.
        on_null: Option<JsonNull>,
        /// `FILTER (WHERE …)`
        filter: Option<Expression>,
    },
    /// `JSON_ARRAYAGG(value [ORDER BY …] [… ON NULL]) [FILTER (…)]`
    ArrayAggregate {
        /// The item of a row.
        value: Expression,
        /// Their order; empty if not there.
        order_by: Vec<OrderItem>,
        /// What becomes of NULLs.
        on_null: Option<JsonNull>,
        /// `FILTER (WHERE …)`
        filter: Option<Expression>,
    },
}

/// What a JSON function gives instead of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JsonBehavior {
    /// `ERROR`
    Error,
    /// `NULL`
    Null,
    /// `DEFAULT value`
    Default(Expression),
    /// `TRUE`
    True,
    /// `FALSE`
    False,
    /// `UNKNOWN`
    Unknown,
    /// `EMPTY ARRAY`
    EmptyArray,
    /// `EMPTY OBJECT`
    EmptyObject,
}

/// Whether JSON_QUERY puts its result into an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonWrapper {
    /// `WITHOUT [ARRAY] WRAPPER`
    Without,
    /// `WITH CONDITIONAL [ARRAY] WRAPPER`
    Conditional,
    /// `WITH [UNCONDITIONAL] [ARRAY] WRAPPER`
    Unconditional,
}

/// What becomes of a NULL in a JSON object or array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonNull {
    /// `NULL ON NULL`
    Null,
    /// `ABSENT ON NULL`
    Absent,
}

/// A field of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonPair {
    /// Its name.
    pub key: Expression,
    /// Its value.
    pub value: Expression,
    /// Its place.
    pub span: SourceSpan,
}
