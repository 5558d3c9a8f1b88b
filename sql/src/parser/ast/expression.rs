//! Expressions.

use super::{
    DataType, FunctionCall, Identifier, IntervalQualifier, JsonFunction, Literal, ObjectName, Query,
    SpecialFunction,
};
use crate::parser::SourceSpan;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    /// Which.
    pub kind: ExpressionKind,
    /// Its place, without parentheses around it.
    pub span: SourceSpan,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// A constant.
    Literal(Literal),
    /// `INTERVAL [-] value unit`. The value of a literal is text; any other expression makes it an operation.
    Interval {
        /// Whether a minus stands before the value.
        negative: bool,
        /// How many.
        value: Box<Expression>,
        /// Of what.
        qualifier: IntervalQualifier,
    },
    /// `column`, `alias.column`, `column.field`: what each part names is a matter of analysis.
    Column(ObjectName),
    /// `value.field`, where the value is more than a name.
    Field {
        /// A row.
        value: Box<Expression>,
        /// Which field.
        field: Identifier,
    },
    /// `value[index]`
    Item {
        /// An array, map or row.
        value: Box<Expression>,
        /// A number or key.
        index: Box<Expression>,
    },
    /// `-x`, `+x`, `NOT x`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expression>,
    },
    /// `a + b`
    Binary {
        /// The first operand.
        left: Box<Expression>,
        /// Which.
        operator: BinaryOperator,
        /// The second operand.
        right: Box<Expression>,
    },
    /// `a AND b AND c`: all operands of a chain.
    Logical {
        /// Which.
        operator: LogicalOperator,
        /// At least two.
        operands: Vec<Expression>,
    },
    /// `x IS [NOT] NULL`
    Is {
        /// What is tested.
        value: Box<Expression>,
        /// `IS NOT`
        negated: bool,
        /// For what.
        test: IsTest,
    },
    /// `x [NOT] BETWEEN [SYMMETRIC] low AND high`
    Between {
        /// What is tested.
        value: Box<Expression>,
        /// `NOT BETWEEN`
        negated: bool,
        /// `SYMMETRIC`: the bounds may come in either order.
        symmetric: bool,
        /// The first bound.
        low: Box<Expression>,
        /// The second bound.
        high: Box<Expression>,
    },
    /// `x [NOT] IN (…)`
    In {
        /// What is looked for.
        value: Box<Expression>,
        /// `NOT IN`
        negated: bool,
        /// In what.
        operands: Operands,
    },
    /// `x [NOT] LIKE pattern [ESCAPE escape]`
    Like {
        /// What is tested.
        value: Box<Expression>,
        /// `NOT LIKE`
        negated: bool,
        /// Which.
        operator: LikeOperator,
        /// The pattern.
        pattern: Box<Expression>,
        /// The character that takes a pattern character's meaning.
        escape: Option<Box<Expression>>,
    },
    /// `x = ANY (…)`
    Quantified {
        /// What is compared.
        left: Box<Expression>,
        /// A comparison.
        operator: BinaryOperator,
        /// With how many it must hold.
        quantifier: Quantifier,
        /// With what.
        operands: Operands,
    },
    /// `EXISTS (query)`
    Exists(Box<Query>),
    /// `UNIQUE (query)`
    Unique(Box<Query>),
    /// `(query)`
    Subquery(Box<Query>),
    /// `ROW(a, b)`, `(a, b)`
    Row(Vec<Expression>),
    /// `ARRAY[a, b]`
    Array(Vec<Expression>),
    /// `ARRAY(query)`
    ArrayQuery(Box<Query>),
    /// `MULTISET[a, b]`
    Multiset(Vec<Expression>),
    /// `MULTISET(query)`
    MultisetQuery(Box<Query>),
    /// `MAP[key, value, …]`
    Map(Vec<(Expression, Expression)>),
    /// `MAP(query)`
    MapQuery(Box<Query>),
    /// `CASE [operand] WHEN … THEN … ELSE … END`
    Case {
        /// What the WHENs are compared with, instead of being conditions.
        operand: Option<Box<Expression>>,
        /// At least one.
        branches: Vec<WhenClause>,
        /// The value if no branch applies.
        otherwise: Option<Box<Expression>>,
    },
    /// `CAST(value AS type)`
    Cast {
        /// What a value that does not fit becomes.
        function: CastFunction,
        /// What is converted.
        value: Box<Expression>,
        /// To what.
        data_type: DataType,
    },
    /// `name(arguments)`
    Function(Box<FunctionCall>),
    /// A function with a syntax of its own.
    Special(Box<SpecialFunction>),
    /// A JSON function, which have a syntax of their own.
    Json(Box<JsonFunction>),
    /// A function that is written without parentheses.
    Context(ContextFunction),
    /// `RUNNING f(…)`, `FINAL f(…)` in a measure of MATCH_RECOGNIZE.
    PatternFunction {
        /// Which rows the function sees.
        semantics: PatternSemantics,
        /// The call.
        call: Box<FunctionCall>,
    },
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `NOT`
    Not,
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `||`
    Concatenate,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS DISTINCT FROM`
    IsDistinctFrom,
    /// `IS NOT DISTINCT FROM`
    IsNotDistinctFrom,
    /// `OVERLAPS`
    Overlaps,
}

/// Operators whose chains are one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicalOperator {
    /// `AND`
    And,
    /// `OR`
    Or,
}

/// What IS tests for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsTest {
    /// `NULL`
    Null,
    /// `TRUE`
    True,
    /// `FALSE`
    False,
    /// `UNKNOWN`
    Unknown,
    /// `JSON [VALUE | OBJECT | ARRAY | SCALAR]`
    Json(JsonType),
}

/// What JSON text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonType {
    /// Anything.
    Value,
    /// `OBJECT`
    Object,
    /// `ARRAY`
    Array,
    /// `SCALAR`
    Scalar,
}

/// Comparisons with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeOperator {
    /// `LIKE`
    Like,
    /// `ILIKE`: upper and lower case are the same.
    ILike,
    /// `RLIKE`: a regular expression.
    RLike,
    /// `SIMILAR TO`
    SimilarTo,
}

/// How many comparisons must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `SOME`, `ANY`
    Any,
    /// `ALL`
    All,
}

/// What stands in the parentheses of IN and ANY.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operands {
    /// Expressions; at least one.
    List(Vec<Expression>),
    /// A query.
    Query(Box<Query>),
}

/// `WHEN condition THEN result`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WhenClause {
    /// When it applies. More than one only in a CASE with an operand.
    pub conditions: Vec<Expression>,
    /// The value then.
    pub result: Expression,
    /// Its place.
    pub span: SourceSpan,
}

/// What a value that does not fit becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastFunction {
    /// `CAST`: a failure.
    Cast,
    /// `TRY_CAST`: NULL.
    TryCast,
}

/// Functions without parentheses.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContextFunction {
    CurrentCatalog,
    CurrentDate,
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
}

/// Which rows of a match a function sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternSemantics {
    /// `RUNNING`: those up to the current one.
    Running,
    /// `FINAL`: all.
    Final,
}
