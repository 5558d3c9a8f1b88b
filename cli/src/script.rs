//! Scripts: statements that run one after the other.

use std::process::ExitCode;

use millstream_sql::parser::{parse_statement, split_statements};
use millstream_sql::{SqlError, TableEnvironment, TableResult};

use crate::failure::Failure;
use crate::job;
use crate::style::Style;
use crate::tableau;

/// How a script runs.
#[derive(Clone, Copy, Debug)]
pub struct ScriptOptions {
    /// How results are written.
    pub style: Style,
    /// Whether it goes on after a statement that fails.
    pub keep_going: bool,
    /// Whether each statement is written before its result.
    pub echo: bool,
}

/// A session that scripts run in.
pub struct Script {
    options: ScriptOptions,
    tables: TableEnvironment,
    /// The code of the first failure that the script went on after.
    failed: u8,
}

impl Script {
    /// A session in which nothing has been created.
    pub fn new(options: ScriptOptions) -> Self {
        Self { options, tables: TableEnvironment::new(), failed: 0 }
    }

    /// Changes a setting of the session.
    pub fn set(&mut self, key: &str, value: &str) {
        self.tables.session.settings.insert(key.to_owned(), value.to_owned());
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.failed)
    }

    /// Runs the statements of a text.
    ///
    /// # Errors
    /// The first failure, which has been written, unless the script goes on after it.
    pub fn run(&mut self, text: &str) -> Result<(), Failure> {
        for statement in split_statements(text) {
            if self.options.echo {
                println!("> {};", statement.text);
            }
            let code = match self.statement(statement.text) {
                Ok(code) => code,
                Err(error) => {
                    report(&error.shifted(statement.span.start), text);
                    Failure::REFUSED
                }
            };
            if code == 0 {
                continue;
            }
            if !self.options.keep_going {
                return Err(Failure::reported(code));
            }
            if self.failed == 0 {
                self.failed = code;
            }
        }
        Ok(())
    }

    /// Runs one statement; the code is 0, or that of a job that failed.
    fn statement(&mut self, text: &str) -> Result<u8, SqlError> {
        let statement = parse_statement(text)?;
        match self.tables.execute(&statement)? {
            TableResult::Ok => {
                self.info("Execute statement succeeded.");
                Ok(0)
            }
            TableResult::Rows { columns, rows } => {
                tableau::print_rows(&columns, &rows);
                Ok(0)
            }
            TableResult::Query(query) => job::query(&self.tables.session, &query, self.options.style),
            TableResult::Insert(insert) => {
                let code = job::insert(&self.tables.session, &insert)?;
                if code == 0 {
                    self.info("Complete execution of the SQL update statement.");
                }
                Ok(code)
            }
        }
    }

    fn info(&self, text: &str) {
        if self.options.style == Style::Flink {
            println!("[INFO] {text}");
        }
    }
}

/// Writes an error as Flink's client does, then the place of it.
fn report(error: &SqlError, text: &str) {
    eprintln!("[ERROR] Could not execute SQL statement. Reason:\n{}: {}", error.kind(), error.render(text));
}
