//! Types as they are written.

use super::{Identifier, IntervalQualifier, ObjectName, StringLiteral};
use crate::parser::SourceSpan;

/// A type, and whether it takes NULL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    /// Which.
    pub kind: DataTypeKind,
    /// `true` for NULL, `false` for NOT NULL; `None` if neither is written, which means nullable.
    pub nullable: Option<bool>,
    /// Its place.
    pub span: SourceSpan,
}

/// The types of Flink SQL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DataTypeKind {
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`
    TinyInt,
    /// `SMALLINT`
    SmallInt,
    /// `INT`, `INTEGER`
    Int,
    /// `BIGINT`
    BigInt,
    /// `FLOAT`
    Float,
    /// `REAL`, which is FLOAT.
    Real,
    /// `DOUBLE [PRECISION]`
    Double,
    /// `DECIMAL`, `DEC`, `NUMERIC`, with precision and scale.
    Decimal(Option<u32>, Option<u32>),
    /// `CHAR(n)`, `VARCHAR(n)`, `BINARY(n)`, `VARBINARY(n)`
    Length(LengthType, Option<u32>),
    /// `STRING`
    String,
    /// `BYTES`
    Bytes,
    /// `DATE`
    Date,
    /// `TIME(p)`
    Time(Option<u32>, TimeZoneKind),
    /// `TIMESTAMP(p)`; `TIMESTAMP_LTZ(p)` is one with [`TimeZoneKind::Local`].
    Timestamp(Option<u32>, TimeZoneKind),
    /// `INTERVAL YEAR TO MONTH`
    Interval(IntervalQualifier),
    /// `ARRAY<element>`, `element ARRAY`
    Array(Box<DataType>),
    /// `MULTISET<element>`, `element MULTISET`
    Multiset(Box<DataType>),
    /// `MAP<key, value>`
    Map(Box<DataType>, Box<DataType>),
    /// `ROW<name type 'comment', …>`, `ROW(…)`
    Row(Vec<RowField>),
    /// `RAW('class', 'serializer')`
    Raw(StringLiteral, StringLiteral),
    /// `STRUCTURED<'class', name type, …>`
    Structured(StringLiteral, Vec<RowField>),
    /// `VARIANT`
    Variant,
    /// `NULL`
    Null,
    /// A type of the user's.
    Named(ObjectName),
}

/// Types that have a length in characters or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LengthType {
    /// `CHAR`
    Char,
    /// `VARCHAR`
    VarChar,
    /// `BINARY`
    Binary,
    /// `VARBINARY`
    VarBinary,
}

/// What a time knows of time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeZoneKind {
    /// Nothing is written, or `WITHOUT TIME ZONE`.
    Without,
    /// `WITH LOCAL TIME ZONE`
    Local,
    /// `WITH TIME ZONE`
    With,
}

/// A field of a row type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowField {
    /// Its name.
    pub name: Identifier,
    /// Its type.
    pub data_type: DataType,
    /// Its comment.
    pub comment: Option<StringLiteral>,
    /// Its place.
    pub span: SourceSpan,
}
