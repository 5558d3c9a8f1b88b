//! Scripts: statements that run one after the other.

use std::process::ExitCode;

use millstream_runtime::driver::actor::JobHandle;
use millstream_sql::parser::{parse_statement, split_statements};
use millstream_sql::{InsertJob, QueryJob, SqlError, TableEnvironment, TableResult};

use crate::clock::JobClock;
use crate::errors::{self, ErrorStyle, quoted};
use crate::failure::Failure;
use crate::job;
use crate::output;
use crate::style::Style;
use crate::tableau;

/// How a script runs.
#[derive(Clone, Copy, Debug)]
pub struct ScriptOptions {
    /// How results are written.
    pub style: Style,
    /// How errors are written.
    pub errors: ErrorStyle,
    /// Whether it goes on after a statement that fails.
    pub keep_going: bool,
    /// Whether each statement is written before its result.
    pub echo: bool,
    /// Whether the script goes on while INSERTs run.
    pub detach: bool,
    /// By which clock jobs run.
    pub clock: JobClock,
}

/// A session that scripts run in.
pub struct Script {
    options: ScriptOptions,
    /// What has been created and set.
    pub tables: TableEnvironment,
    /// The jobs of statements that are to run as one, later; `None` where each runs at once.
    deferred: Option<Vec<Deferred>>,
    /// The INSERTs that run while the script goes on.
    running: Vec<JobHandle>,
    /// The code of the first failure that the script went on after.
    failed: u8,
}

/// What a job is called where Flink shows 32 digits: its number in the process, and its name.
fn job_id(number: usize, name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let process = u64::from(std::process::id()) << 32 | number as u64;
    format!("{process:016x}{hash:016x}")
}

/// A job that is to run later.
pub enum Deferred {
    /// It writes tables.
    Insert(Box<InsertJob>),
    /// Its rows are the result.
    Query(Box<QueryJob>),
}

impl Script {
    /// A session in which nothing has been created.
    pub fn new(options: ScriptOptions) -> Self {
        Self { options, tables: TableEnvironment::new(), deferred: None, running: Vec::new(), failed: 0 }
    }

    /// A session whose jobs are not run but [kept](Self::deferred).
    pub fn deferring(options: ScriptOptions) -> Self {
        Self { deferred: Some(Vec::new()), ..Self::new(options) }
    }

    /// The jobs that have been kept.
    pub fn deferred(&mut self) -> Vec<Deferred> {
        self.deferred.take().unwrap_or_default()
    }

    /// Changes settings of the session: `key=value`.
    ///
    /// # Errors
    /// If a setting is not written so, or not what it must be.
    pub fn set(&mut self, settings: &[String]) -> Result<(), Failure> {
        for setting in settings {
            let Some((key, value)) = setting.split_once('=') else {
                return Err(Failure::usage(format!("-D {setting}: write -D key=value")));
            };
            match self.tables.set(key.trim(), value.trim()) {
                Ok(Some(warning)) => warn(&warning),
                Ok(None) => {}
                Err(error) => return Err(Failure::usage(format!("-D {setting}: {error}"))),
            }
        }
        Ok(())
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
                output::line(&format!("> {};", statement.text));
            }
            let code = match self.statement(statement.text) {
                Ok(code) => code,
                Err(error) => {
                    let error = error.shifted(statement.span.start);
                    errors::statement(&error, text, self.options.errors, self.options.style);
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
            TableResult::Ok => self.ok("Execute statement succeeded."),
            TableResult::Warning(warning) => {
                warn(&warning);
                self.ok("Execute statement succeeded.");
            }
            TableResult::Text(text) => match self.options.style {
                Style::Json => output::line(&format!("{{\"ok\":{}}}", quoted(&text))),
                _ => output::write(&text),
            },
            TableResult::Rows { columns, rows } => match self.options.style {
                Style::Flink => tableau::print_rows(&columns, &rows),
                style => print_plainly(&rows, style),
            },
            TableResult::Query(query) => match &mut self.deferred {
                Some(deferred) => deferred.push(Deferred::Query(query)),
                None => return job::query(&self.tables.session, &query, self.options),
            },
            TableResult::Insert(insert) => {
                if let Some(deferred) = &mut self.deferred {
                    deferred.push(Deferred::Insert(Box::new(insert)));
                    return Ok(0);
                }
                if self.options.detach {
                    return self.submit(&insert);
                }
                let code = job::insert(&self.tables.session, &insert, self.options)?;
                if code == 0 {
                    self.ok("Complete execution of the SQL update statement.");
                }
                return Ok(code);
            }
        }
        Ok(0)
    }

    /// Starts the job of an INSERT, and says so as Flink's client does.
    fn submit(&mut self, insert: &InsertJob) -> Result<u8, SqlError> {
        if self.options.style == Style::Flink {
            output::line("[INFO] Submitting SQL update statement to the cluster...");
        }
        match job::submit(&self.tables.session, insert)? {
            Ok(handle) => {
                let id = job_id(self.running.len(), handle.name());
                match self.options.style {
                    Style::Flink => {
                        output::line(
                            "[INFO] SQL update statement has been successfully submitted to the cluster:",
                        );
                        output::line(&format!("Job ID: {id}\n"));
                    }
                    Style::Json => output::line(&format!("{{\"ok\":{}}}", quoted(&format!("Job ID: {id}")))),
                    Style::Plain => {}
                }
                self.running.push(handle);
                Ok(0)
            }
            Err(error) => {
                errors::job(&error, self.options.errors, self.options.style);
                Ok(Failure::JOB)
            }
        }
    }

    /// Waits for the INSERTs that run while the script has gone on.
    pub fn join(&mut self) {
        for handle in std::mem::take(&mut self.running) {
            if let Err(error) = handle.join_blocking() {
                errors::job(&error, self.options.errors, self.options.style);
                if self.failed == 0 {
                    self.failed = Failure::JOB;
                }
            }
        }
    }

    fn ok(&self, text: &str) {
        match self.options.style {
            Style::Flink => output::line(&format!("[INFO] {text}")),
            Style::Json => output::line(&format!("{{\"ok\":{}}}", quoted(text))),
            Style::Plain => {}
        }
    }
}

fn print_plainly(rows: &[Vec<Option<String>>], style: Style) {
    for row in rows {
        let cells = row.iter().map(|cell| match (cell, style) {
            (Some(cell), Style::Json) => quoted(cell),
            (Some(cell), _) => cell.clone(),
            (None, _) => "null".to_owned(),
        });
        let cells: Vec<_> = cells.collect();
        output::line(&match style {
            Style::Json => format!("{{\"op\":\"+I\",\"row\":[{}]}}", cells.join(",")),
            _ => format!("+I[{}]", cells.join(", ")),
        });
    }
}

/// Writes what is no error and should be known.
pub fn warn(text: &str) {
    output::error_line(&format!("[WARN] {text}"));
}
