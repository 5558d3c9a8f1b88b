//! Statements.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    Analyze, AnalyzedColumns, Assignment, ConflictAction, Delete, Describe, Explain, ExplainDetail,
    Identifier, Insert, InsertMode, Literal, NamePattern, ObjectKind, PatternOperator, PlanFile, Show,
    ShowKind, Statement, StatementKind, Update,
};

use super::name::PartitionClause;
use super::query::Hints;
use super::{Parenthesized, Prefixed, commas, flag};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for StatementKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Insert(insert) => insert.fmt(f),
            Self::Update(update) => update.fmt(f),
            Self::Delete(delete) => delete.fmt(f),
            Self::StatementSet(inserts) => {
                f.write_str("STATEMENT SET BEGIN ")?;
                inserts.iter().try_for_each(|insert| write!(f, "{insert}; "))?;
                f.write_str("END")
            }
            Self::BeginStatementSet => f.write_str("BEGIN STATEMENT SET"),
            Self::EndStatementSet => f.write_str("END"),
            Self::Execute(statement) => write!(f, "EXECUTE {statement}"),
            Self::ExecutePlan(path) => write!(f, "EXECUTE PLAN {path}"),
            Self::CompilePlan(plan) => write!(f, "COMPILE PLAN {plan}"),
            Self::CompileAndExecutePlan(plan) => write!(f, "COMPILE AND EXECUTE PLAN {plan}"),
            Self::Explain(explain) => explain.fmt(f),
            Self::CreateTable(table) => table.fmt(f),
            Self::CreateView(view) => view.fmt(f),
            Self::CreateDatabase(database) => database.fmt(f),
            Self::CreateCatalog(catalog) => catalog.fmt(f),
            Self::CreateConnection(connection) => connection.fmt(f),
            Self::CreateFunction(function) => function.fmt(f),
            Self::CreateModel(model) => model.fmt(f),
            Self::CreateMaterializedTable(table) => table.fmt(f),
            Self::AlterTable(table) => table.fmt(f),
            Self::AlterMaterializedTable(table) => table.fmt(f),
            Self::Alter(object) => object.fmt(f),
            Self::Drop(object) => object.fmt(f),
            Self::Show(show) => show.fmt(f),
            Self::Describe(describe) => describe.fmt(f),
            Self::UseCatalog(name) => write!(f, "USE CATALOG {name}"),
            Self::UseDatabase(name) => write!(f, "USE {name}"),
            Self::UseModules(names) => write!(f, "USE MODULES {}", commas(names)),
            Self::LoadModule(name, options) => {
                write!(f, "LOAD MODULE {name}{}", Parenthesized(" WITH ", options))
            }
            Self::UnloadModule(name) => write!(f, "UNLOAD MODULE {name}"),
            Self::Set(option) => write!(f, "SET{}", Prefixed(" ", option.as_ref())),
            Self::Reset(key) => write!(f, "RESET{}", Prefixed(" ", key.as_ref())),
            Self::AddJar(path) => write!(f, "ADD JAR {path}"),
            Self::RemoveJar(path) => write!(f, "REMOVE JAR {path}"),
            Self::Truncate(table) => write!(f, "TRUNCATE TABLE {table}"),
            Self::Analyze(analyze) => analyze.fmt(f),
            Self::Call(call) => write!(f, "CALL {call}"),
            Self::StopJob { job, savepoint, drain } => {
                write!(
                    f,
                    "STOP JOB {job}{}{}",
                    flag(*savepoint, " WITH SAVEPOINT"),
                    flag(*drain, " WITH DRAIN")
                )
            }
        }
    }
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            InsertMode::Into => "INSERT INTO",
            InsertMode::Overwrite => "INSERT OVERWRITE",
            InsertMode::Upsert => "UPSERT INTO",
        };
        write!(f, "{mode} {}", self.table)?;
        if !self.hints.is_empty() {
            write!(f, " {}", Hints(&self.hints))?;
        }
        PartitionClause(&self.partition).fmt(f)?;
        write!(f, "{} {}", Parenthesized(" ", &self.columns), self.source)?;
        f.write_str(match self.on_conflict {
            Some(ConflictAction::Error) => " ON CONFLICT DO ERROR",
            Some(ConflictAction::Nothing) => " ON CONFLICT DO NOTHING",
            Some(ConflictAction::Deduplicate) => " ON CONFLICT DO DEDUPLICATE",
            None => "",
        })
    }
}

impl Display for Update {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "UPDATE {}{}", self.table, Prefixed(" AS ", self.alias.as_ref()))?;
        write!(f, " SET {}{}", commas(&self.assignments), Prefixed(" WHERE ", self.selection.as_ref()))
    }
}

impl Display for Assignment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.column, self.value)
    }
}

impl Display for Delete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "DELETE FROM {}{}", self.table, Prefixed(" AS ", self.alias.as_ref()))?;
        Prefixed(" WHERE ", self.selection.as_ref()).fmt(f)
    }
}

impl Display for PlanFile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} FOR {}", self.path, flag(self.if_not_exists, " IF NOT EXISTS"), self.statement)
    }
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("EXPLAIN ")?;
        if !self.details.is_empty() {
            write!(f, "{} ", commas(&self.details))?;
        }
        self.statement.fmt(f)
    }
}

impl Display for ExplainDetail {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

impl Display for Show {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "SHOW {}", self.kind)?;
        Prefixed(" FROM ", self.from.as_ref()).fmt(f)?;
        Prefixed(" ", self.pattern.as_ref()).fmt(f)
    }
}

impl Display for ShowKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Catalogs => "CATALOGS",
            Self::CurrentCatalog => "CURRENT CATALOG",
            Self::Databases => "DATABASES",
            Self::CurrentDatabase => "CURRENT DATABASE",
            Self::Tables => "TABLES",
            Self::Views => "VIEWS",
            Self::MaterializedTables => "MATERIALIZED TABLES",
            Self::Columns => "COLUMNS",
            Self::Functions => "FUNCTIONS",
            Self::UserFunctions => "USER FUNCTIONS",
            Self::Procedures => "PROCEDURES",
            Self::Models => "MODELS",
            Self::Connections => "CONNECTIONS",
            Self::Modules => "MODULES",
            Self::FullModules => "FULL MODULES",
            Self::Jars => "JARS",
            Self::Jobs => "JOBS",
            Self::Partitions(table, values) => {
                return write!(f, "PARTITIONS {table}{}", PartitionClause(values));
            }
            Self::Create(kind, name) => return write!(f, "CREATE {kind} {name}"),
        })
    }
}

impl Display for NamePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            PatternOperator::Like => "LIKE",
            PatternOperator::ILike => "ILIKE",
        };
        write!(f, "{}{operator} {}", flag(self.negated, "NOT "), self.pattern)
    }
}

impl Display for Describe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { kind: ObjectKind::Table, extended, name } => {
                write!(f, "DESCRIBE {}{name}", flag(*extended, "EXTENDED "))
            }
            Self::Object { kind, extended, name } => {
                write!(f, "DESCRIBE {kind} {}{name}", flag(*extended, "EXTENDED "))
            }
            Self::Job(id) => write!(f, "DESCRIBE JOB {id}"),
        }
    }
}

impl Display for Analyze {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ANALYZE TABLE {}", self.table)?;
        let value = |(column, value): &(Identifier, Option<Literal>)| {
            format!("{column}{}", Prefixed(" = ", value.as_ref()))
        };
        let values = self.partition.iter().map(value).collect::<Vec<_>>();
        write!(f, "{} COMPUTE STATISTICS", Parenthesized(" PARTITION ", &values))?;
        match &self.columns {
            AnalyzedColumns::None => Ok(()),
            AnalyzedColumns::Some(columns) => write!(f, " FOR COLUMNS {}", commas(columns)),
            AnalyzedColumns::All => f.write_str(" FOR ALL COLUMNS"),
        }
    }
}
