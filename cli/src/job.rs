//! Jobs of statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream_operators::sink::PrintSink;
use millstream_operators::{Environment, Stream};
use millstream_sql::catalog::Session;
use millstream_sql::chunk::{Chunk, RowText};
use millstream_sql::types::Schema;
use millstream_sql::{InsertJob, QueryJob, SqlError};

use crate::errors;
use crate::failure::Failure;
use crate::fold::Folded;
use crate::json::RowJson;
use crate::script::ScriptOptions;
use crate::settings::{environment, job_name};
use crate::style::Style;
use crate::tableau::Tableau;

/// Runs a job to its end; the code is 0, or that of a failure, which has been written.
fn execute(environment: &Environment, name: &str, options: ScriptOptions) -> u8 {
    match environment.execute(name) {
        Ok(_) => 0,
        Err(error) => {
            errors::job(&error, options.errors, options.style);
            Failure::JOB
        }
    }
}

/// Runs the INSERTs of a job.
pub fn insert(session: &Session, job: &InsertJob, options: ScriptOptions) -> Result<u8, SqlError> {
    let environment = environment(session)?;
    job.build(&environment)?;
    Ok(execute(&environment, &job_name(session, "insert"), options))
}

/// Runs a query and writes its rows: as they come, or in batch mode those that are there in the end.
pub fn query(session: &Session, job: &QueryJob, options: ScriptOptions) -> Result<u8, SqlError> {
    let environment = environment(session)?;
    let rows = job.build(&environment)?;
    let name = job_name(session, "query");
    if session.is_batch() {
        let collected = rows.collect();
        let code = execute(&environment, &name, options);
        if code == 0 {
            let folded = Folded::of(&collected.to_vec(), job.schema());
            folded.print(job.schema(), options.style, session);
        }
        return Ok(code);
    }
    let tableau = Tableau::new(job.schema(), session);
    if options.style == Style::Flink {
        tableau.print_header();
    }
    let count = print(&rows, job.schema(), options.style, &tableau);
    let code = execute(&environment, &name, options);
    if options.style == Style::Flink && code == 0 {
        tableau.print_footer(count.load(Ordering::Relaxed));
    }
    Ok(code)
}

/// Writes each row of a stream as it comes; they are counted.
pub fn print(rows: &Stream<Chunk>, schema: &Schema, style: Style, tableau: &Tableau) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let (text, json) = (RowText::new(schema), RowJson::new(schema));
    let (counted, lines) = (count.clone(), tableau.clone());
    let _sink = rows.sink_to(PrintSink::new(move |chunk: &Chunk, out: &mut String| {
        counted.fetch_add(chunk.rows() as u64, Ordering::Relaxed);
        if style == Style::Flink {
            return lines.write(chunk, out);
        }
        for row in 0..chunk.rows() {
            if row > 0 {
                out.push('\n');
            }
            match style {
                Style::Json => json.write(chunk, row, out),
                _ => text.write(chunk, row, out),
            }
        }
    }));
    count
}
