//! Materialized tables.

use super::{
    Constraint, Distribution, Expression, Identifier, Literal, ObjectName, Query, SqlOption, StringLiteral,
};

/// `CREATE MATERIALIZED TABLE name … AS query`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateMaterializedTable {
    /// `OR ALTER`
    pub or_alter: bool,
    /// Its name.
    pub name: ObjectName,
    /// `(PRIMARY KEY …)`
    pub constraint: Option<Constraint>,
    /// `COMMENT`
    pub comment: Option<StringLiteral>,
    /// `DISTRIBUTED …`
    pub distribution: Option<Distribution>,
    /// `PARTITIONED BY (…)`; empty if not there.
    pub partitioned_by: Vec<Identifier>,
    /// `WITH (…)`
    pub options: Vec<SqlOption>,
    /// `FRESHNESS = interval`
    pub freshness: Option<Expression>,
    /// `REFRESH_MODE = …`
    pub refresh_mode: Option<RefreshMode>,
    /// What gives its rows.
    pub query: Box<Query>,
}

/// How a materialized table is kept up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshMode {
    /// `FULL`: all anew from time to time.
    Full,
    /// `CONTINUOUS`: by a job that goes on.
    Continuous,
}

/// `ALTER MATERIALIZED TABLE name …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterMaterializedTable {
    /// Its name.
    pub name: ObjectName,
    /// What is done.
    pub action: AlterMaterializedTableAction,
}

/// What is done to a materialized table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlterMaterializedTableAction {
    /// `SUSPEND`
    Suspend,
    /// `RESUME [WITH (…)]`
    Resume(Vec<SqlOption>),
    /// `REFRESH [PARTITION (…)]`
    Refresh(Vec<(Identifier, Literal)>),
    /// `SET FRESHNESS = interval`
    SetFreshness(Expression),
    /// `SET REFRESH_MODE = …`
    SetRefreshMode(RefreshMode),
    /// `SET (…)`
    Set(Vec<SqlOption>),
    /// `RESET (…)`
    Reset(Vec<StringLiteral>),
    /// `AS query`
    Query(Box<Query>),
    /// `ADD DISTRIBUTION …`
    AddDistribution(Distribution),
    /// `MODIFY DISTRIBUTION …`
    ModifyDistribution(Distribution),
    /// `DROP DISTRIBUTION`
    DropDistribution,
}
