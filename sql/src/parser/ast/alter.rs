//! Statements that alter and drop.

use super::{
    Column, Constraint, Distribution, FunctionLanguage, Identifier, Literal, ObjectName, Query, SqlOption,
    StringLiteral, Watermark,
};
use crate::parser::SourceSpan;

/// `DROP TABLE IF EXISTS name`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Drop {
    /// `TEMPORARY`
    pub temporary: bool,
    /// What.
    pub kind: ObjectKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `true` for CASCADE, `false` for RESTRICT; only for a database.
    pub cascade: Option<bool>,
}

/// What a catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `TABLE`
    Table,
    /// `VIEW`
    View,
    /// `DATABASE`
    Database,
    /// `CATALOG`
    Catalog,
    /// `FUNCTION`
    Function,
    /// `SYSTEM FUNCTION`
    SystemFunction,
    /// `MODEL`
    Model,
    /// `MATERIALIZED TABLE`
    MaterializedTable,
    /// `CONNECTION`
    Connection,
    /// `SYSTEM CONNECTION`
    SystemConnection,
}

/// `ALTER TABLE name …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterTable {
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What is done.
    pub action: AlterTableAction,
}

/// What is done to a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlterTableAction {
    /// `RENAME TO name`
    Rename(ObjectName),
    /// `RENAME column TO name`
    RenameColumn(ObjectName, ObjectName),
    /// `SET ('key' = 'value', …)`
    Set(Vec<SqlOption>),
    /// `RESET ('key', …)`
    Reset(Vec<StringLiteral>),
    /// `ADD …`, `ADD (…)`
    Add(Vec<SchemaElement>),
    /// `MODIFY …`, `MODIFY (…)`
    Modify(Vec<SchemaElement>),
    /// `DROP column`, `DROP (column, …)`
    DropColumns(Vec<ObjectName>),
    /// `DROP PRIMARY KEY`
    DropPrimaryKey,
    /// `DROP CONSTRAINT name`
    DropConstraint(Identifier),
    /// `DROP WATERMARK`
    DropWatermark,
    /// `DROP DISTRIBUTION`
    DropDistribution,
    /// `ADD [IF NOT EXISTS] PARTITION (…) [WITH (…)] …`
    AddPartitions {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// At least one.
        partitions: Vec<Partition>,
    },
    /// `DROP [IF EXISTS] PARTITION (…), …`
    DropPartitions {
        /// `IF EXISTS`
        if_exists: bool,
        /// At least one.
        partitions: Vec<Vec<(Identifier, Literal)>>,
    },
}

/// `PARTITION (column = value, …) [WITH (…)]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// Which.
    pub values: Vec<(Identifier, Literal)>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
    /// Its place.
    pub span: SourceSpan,
}

/// What ADD adds to a schema, or MODIFY changes in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SchemaElement {
    /// A column.
    Column(AlterColumn),
    /// A constraint.
    Constraint(Constraint),
    /// A watermark.
    Watermark(Watermark),
    /// `DISTRIBUTION …`
    Distribution(Distribution),
}

/// A column and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterColumn {
    /// The column.
    pub column: Column,
    /// Where.
    pub position: Option<ColumnPosition>,
}

/// Where a column goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnPosition {
    /// `FIRST`
    First,
    /// `AFTER column`
    After(ObjectName),
}

/// ALTER of anything but tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterObject {
    /// `TEMPORARY`, for a function.
    pub temporary: bool,
    /// What.
    pub kind: ObjectKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What is done.
    pub action: AlterAction,
}

/// What is done to views, databases, catalogs, functions, models and connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlterAction {
    /// `RENAME TO name`: views, models, connections.
    Rename(ObjectName),
    /// `AS query`: views.
    Query(Box<Query>),
    /// `SET (…)`: databases, catalogs, models, connections.
    Set(Vec<SqlOption>),
    /// `RESET (…)`: catalogs, models, connections.
    Reset(Vec<StringLiteral>),
    /// `COMMENT 'text'`: catalogs.
    Comment(StringLiteral),
    /// `AS 'class' [LANGUAGE …]`: functions.
    Function(StringLiteral, Option<FunctionLanguage>),
}
