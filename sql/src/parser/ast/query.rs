//! Queries.

use super::{Expression, Hint, Identifier, NamedWindow, ObjectName, TableReference};
use crate::parser::SourceSpan;

/// `[WITH …] body [ORDER BY …] [LIMIT …] [OFFSET …]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Queries with names, for use in the body.
    pub with: Option<With>,
    /// What gives the rows.
    pub body: QueryBody,
    /// Empty if not there.
    pub order_by: Vec<OrderItem>,
    /// `LIMIT n`, `FETCH FIRST n ROWS ONLY`
    pub limit: Option<Limit>,
    /// `OFFSET n ROWS`: the number as written.
    pub offset: Option<String>,
    /// Its place, without parentheses around it.
    pub span: SourceSpan,
}

/// How many rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The number as written.
    Count(String),
    /// `LIMIT ALL`
    All,
}

/// `WITH [RECURSIVE] name AS (query), …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct With {
    /// `RECURSIVE`
    pub recursive: bool,
    /// At least one.
    pub tables: Vec<CommonTableExpression>,
    /// Its place.
    pub span: SourceSpan,
}

/// `name [(column, …)] AS (query)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommonTableExpression {
    /// Its name.
    pub name: Identifier,
    /// Names for its columns; empty if not there.
    pub columns: Vec<Identifier>,
    /// What gives its rows.
    pub query: Box<Query>,
    /// Its place.
    pub span: SourceSpan,
}

/// What gives a query its rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueryBody {
    /// `SELECT …`
    Select(Box<Select>),
    /// `VALUES (…), …`: each row is a [`Row`](super::ExpressionKind::Row), or any expression for a row of one column.
    Values(Vec<Expression>),
    /// `TABLE name`
    Table(ObjectName),
    /// `(query)`
    Query(Box<Query>),
    /// `left UNION [ALL] right`
    SetOperation {
        /// The first operand.
        left: Box<QueryBody>,
        /// Which.
        operator: SetOperator,
        /// `ALL`: rows that are there twice stay so.
        all: bool,
        /// The second operand.
        right: Box<QueryBody>,
        /// Its place.
        span: SourceSpan,
    },
}

/// Operations on the rows of two queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// `UNION`
    Union,
    /// `INTERSECT`, which binds more than the others.
    Intersect,
    /// `EXCEPT`
    Except,
}

/// `SELECT … FROM …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Select {
    /// `/*+ … */` behind SELECT; empty if not there.
    pub hints: Vec<Hint>,
    /// `DISTINCT`, `ALL`
    pub quantifier: Option<SetQuantifier>,
    /// At least one.
    pub items: Vec<SelectItem>,
    /// What commas separate: a cross join. Empty if there is no FROM.
    pub from: Vec<TableReference>,
    /// `WHERE`
    pub selection: Option<Expression>,
    /// `GROUP BY`
    pub group_by: Option<GroupBy>,
    /// `HAVING`
    pub having: Option<Expression>,
    /// `WINDOW`; empty if not there.
    pub windows: Vec<NamedWindow>,
    /// `QUALIFY`
    pub qualify: Option<Expression>,
    /// Its place.
    pub span: SourceSpan,
}

/// Whether equal values count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetQuantifier {
    /// `ALL`
    All,
    /// `DISTINCT`
    Distinct,
}

/// A column of the result, or several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectItem {
    /// Which.
    pub kind: SelectItemKind,
    /// Its place.
    pub span: SourceSpan,
}

/// The forms of a select item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SelectItemKind {
    /// `*`
    Star,
    /// `name.*`
    QualifiedStar(ObjectName),
    /// `value [AS alias]`
    Expression {
        /// The value.
        value: Expression,
        /// The column's name.
        alias: Option<Identifier>,
    },
}

/// What GROUP BY groups by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// `GROUP BY ALL`: by every select item that is no aggregate.
    All,
    /// `GROUP BY [DISTINCT | ALL] element, …`
    Elements {
        /// Whether equal grouping sets count once.
        quantifier: Option<SetQuantifier>,
        /// At least one.
        elements: Vec<GroupingElement>,
    },
}

/// An element of GROUP BY.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupingElement {
    /// Which.
    pub kind: GroupingElementKind,
    /// Its place.
    pub span: SourceSpan,
}

/// The forms of an element of GROUP BY.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupingElementKind {
    /// An expression.
    Expression(Expression),
    /// `(a, b)`, `()`: none, or at least two expressions that are one.
    Set(Vec<Expression>),
    /// `ROLLUP (…)`
    Rollup(Vec<Expression>),
    /// `CUBE (…)`
    Cube(Vec<Expression>),
    /// `GROUPING SETS (…)`
    GroupingSets(Vec<GroupingElement>),
}

/// An item of ORDER BY.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderItem {
    /// What is ordered by.
    pub value: Expression,
    /// `true` for DESC, `false` for ASC; `None` if neither is written, which means ASC.
    pub descending: Option<bool>,
    /// `true` for NULLS FIRST, `false` for NULLS LAST.
    pub nulls_first: Option<bool>,
    /// Its place.
    pub span: SourceSpan,
}
