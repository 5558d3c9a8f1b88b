//! The syntax tree of Flink SQL.
//!
//! Nodes are structs and enums that own their parts; each struct has the [span](super::SourceSpan) of the text it was
//! parsed from, unless it is the whole of a node that has one. [`Display`](std::fmt::Display) writes a node as canonical SQL that parses to an equal tree. What says
//! the same in two ways is one tree: `FETCH FIRST 3 ROWS ONLY` is `LIMIT 3`, `(1, 2)` is `ROW(1, 2)`, and parentheses
//! that only group are not kept.

mod alter;
mod create;
mod data_type;
mod dml;
mod expression;
mod function;
mod literal;
mod match_recognize;
mod materialized_table;
mod name;
pub(in crate::parser) mod precedence;
mod query;
mod statement;
mod table;
mod table_reference;
mod window;

pub use alter::{
    AlterAction, AlterColumn, AlterObject, AlterTable, AlterTableAction, ColumnPosition, Drop, ObjectKind,
    Partition, SchemaElement,
};
pub use create::{
    CreateCatalog, CreateConnection, CreateDatabase, CreateFunction, CreateModel, CreateView,
    FunctionLanguage, FunctionResource, ResourceKind,
};
pub use data_type::{DataType, DataTypeKind, LengthType, RowField, TimeZoneKind};
pub use dml::{Assignment, ConflictAction, Delete, Insert, InsertMode, Update};
pub use expression::{
    BinaryOperator, CastFunction, ContextFunction, Expression, ExpressionKind, IsTest, JsonType,
    LikeOperator, LogicalOperator, Operands, PatternSemantics, Quantifier, UnaryOperator, WhenClause,
};
pub use function::{
    Argument, ArgumentValue, Arguments, FunctionCall, JsonBehavior, JsonFunction, JsonNull, JsonPair,
    JsonWrapper, NullTreatment, RoundingFunction, SpecialFunction, TableArgument, TableSource,
    TimestampFunction, TrimSide,
};
pub use literal::{IntervalQualifier, Literal, TimeUnit};
pub use match_recognize::{
    MatchRecognize, NamedExpression, Pattern, PatternKind, PatternQuantifier, RowsPerMatch, SkipTo, Subset,
};
pub use materialized_table::{
    AlterMaterializedTable, AlterMaterializedTableAction, CreateMaterializedTable, RefreshMode,
};
pub use name::{Identifier, ObjectName, SqlOption, StringLiteral};
pub use query::{
    CommonTableExpression, GroupBy, GroupingElement, GroupingElementKind, Limit, OrderItem, Query, QueryBody,
    Select, SelectItem, SelectItemKind, SetOperator, SetQuantifier, With,
};
pub use statement::{
    Analyze, AnalyzedColumns, Describe, Explain, ExplainDetail, NamePattern, PatternOperator, PlanFile, Show,
    ShowKind, Statement, StatementKind,
};
pub use table::{
    Column, ColumnKind, Constraint, ConstraintKind, CreateTable, Distribution, DistributionKind, LikeFeature,
    LikeMerging, LikeOption, TableCreation, TableElement, TableLike, Watermark,
};
pub use table_reference::{
    Hint, HintArguments, HintValue, Join, JoinCondition, JoinKind, Relation, SampleMethod, TableAlias,
    TableFactor, TableReference, TableSample,
};
pub use window::{FrameBound, FrameUnit, NamedWindow, Over, WindowFrame, WindowSpecification};
