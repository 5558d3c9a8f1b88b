//! Statements.

use super::{
    AlterMaterializedTable, AlterObject, AlterTable, CreateCatalog, CreateConnection, CreateDatabase,
    CreateFunction, CreateMaterializedTable, CreateModel, CreateTable, CreateView, Delete, Drop,
    FunctionCall, Identifier, Insert, Literal, ObjectKind, ObjectName, Query, SqlOption, StringLiteral,
    Update,
};
use crate::parser::SourceSpan;

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// Which.
    pub kind: StatementKind,
    /// Its place, without the semicolon.
    pub span: SourceSpan,
}

/// The statements of Flink SQL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// `SELECT …`
    Query(Box<Query>),
    /// `INSERT …`
    Insert(Box<Insert>),
    /// `UPDATE …`
    Update(Box<Update>),
    /// `DELETE …`
    Delete(Box<Delete>),
    /// `STATEMENT SET BEGIN insert; … END`; only in EXECUTE, EXPLAIN and COMPILE PLAN.
    StatementSet(Vec<Insert>),
    /// `BEGIN STATEMENT SET`
    BeginStatementSet,
    /// `END`
    EndStatementSet,
    /// `EXECUTE statement`
    Execute(Box<Statement>),
    /// `EXECUTE PLAN 'path'`
    ExecutePlan(StringLiteral),
    /// `COMPILE PLAN 'path' FOR statement`
    CompilePlan(PlanFile),
    /// `COMPILE AND EXECUTE PLAN 'path' FOR statement`
    CompileAndExecutePlan(PlanFile),
    /// `EXPLAIN …`
    Explain(Explain),
    /// `CREATE TABLE …`, `REPLACE TABLE …`
    CreateTable(Box<CreateTable>),
    /// `CREATE VIEW …`
    CreateView(Box<CreateView>),
    /// `CREATE DATABASE …`
    CreateDatabase(CreateDatabase),
    /// `CREATE CATALOG …`
    CreateCatalog(CreateCatalog),
    /// `CREATE CONNECTION …`
    CreateConnection(Box<CreateConnection>),
    /// `CREATE FUNCTION …`
    CreateFunction(Box<CreateFunction>),
    /// `CREATE MODEL …`
    CreateModel(Box<CreateModel>),
    /// `CREATE MATERIALIZED TABLE …`
    CreateMaterializedTable(Box<CreateMaterializedTable>),
    /// `ALTER TABLE …`
    AlterTable(Box<AlterTable>),
    /// `ALTER MATERIALIZED TABLE …`
    AlterMaterializedTable(Box<AlterMaterializedTable>),
    /// `ALTER` of anything else.
    Alter(Box<AlterObject>),
    /// `DROP …`
    Drop(Drop),
    /// `SHOW …`
    Show(Show),
    /// `DESCRIBE …`
    Describe(Describe),
    /// `USE CATALOG name`
    UseCatalog(Identifier),
    /// `USE name`
    UseDatabase(ObjectName),
    /// `USE MODULES name, …`
    UseModules(Vec<Identifier>),
    /// `LOAD MODULE name [WITH (…)]`
    LoadModule(Identifier, Vec<SqlOption>),
    /// `UNLOAD MODULE name`
    UnloadModule(Identifier),
    /// `SET ['key' = 'value']`
    Set(Option<SqlOption>),
    /// `RESET ['key']`
    Reset(Option<StringLiteral>),
    /// `ADD JAR 'path'`
    AddJar(StringLiteral),
    /// `REMOVE JAR 'path'`
    RemoveJar(StringLiteral),
    /// `TRUNCATE TABLE name`
    Truncate(ObjectName),
    /// `ANALYZE TABLE …`
    Analyze(Analyze),
    /// `CALL procedure(…)`
    Call(Box<FunctionCall>),
    /// `STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN]`
    StopJob {
        /// The job.
        job: StringLiteral,
        /// `WITH SAVEPOINT`
        savepoint: bool,
        /// `WITH DRAIN`
        drain: bool,
    },
}

/// A plan and what it is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanFile {
    /// Its path.
    pub path: StringLiteral,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// An INSERT or a statement set.
    pub statement: Box<Statement>,
}

/// `EXPLAIN [detail, …] statement`. `EXPLAIN PLAN FOR` is the same without details.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Explain {
    /// What else is shown; empty if not there.
    pub details: Vec<ExplainDetail>,
    /// What is explained.
    pub statement: Box<Statement>,
}

/// What EXPLAIN shows beside the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainDetail {
    /// `ESTIMATED_COST`
    EstimatedCost,
    /// `CHANGELOG_MODE`
    ChangelogMode,
    /// `JSON_EXECUTION_PLAN`
    JsonExecutionPlan,
    /// `PLAN_ADVICE`
    PlanAdvice,
}

/// `SHOW …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Show {
    /// What.
    pub kind: ShowKind,
    /// `FROM name`, `IN name`: of which catalog, database or table.
    pub from: Option<ObjectName>,
    /// `LIKE 'pattern'`
    pub pattern: Option<NamePattern>,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShowKind {
    /// `CATALOGS`
    Catalogs,
    /// `CURRENT CATALOG`
    CurrentCatalog,
    /// `DATABASES`
    Databases,
    /// `CURRENT DATABASE`
    CurrentDatabase,
    /// `TABLES`
    Tables,
    /// `VIEWS`
    Views,
    /// `MATERIALIZED TABLES`
    MaterializedTables,
    /// `COLUMNS`, of the table in [`Show::from`].
    Columns,
    /// `PARTITIONS table [PARTITION (…)]`
    Partitions(ObjectName, Vec<(Identifier, Literal)>),
    /// `FUNCTIONS`
    Functions,
    /// `USER FUNCTIONS`
    UserFunctions,
    /// `PROCEDURES`
    Procedures,
    /// `MODELS`
    Models,
    /// `CONNECTIONS`
    Connections,
    /// `MODULES`
    Modules,
    /// `FULL MODULES`
    FullModules,
    /// `JARS`
    Jars,
    /// `JOBS`
    Jobs,
    /// `CREATE TABLE name`; [`ObjectKind`] says of what.
    Create(ObjectKind, ObjectName),
}

/// `[NOT] LIKE 'pattern'`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamePattern {
    /// `NOT`
    pub negated: bool,
    /// Which.
    pub operator: PatternOperator,
    /// The pattern.
    pub pattern: StringLiteral,
}

/// How names are compared with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternOperator {
    /// `LIKE`
    Like,
    /// `ILIKE`: upper and lower case are the same.
    ILike,
}

/// `DESCRIBE …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Describe {
    /// `[object] [EXTENDED] name`
    Object {
        /// What.
        kind: ObjectKind,
        /// `EXTENDED`
        extended: bool,
        /// Its name.
        name: ObjectName,
    },
    /// `JOB 'id'`
    Job(StringLiteral),
}

/// `ANALYZE TABLE name [PARTITION (…)] COMPUTE STATISTICS [FOR …]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Analyze {
    /// The table.
    pub table: ObjectName,
    /// Which partitions; a column without a value stands for all of its values.
    pub partition: Vec<(Identifier, Option<Literal>)>,
    /// Which columns.
    pub columns: AnalyzedColumns,
}

/// Which columns ANALYZE looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AnalyzedColumns {
    /// None: it counts rows.
    None,
    /// `FOR COLUMNS column, …`
    Some(Vec<Identifier>),
    /// `FOR ALL COLUMNS`
    All,
}
