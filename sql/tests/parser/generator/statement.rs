//! Statements.

use millstream_sql::parser::ast::*;

use super::expression::{column, expression, function_call};
use super::query::{hint, query};
use super::table::{
    alter_materialized_table, alter_table, create_materialized_table, create_table, partition,
};
use super::{Choices, constant, identifier, object_name, options, span, string};

fn of(kind: StatementKind) -> Statement {
    Statement { kind, span: span() }
}

pub fn statement(c: &mut Choices<'_>) -> Statement {
    of(match c.below(37) {
        0 | 1 => StatementKind::Query(Box::new(query(c))),
        2 => StatementKind::Insert(Box::new(insert(c))),
        3 => StatementKind::Update(Box::new(Update {
            table: object_name(c),
            alias: c.option(identifier),
            assignments: c.list(1, |c| Assignment {
                column: identifier(c),
                value: expression(c),
                span: span(),
            }),
            selection: c.option(expression),
        })),
        4 => StatementKind::Delete(Box::new(Delete {
            table: object_name(c),
            alias: c.option(identifier),
            selection: c.option(expression),
        })),
        5 => StatementKind::BeginStatementSet,
        6 => StatementKind::EndStatementSet,
        7 => execute(c).kind,
        8 => StatementKind::ExecutePlan(string(c)),
        9 => StatementKind::CompilePlan(PlanFile { if_not_exists: c.flag(), ..plan_file(c) }),
        10 => StatementKind::CompileAndExecutePlan(plan_file(c)),
        11 => explain(c),
        12 | 13 => StatementKind::CreateTable(Box::new(create_table(c))),
        14 => StatementKind::CreateView(Box::new(CreateView {
            or_replace: c.flag(),
            temporary: c.flag(),
            if_not_exists: c.flag(),
            name: object_name(c),
            columns: c.some(identifier),
            comment: c.option(string),
            query: Box::new(query(c)),
        })),
        15 => StatementKind::CreateDatabase(CreateDatabase {
            if_not_exists: c.flag(),
            name: object_name(c),
            comment: c.option(string),
            options: options(c),
        }),
        16 => StatementKind::CreateCatalog(CreateCatalog {
            if_not_exists: c.flag(),
            name: identifier(c),
            comment: c.option(string),
            options: options(c),
        }),
        17 => StatementKind::CreateFunction(Box::new(CreateFunction {
            temporary: c.flag(),
            system: c.flag(),
            if_not_exists: c.flag(),
            name: object_name(c),
            class: string(c),
            language: c.option(language),
            resources: c.some(|c| FunctionResource {
                kind: c.pick(&[ResourceKind::Jar, ResourceKind::Artifact]),
                path: string(c),
            }),
            options: options(c),
        })),
        18 => StatementKind::CreateModel(Box::new(CreateModel {
            temporary: c.flag(),
            if_not_exists: c.flag(),
            name: object_name(c),
            input: c.some(column),
            output: c.some(column),
            comment: c.option(string),
            options: options(c),
            query: c.option(|c| Box::new(query(c))),
        })),
        19 => StatementKind::CreateMaterializedTable(Box::new(create_materialized_table(c))),
        20 => StatementKind::AlterTable(Box::new(alter_table(c))),
        21 => StatementKind::AlterMaterializedTable(Box::new(alter_materialized_table(c))),
        22 => StatementKind::Alter(Box::new(alter(c))),
        23 => StatementKind::Drop(drop_object(c)),
        24 => StatementKind::Show(show(c)),
        25 => StatementKind::Describe(describe(c)),
        26 => StatementKind::UseCatalog(identifier(c)),
        27 => StatementKind::UseDatabase(object_name(c)),
        28 => StatementKind::UseModules(c.list(1, identifier)),
        29 => StatementKind::LoadModule(identifier(c), options(c)),
        30 => StatementKind::UnloadModule(identifier(c)),
        31 => StatementKind::Set(c.option(|c| SqlOption { key: string(c), value: string(c), span: span() })),
        32 => StatementKind::Reset(c.option(string)),
        33 if c.flag() => StatementKind::AddJar(string(c)),
        33 => StatementKind::RemoveJar(string(c)),
        34 if c.flag() => StatementKind::Truncate(object_name(c)),
        34 => StatementKind::Analyze(Analyze {
            table: object_name(c),
            partition: c.some(|c| (identifier(c), c.option(constant))),
            columns: match c.below(3) {
                0 => AnalyzedColumns::None,
                1 => AnalyzedColumns::All,
                _ => AnalyzedColumns::Some(c.list(1, identifier)),
            },
        }),
        35 => {
            let temporary = c.flag();
            StatementKind::CreateConnection(Box::new(CreateConnection {
                temporary,
                system: temporary && c.flag(),
                if_not_exists: c.flag(),
                name: object_name(c),
                comment: c.option(string),
                options: options(c),
            }))
        }
        _ if c.flag() => StatementKind::Call(Box::new(function_call(c))),
        _ => {
            let savepoint = c.flag();
            StatementKind::StopJob { job: string(c), savepoint, drain: savepoint && c.flag() }
        }
    })
}

fn insert(c: &mut Choices<'_>) -> Insert {
    let mut source = query(c);
    let actions = [ConflictAction::Error, ConflictAction::Nothing, ConflictAction::Deduplicate];
    let on_conflict = c.option(|c| c.pick(&actions));
    if on_conflict.is_some() && source.limit.is_none() {
        // ON behind a join without a condition would be its condition.
        source.limit = Some(Limit::All);
    }
    Insert {
        mode: c.pick(&[InsertMode::Into, InsertMode::Overwrite, InsertMode::Upsert]),
        table: object_name(c),
        hints: c.some(hint),
        partition: c.some(partition),
        columns: c.some(object_name),
        source,
        on_conflict,
        span: span(),
    }
}

fn statement_set(c: &mut Choices<'_>) -> Statement {
    of(StatementKind::StatementSet(c.list(1, insert)))
}

fn execute(c: &mut Choices<'_>) -> Statement {
    let statement = match c.below(3) {
        0 => of(StatementKind::Query(Box::new(query(c)))),
        1 => of(StatementKind::Insert(Box::new(insert(c)))),
        _ => statement_set(c),
    };
    of(StatementKind::Execute(Box::new(statement)))
}

fn plan_file(c: &mut Choices<'_>) -> PlanFile {
    let statement = if c.flag() { statement_set(c) } else { of(StatementKind::Insert(Box::new(insert(c)))) };
    PlanFile { path: string(c), if_not_exists: false, statement: Box::new(statement) }
}

fn explain(c: &mut Choices<'_>) -> StatementKind {
    use ExplainDetail::*;
    let mut details = c.some(|c| c.pick(&[EstimatedCost, ChangelogMode, JsonExecutionPlan, PlanAdvice]));
    details.dedup();
    if details.len() > 2 {
        details.truncate(1);
    }
    let statement = match c.below(5) {
        0 => of(StatementKind::Query(Box::new(query(c)))),
        1 => of(StatementKind::Insert(Box::new(insert(c)))),
        2 => execute(c),
        3 => statement_set(c),
        _ => {
            let table = create_table(c);
            let query = table.query.or_else(|| Some(Box::new(query(c))));
            let elements = Vec::new();
            of(StatementKind::CreateTable(Box::new(CreateTable { like: None, query, elements, ..table })))
        }
    };
    StatementKind::Explain(Explain { details, statement: Box::new(statement) })
}

fn language(c: &mut Choices<'_>) -> FunctionLanguage {
    use FunctionLanguage::*;
    c.pick(&[Java, Scala, Sql, Python])
}

fn alter(c: &mut Choices<'_>) -> AlterObject {
    let rename = |c: &mut Choices<'_>| AlterAction::Rename(object_name(c));
    let set = |c: &mut Choices<'_>| AlterAction::Set(options(c));
    let reset = |c: &mut Choices<'_>| AlterAction::Reset(c.some(string));
    let (kind, action) = match c.below(13) {
        10 => (ObjectKind::Connection, rename(c)),
        11 => (ObjectKind::Connection, set(c)),
        12 => (ObjectKind::Connection, reset(c)),
        0 => (ObjectKind::View, rename(c)),
        1 => (ObjectKind::View, AlterAction::Query(Box::new(query(c)))),
        2 => (ObjectKind::Database, set(c)),
        3 => (ObjectKind::Catalog, set(c)),
        4 => (ObjectKind::Catalog, reset(c)),
        5 => (ObjectKind::Catalog, AlterAction::Comment(string(c))),
        6 => (ObjectKind::Model, rename(c)),
        7 => (ObjectKind::Model, set(c)),
        8 => (ObjectKind::Model, reset(c)),
        _ => {
            let kind = c.pick(&[ObjectKind::Function, ObjectKind::SystemFunction]);
            (kind, AlterAction::Function(string(c), c.option(language)))
        }
    };
    let function = matches!(kind, ObjectKind::Function | ObjectKind::SystemFunction);
    let mut name = object_name(c);
    if kind == ObjectKind::Catalog {
        name.parts.truncate(1);
    }
    let if_exists = (function || matches!(kind, ObjectKind::Model | ObjectKind::Connection)) && c.flag();
    AlterObject { temporary: function && c.flag(), kind, if_exists, name, action }
}

fn drop_object(c: &mut Choices<'_>) -> Drop {
    use ObjectKind::*;
    let permanent = [Database, Catalog, MaterializedTable];
    let others = [Table, View, Function, SystemFunction, Model, Connection, SystemConnection];
    let kind = c.pick(&[&others[..], &permanent].concat());
    let temporary = kind == SystemConnection || !permanent.contains(&kind) && c.flag();
    let cascade = if kind == Database { c.option(Choices::flag) } else { None };
    Drop { temporary, kind, if_exists: c.flag(), name: object_name(c), cascade }
}

fn show(c: &mut Choices<'_>) -> Show {
    use ShowKind::*;
    let created =
        [ObjectKind::Table, ObjectKind::View, ObjectKind::Catalog, ObjectKind::Model, ObjectKind::Connection];
    let create = Create(c.pick(&[&created[..], &[ObjectKind::MaterializedTable]].concat()), object_name(c));
    let partitions = Partitions(object_name(c), c.some(partition));
    let kind = c.pick(&[
        Tables,
        Views,
        MaterializedTables,
        Models,
        Connections,
        Columns,
        Databases,
        Functions,
        UserFunctions,
        Procedures,
        Catalogs,
        CurrentCatalog,
        CurrentDatabase,
        Modules,
        FullModules,
        Jars,
        Jobs,
        create,
        partitions,
    ]);
    let pattern = |c: &mut Choices<'_>, operators: &[PatternOperator]| {
        c.option(|c| NamePattern { negated: c.flag(), operator: c.pick(operators), pattern: string(c) })
    };
    let both = [PatternOperator::Like, PatternOperator::ILike];
    let (from, pattern) = match kind {
        Columns => (Some(object_name(c)), pattern(c, &both[..1])),
        Connections => (c.option(object_name), pattern(c, &both[..1])),
        Tables | Views | MaterializedTables | Models => (c.option(object_name), pattern(c, &both[..1])),
        Databases | Functions | UserFunctions | Procedures => (c.option(object_name), pattern(c, &both)),
        Catalogs => (None, pattern(c, &both)),
        _ => (None, None),
    };
    Show { kind, from, pattern }
}

fn describe(c: &mut Choices<'_>) -> Describe {
    use ObjectKind::*;
    if c.below(4) == 3 {
        return Describe::Job(string(c));
    }
    let kind = c.pick(&[Table, Catalog, Database, Function, Model, Connection]);
    Describe::Object { kind, extended: c.flag(), name: object_name(c) }
}
