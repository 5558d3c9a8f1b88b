//! Jobs of statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream_operators::sink::{CollectSink, Collected, PrintSink};
use millstream_operators::{Environment, Stream};
use millstream_runtime::driver::actor::JobHandle;
use millstream_sql::catalog::Session;
use millstream_sql::chunk::{Chunk, RowText};
use millstream_sql::types::Schema;
use millstream_sql::{InsertJob, QueryJob, SqlError};

use crate::clock::{JobClock, run_virtually};
use crate::errors;
use crate::failure::Failure;
use crate::fold::Folded;
use crate::json::RowJson;
use crate::script::ScriptOptions;
use crate::settings::{environment, job_name};
use crate::style::Style;
use crate::tableau::Tableau;

/// Runs a job to its end, which `build` adds to an environment, once; the code is 0, or that of a failure, which has been
/// written.
fn execute(
    session: &Session,
    otherwise: &str,
    options: ScriptOptions,
    build: impl Fn(&Environment) -> Result<(), SqlError>,
) -> Result<u8, SqlError> {
    let name = job_name(session, otherwise);
    let prepared = || {
        let environment = environment(session)?;
        build(&environment)?;
        Ok(environment)
    };
    let result = match options.clock {
        JobClock::Wall => prepared()?.execute(&name).map(drop),
        JobClock::Virtual { seed } => run_virtually(seed, &name, prepared),
    };
    Ok(match result {
        Ok(()) => 0,
        Err(error) => {
            errors::job(&error, options.errors, options.style);
            Failure::JOB
        }
    })
}

/// Starts the INSERTs of a job.
pub fn submit(session: &Session, job: &InsertJob) -> Result<millstream_runtime::Result<JobHandle>, SqlError> {
    let environment = environment(session)?;
    job.build(&environment)?;
    Ok(environment.spawn(&job_name(session, "insert")))
}

/// Runs the INSERTs of a job.
pub fn insert(session: &Session, job: &InsertJob, options: ScriptOptions) -> Result<u8, SqlError> {
    execute(session, "insert", options, |environment| job.build(environment))
}

/// Runs a query and writes its rows: as they come, or in batch mode those that are there in the end.
pub fn query(session: &Session, job: &QueryJob, options: ScriptOptions) -> Result<u8, SqlError> {
    if session.is_batch() {
        let collected = Collected::default();
        let code = execute(session, "query", options, |environment| {
            let _sink = job.build(environment)?.sink_to(CollectSink::new(&collected));
            Ok(())
        })?;
        if code == 0 {
            let folded = Folded::of(&collected.take(), job.schema());
            folded.print(job.schema(), options.style, session);
        }
        return Ok(code);
    }
    let tableau = Tableau::new(job.schema(), session);
    if options.style == Style::Flink {
        tableau.print_header();
    }
    let count = Arc::new(AtomicU64::new(0));
    let code = execute(session, "query", options, |environment| {
        print(&job.build(environment)?, job.schema(), options.style, &tableau, &count);
        Ok(())
    })?;
    if options.style == Style::Flink && code == 0 {
        tableau.print_footer(count.load(Ordering::Relaxed));
    }
    Ok(code)
}

/// Writes each row of a stream as it comes; they are counted.
pub fn print(rows: &Stream<Chunk>, schema: &Schema, style: Style, tableau: &Tableau, count: &Arc<AtomicU64>) {
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
}
