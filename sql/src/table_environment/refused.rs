//! Statements that are right and are not run, by their names.

use crate::parser::ast::{ObjectKind, StatementKind};

/// What a statement that is not run is called, and what helps instead, where something does.
pub(super) fn name_and_hint(statement: &StatementKind) -> (&'static str, Option<&'static str>) {
    match statement {
        StatementKind::Update(_) => ("UPDATE", None),
        StatementKind::Delete(_) => ("DELETE", None),
        StatementKind::ExecutePlan(_) => ("EXECUTE PLAN", None),
        StatementKind::CompilePlan(_) => ("COMPILE PLAN", None),
        StatementKind::CompileAndExecutePlan(_) => ("COMPILE AND EXECUTE PLAN", None),
        StatementKind::CreateConnection(_) => ("CREATE CONNECTION", None),
        StatementKind::CreateFunction(_) => ("CREATE FUNCTION", Some("functions are built in")),
        StatementKind::CreateModel(_) => ("CREATE MODEL", None),
        StatementKind::CreateMaterializedTable(_) => (
            "CREATE MATERIALIZED TABLE",
            Some("CREATE TABLE and INSERT INTO … SELECT keep a table up to date"),
        ),
        StatementKind::AlterMaterializedTable(_) => ("ALTER MATERIALIZED TABLE", None),
        StatementKind::Alter(alter) => (alter_name(alter.kind), None),
        StatementKind::Drop(drop) => (drop_name(drop.kind), None),
        StatementKind::UseModules(_) => ("USE MODULES", Some("there is one module, 'core'")),
        StatementKind::LoadModule(..) => ("LOAD MODULE", Some("there is one module, 'core'")),
        StatementKind::UnloadModule(_) => ("UNLOAD MODULE", Some("there is one module, 'core'")),
        StatementKind::RemoveJar(_) => ("REMOVE JAR", None),
        StatementKind::Truncate(_) => ("TRUNCATE TABLE", None),
        StatementKind::Analyze(_) => ("ANALYZE TABLE", Some("plans do not depend on statistics")),
        StatementKind::Call(_) => ("CALL", Some("there are no procedures")),
        StatementKind::StopJob { .. } => {
            ("STOP JOB", Some("stop the process of the job: SIGINT stops it with a savepoint"))
        }
        _ => ("this statement", None),
    }
}

const fn alter_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "ALTER TABLE",
        ObjectKind::View => "ALTER VIEW",
        ObjectKind::Database => "ALTER DATABASE",
        ObjectKind::Catalog => "ALTER CATALOG",
        ObjectKind::Function | ObjectKind::SystemFunction => "ALTER FUNCTION",
        ObjectKind::Model => "ALTER MODEL",
        ObjectKind::MaterializedTable => "ALTER MATERIALIZED TABLE",
        ObjectKind::Connection | ObjectKind::SystemConnection => "ALTER CONNECTION",
    }
}

const fn drop_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "DROP TABLE",
        ObjectKind::View => "DROP VIEW",
        ObjectKind::Database => "DROP DATABASE",
        ObjectKind::Catalog => "DROP CATALOG",
        ObjectKind::Function | ObjectKind::SystemFunction => "DROP FUNCTION",
        ObjectKind::Model => "DROP MODEL",
        ObjectKind::MaterializedTable => "DROP MATERIALIZED TABLE",
        ObjectKind::Connection | ObjectKind::SystemConnection => "DROP CONNECTION",
    }
}
