//! Jobs of statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream_operators::Environment;
use millstream_operators::sink::PrintSink;
use millstream_sql::catalog::Session;
use millstream_sql::chunk::{Chunk, RowText};
use millstream_sql::{InsertJob, QueryJob, SqlError};

use crate::failure::Failure;
use crate::style::Style;
use crate::tableau::Tableau;

/// The environment that the settings of a session describe.
fn environment(session: &Session) -> Result<Environment, SqlError> {
    let key = "parallelism.default";
    let parallelism = match session.setting(key) {
        None => 1,
        Some(value) => value.parse().ok().filter(|parallelism| *parallelism > 0).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid value '{value}' for option '{key}': it must be a number above 0"
            ))
        })?,
    };
    Ok(Environment::new().parallelism(parallelism))
}

fn name(session: &Session, otherwise: &str) -> String {
    session.setting("pipeline.name").unwrap_or(otherwise).to_owned()
}

/// Runs a job to its end; the code is 0, or that of a failure, which has been written.
fn execute(environment: &Environment, name: &str) -> u8 {
    match environment.execute(name) {
        Ok(_) => 0,
        Err(error) => {
            eprintln!("[ERROR] The job failed. Reason:\n{error}");
            for cause in error.causes() {
                eprintln!("Caused by: {cause}");
            }
            Failure::JOB
        }
    }
}

/// Runs the INSERTs of a job.
pub fn insert(session: &Session, job: &InsertJob) -> Result<u8, SqlError> {
    let environment = environment(session)?;
    job.build(&environment)?;
    Ok(execute(&environment, &name(session, "insert")))
}

/// Runs a query and writes its rows as they come.
pub fn query(session: &Session, job: &QueryJob, style: Style) -> Result<u8, SqlError> {
    let environment = environment(session)?;
    let rows = job.build(&environment)?;
    let text = RowText::new(job.schema());
    let tableau = Tableau::new(job.schema(), session.zone()?);
    let count = Arc::new(AtomicU64::new(0));
    if style == Style::Flink {
        tableau.print_header();
    }
    let (counted, lines) = (count.clone(), tableau.clone());
    let _sink = rows.sink_to(PrintSink::new(move |chunk: &Chunk, out: &mut String| {
        counted.fetch_add(chunk.rows() as u64, Ordering::Relaxed);
        for row in 0..chunk.rows() {
            if row > 0 {
                out.push('\n');
            }
            match style {
                Style::Flink => lines.write(chunk, row, out),
                Style::Plain => text.write(chunk, row, out),
            }
        }
    }));
    let code = execute(&environment, &name(session, "query"));
    if style == Style::Flink {
        tableau.print_footer(count.load(Ordering::Relaxed));
    }
    Ok(code)
}
