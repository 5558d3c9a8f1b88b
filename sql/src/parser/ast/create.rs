//! Statements that create anything but tables.

use super::{Column, Identifier, ObjectName, Query, SqlOption, StringLiteral};

/// `CREATE VIEW name (column, …) AS query`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateView {
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// Names for its columns; empty if not there.
    pub columns: Vec<Identifier>,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// What gives its rows.
    pub query: Box<Query>,
}

/// `CREATE DATABASE name`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateDatabase {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
}

/// `CREATE CATALOG name`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateCatalog {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: Identifier,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
}

/// `CREATE FUNCTION name AS 'class'`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateFunction {
    /// `TEMPORARY`
    pub temporary: bool,
    /// `SYSTEM`
    pub system: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What implements it.
    pub class: StringLiteral,
    /// `LANGUAGE`
    pub language: Option<FunctionLanguage>,
    /// `USING JAR 'path', …`
    pub resources: Vec<FunctionResource>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
}

/// `JAR 'path'`, `ARTIFACT 'path'`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionResource {
    /// What it is.
    pub kind: ResourceKind,
    /// Where it is.
    pub path: StringLiteral,
}

/// What holds the code of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// `JAR`
    Jar,
    /// `ARTIFACT`
    Artifact,
}

/// `CREATE CONNECTION name WITH (…)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateConnection {
    /// `TEMPORARY`
    pub temporary: bool,
    /// `SYSTEM`
    pub system: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
}

/// What a function is written in.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionLanguage {
    Java,
    Scala,
    Sql,
    Python,
}

/// `CREATE MODEL name INPUT (…) OUTPUT (…)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateModel {
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// `INPUT (…)`
    pub input: Vec<Column>,
    /// `OUTPUT (…)`
    pub output: Vec<Column>,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
    /// `AS query`
    pub query: Option<Box<Query>>,
}
