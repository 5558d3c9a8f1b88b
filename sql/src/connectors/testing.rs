//! Scripts that are run, for the tests of connectors.

use millstream_operators::Environment;

use super::{TableContents, TestRows};
use crate::chunk::RowText;
use crate::table_environment::{TableEnvironment, TableResult};

/// A session, and how many subtasks its jobs have.
pub(super) struct Script {
    pub tables: TableEnvironment,
    pub parallelism: u32,
}

impl Script {
    pub fn new(parallelism: u32) -> Self {
        Self { tables: TableEnvironment::new(), parallelism }
    }

    /// Runs a statement; INSERTs to their end. The rows of a query are given, as they are printed.
    pub fn try_run(&mut self, statement: &str) -> Result<Vec<String>, String> {
        let result = self.tables.execute_sql(statement).map_err(|error| error.to_string())?;
        let environment = Environment::new().parallelism(self.parallelism);
        let (rows, schema) = match &result {
            TableResult::Query(job) => {
                (job.build(&environment).map_err(|error| error.to_string())?.collect(), job.schema().clone())
            }
            TableResult::Insert(job) => {
                job.build(&environment).map_err(|error| error.to_string())?;
                environment.execute("insert").map_err(|error| error.to_string())?;
                return Ok(Vec::new());
            }
            _ => return Ok(Vec::new()),
        };
        environment.execute("query").map_err(|error| error.to_string())?;
        let text = RowText::new(&schema);
        let chunks = rows.to_vec();
        let lines = chunks.iter().flat_map(|chunk| {
            (0..chunk.rows()).map(|row| {
                let mut line = String::new();
                text.write(chunk, row, &mut line);
                line
            })
        });
        Ok(lines.collect())
    }

    #[track_caller]
    pub fn run(&mut self, statement: &str) -> Vec<String> {
        self.try_run(statement).unwrap()
    }

    /// The same, sorted.
    #[track_caller]
    pub fn sorted(&mut self, statement: &str) -> Vec<String> {
        let mut lines = self.run(statement);
        lines.sort_unstable();
        lines
    }

    /// The rows of a table of connector `values`.
    pub fn register(&mut self, table: &str, rows: TestRows) {
        let path = self.tables.table(table).unwrap().path.clone();
        self.tables.session.register_rows(path, rows);
    }

    /// What was written into a table of connector `values`.
    pub fn contents(&self, table: &str) -> TableContents {
        self.tables.session.contents(&self.tables.table(table).unwrap().path).unwrap()
    }
}
