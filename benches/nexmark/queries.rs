//! The queries, as their texts are in the parser's tests.

use millstream::sql::connectors::TestRows;
use millstream::sql::parser::split_statements;
use millstream::sql::{InsertJob, TableEnvironment, TableResult};

const TABLES: &str = include_str!("../../sql/tests/parser/nexmark/tables.sql");

macro_rules! queries {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../sql/tests/parser/nexmark/", $name, ".sql")))),+]
    };
}

pub const QUERIES: &[(&str, &str)] = queries![
    "q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q12", "q13", "q14", "q15", "q16", "q17",
    "q18", "q19", "q20", "q21", "q22", "q23",
];

/// As Nexmark sets it for Flink.
const MINI_BATCH: [(&str, &str); 3] = [
    ("table.exec.mini-batch.enabled", "true"),
    ("table.exec.mini-batch.allow-latency", "2 s"),
    ("table.exec.mini-batch.size", "50000"),
];

/// The table that q13 looks up in, as Nexmark makes it: a text for each number up to 10,000.
fn register_side_input(tables: &mut TableEnvironment) {
    if let Some(table) = tables.table("side_input") {
        let path = table.path.clone();
        let rows = (0..10_000).map(|key| format!("[{key}, \"{key}\"]"));
        tables.session.register_rows(path, TestRows::new(rows));
    }
}

/// The job of a query; why there is none, otherwise.
pub fn job(query: &str, events: u64, mini_batch: bool) -> Result<InsertJob, String> {
    let mut tables = TableEnvironment::new();
    for (key, value) in MINI_BATCH.iter().filter(|_| mini_batch) {
        tables.set(key, value).expect("the setting is known");
    }
    let generator = TABLES.replace("'events.num' = '100000000'", &format!("'events.num' = '{events}'"));
    assert_ne!(generator, TABLES, "the number of events is an option of the table");
    let mut insert = None;
    for script in [generator.as_str(), query] {
        for statement in split_statements(script) {
            match tables.execute_sql(statement.text) {
                Ok(TableResult::Insert(job)) => insert = Some(job),
                Ok(_) => register_side_input(&mut tables),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    insert.ok_or_else(|| "it inserts nothing".to_owned())
}
