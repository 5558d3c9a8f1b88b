//! CREATE TABLE and the lines of a schema.

use super::{DataType, Expression, Identifier, ObjectName, Query, SqlOption, StringLiteral};
use crate::parser::SourceSpan;

/// `CREATE TABLE`, also `CREATE OR REPLACE TABLE … AS` and `REPLACE TABLE … AS`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateTable {
    /// What becomes of a table that is there.
    pub creation: TableCreation,
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What is in the parentheses; empty if they are not there.
    pub elements: Vec<TableElement>,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `DISTRIBUTED …`
    pub distribution: Option<Distribution>,
    /// `PARTITIONED BY (…)`; empty if not there.
    pub partitioned_by: Vec<Identifier>,
    /// `USING CONNECTION name`
    pub connection: Option<ObjectName>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
    /// `LIKE …`
    pub like: Option<TableLike>,
    /// `AS query`
    pub query: Option<Box<Query>>,
}

/// What becomes of a table that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableCreation {
    /// `CREATE`: the statement fails.
    Create,
    /// `CREATE OR REPLACE`: it is replaced.
    CreateOrReplace,
    /// `REPLACE`: it is replaced, and must be there.
    Replace,
}

/// A line of a table's schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableElement {
    /// A column.
    Column(Column),
    /// The name of a column of the AS query.
    Name(Identifier),
    /// A constraint.
    Constraint(Constraint),
    /// A watermark.
    Watermark(Watermark),
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name; of several parts for a field of a column, which ALTER TABLE takes.
    pub name: ObjectName,
    /// Where its values come from.
    pub kind: ColumnKind,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// Its place.
    pub span: SourceSpan,
}

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// `name type [constraint]`
    Physical {
        /// The type.
        data_type: DataType,
        /// `PRIMARY KEY NOT ENFORCED` on the column; its list of columns is empty.
        constraint: Option<Constraint>,
    },
    /// `name type METADATA [FROM 'key'] [VIRTUAL]`
    Metadata {
        /// The type.
        data_type: DataType,
        /// The connector's name for it, if it is another.
        key: Option<StringLiteral>,
        /// It is not written.
        is_virtual: bool,
    },
    /// `name AS expression`
    Computed(Expression),
}

/// `[CONSTRAINT name] PRIMARY KEY (column, …) [NOT ENFORCED]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constraint {
    /// Its name.
    pub name: Option<Identifier>,
    /// Which.
    pub kind: ConstraintKind,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// `true` for ENFORCED, `false` for NOT ENFORCED.
    pub enforced: Option<bool>,
    /// Its place.
    pub span: SourceSpan,
}

/// The constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `UNIQUE`
    Unique,
}

/// `WATERMARK FOR column AS expression`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watermark {
    /// The column, or a field of one.
    pub column: ObjectName,
    /// The watermark of a row.
    pub strategy: Expression,
    /// Its place.
    pub span: SourceSpan,
}

/// `BY HASH (column, …) INTO n BUCKETS`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Distribution {
    /// How columns become a bucket.
    pub kind: DistributionKind,
    /// The columns; empty if only the number of buckets is written.
    pub columns: Vec<Identifier>,
    /// `INTO n BUCKETS`
    pub buckets: Option<u32>,
    /// Its place.
    pub span: SourceSpan,
}

/// How columns become a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DistributionKind {
    /// As the connector likes.
    Unknown,
    /// `HASH`
    Hash,
    /// `RANGE`
    Range,
}

/// `LIKE table (option, …)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableLike {
    /// The table.
    pub table: ObjectName,
    /// What is taken from it.
    pub options: Vec<LikeOption>,
    /// Its place.
    pub span: SourceSpan,
}

/// `INCLUDING ALL`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LikeOption {
    /// What happens.
    pub merging: LikeMerging,
    /// To what.
    pub feature: LikeFeature,
    /// Its place.
    pub span: SourceSpan,
}

/// How a feature of a table goes into a table that is like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeMerging {
    /// `INCLUDING`: it does, and must not be there.
    Including,
    /// `EXCLUDING`: it does not.
    Excluding,
    /// `OVERWRITING`: it does, unless it is there.
    Overwriting,
}

/// The features of a table.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LikeFeature {
    All,
    Constraints,
    Distribution,
    Generated,
    Metadata,
    Options,
    Partitions,
    Watermarks,
}
