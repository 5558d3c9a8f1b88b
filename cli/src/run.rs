//! `millstream run`: the INSERTs of a script as one job, with checkpoints, that can be stopped and go on later.

mod progress;

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use futures::executor::block_on;
use millstream_operators::Environment;
use millstream_runtime::checkpoint::SavepointInfo;
use millstream_runtime::driver::actor::{JobHandle, JobReport};
use millstream_runtime::job::{JobOutcome, JobStatus};
use millstream_runtime::{Error, Result};
use millstream_sql::SqlError;
use millstream_sql::catalog::Session;
use millstream_state::stores::child_of;

use crate::errors;
use crate::failure::Failure;
use crate::job::print;
use crate::output;
use crate::script::{Deferred, Script, ScriptOptions, warn};
use crate::settings::{environment, job_name};
use crate::tableau::Tableau;
use progress::Progress;

/// What the command line says of a run; it wins over what the script sets.
#[derive(Debug)]
pub struct RunOptions {
    /// How results and errors are written.
    pub script: ScriptOptions,
    /// Settings, as `key=value`.
    pub settings: Vec<String>,
    /// The snapshot to go on from: its path, or the folder of the job's checkpoints.
    pub restore: Option<String>,
    /// Begins afresh where there is nothing to go on from.
    pub or_start: bool,
    /// Where savepoints go that are taken when the job is stopped.
    pub savepoint_folder: Option<String>,
    /// How often progress is written; not at all if zero.
    pub progress: Duration,
}

/// As of a process that SIGINT has ended.
const INTERRUPTED: u8 = 130;

/// What happens while a job runs.
enum Event {
    /// SIGINT or SIGTERM.
    Interrupt,
    /// A savepoint has been taken, or not.
    Savepoint(Result<SavepointInfo>),
    /// The job is over.
    Ended(Result<JobReport>),
}

/// Runs a script's statements, and its INSERTs as one job.
///
/// # Errors
/// Failures, which have been written.
pub fn run(
    file: &Path,
    text: &str,
    mut script: Script,
    options: &RunOptions,
) -> std::result::Result<u8, Failure> {
    script.run(text)?;
    let deferred = script.deferred();
    script.set(&options.settings)?;
    let refused = |error: &SqlError| {
        errors::statement(error, text, options.script.errors, options.script.style);
        Failure::reported(Failure::REFUSED)
    };
    let session = &script.tables.session;
    let environment = prepare(session, options).map_err(|error| refused(&error))?;
    build(deferred, session, &environment, options.script).map_err(|error| refused(&error))?;
    let stem = file.file_stem().map_or_else(|| "job".into(), |stem| stem.to_string_lossy());
    let name = job_name(session, &stem);
    let handle = environment.spawn(&name).map_err(|error| failed(&error, options))?;
    let again = format!("millstream run {}", file.display());
    watch(&handle, &again, savepoint_folder(session, options).as_deref(), options)
}

/// The environment of the job: with checkpoints, whatever the script says.
fn prepare(session: &Session, options: &RunOptions) -> std::result::Result<Environment, SqlError> {
    let mut session = session.clone();
    let interval = "execution.checkpointing.interval";
    if session.setting(interval).is_none() {
        session.settings.insert(interval.to_owned(), "10 s".to_owned());
    }
    if checkpoint_folder(&session).is_none() {
        warn(
            "checkpoints are kept in memory: with --checkpoints DIR the job survives the end of this process",
        );
    }
    let environment = environment(&session)?;
    Ok(match &options.restore {
        Some(path) if options.or_start => environment.restore_or_start(path),
        Some(path) => environment.restore_from(path),
        None => environment,
    })
}

/// Adds all INSERTs to one job, or the only query.
fn build(
    deferred: Vec<Deferred>,
    session: &Session,
    environment: &Environment,
    options: ScriptOptions,
) -> std::result::Result<(), SqlError> {
    let mut jobs = deferred.into_iter();
    match (jobs.next(), jobs.len()) {
        (None, _) => Err(SqlError::validation("the script has no INSERT: there is nothing to run")),
        (Some(Deferred::Query(query)), 0) => {
            let rows = query.build(environment)?;
            let tableau = Tableau::new(query.schema(), session);
            print(&rows, query.schema(), options.style, &tableau, &Default::default());
            Ok(())
        }
        (Some(Deferred::Insert(mut first)), _) => {
            for job in jobs {
                match job {
                    Deferred::Insert(other) => first.append(*other),
                    Deferred::Query(_) => return Err(query_among_others()),
                }
            }
            first.build(environment)
        }
        _ => Err(query_among_others()),
    }
}

fn query_among_others() -> SqlError {
    SqlError::validation("a script that is run as one job has INSERTs, or one query and nothing else")
        .with_hint("`millstream sql -f` runs its statements one after the other")
}

/// Waits for the end of the job, and stops it when the process is asked to end.
fn watch(
    handle: &JobHandle,
    again: &str,
    savepoints: Option<&str>,
    options: &RunOptions,
) -> std::result::Result<u8, Failure> {
    let (events, received) = mpsc::channel();
    let interrupts = events.clone();
    if let Err(error) = ctrlc::set_handler(move || drop(interrupts.send(Event::Interrupt))) {
        warn(&format!("SIGINT ends the job without a savepoint: {error}"));
    }
    let joined = handle.clone();
    in_background(&events, move || Event::Ended(joined.join_blocking()));
    let quiet = options.progress.is_zero();
    let wait = if quiet { Duration::from_secs(3600) } else { options.progress };
    let mut progress = Progress::new(wait);
    let mut stopping = false;
    let mut savepoint = None;
    loop {
        match received.recv_timeout(wait) {
            Err(RecvTimeoutError::Timeout) if quiet => {}
            Err(RecvTimeoutError::Timeout) => output::error_line(&progress.line(&handle.metrics())),
            // The thread that waits for the job holds a sender.
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::reported(Failure::JOB)),
            Ok(Event::Interrupt) => match savepoints {
                Some(folder) if !stopping => {
                    let path = savepoint_path(folder);
                    output::error_line(&format!(
                        "stopping with a savepoint in {path}; once more cancels the job"
                    ));
                    let stopped = handle.clone();
                    in_background(&events, move || {
                        await_running(&stopped);
                        Event::Savepoint(block_on(stopped.stop_with_savepoint(path)))
                    });
                    stopping = true;
                }
                _ => handle.cancel(),
            },
            Ok(Event::Savepoint(Ok(info))) => {
                let restore = format!("{again} --restore {}", info.path);
                output::error_line(&format!("savepoint {} taken; go on with: {restore}", info.path));
                if savepoint.replace(info).is_none() && handle.status().is_final() {
                    return Ok(0);
                }
            }
            Ok(Event::Savepoint(Err(error))) => {
                output::error_line(&format!("no savepoint: {error}; the job goes on"));
                stopping = false;
            }
            Ok(Event::Ended(Ok(report))) => {
                if !quiet {
                    output::error_line(&progress.line(&handle.metrics()));
                }
                match report.outcome {
                    JobOutcome::Finished => return Ok(0),
                    // The event of the savepoint says where it is.
                    JobOutcome::StoppedWithSavepoint if savepoint.is_none() => {}
                    JobOutcome::StoppedWithSavepoint => return Ok(0),
                    JobOutcome::Cancelled => {
                        output::error_line(&how_to_go_on(handle, again));
                        return Ok(INTERRUPTED);
                    }
                }
            }
            Ok(Event::Ended(Err(error))) => {
                let failure = failed(&error, options);
                output::error_line(&how_to_go_on(handle, again));
                return Err(failure);
            }
        }
    }
}

fn how_to_go_on(handle: &JobHandle, again: &str) -> String {
    match (handle.latest_checkpoint(), handle.checkpoint_folder()) {
        (Some(checkpoint), folder) if !folder.is_empty() => {
            format!("the last checkpoint is {checkpoint}; go on from it with: {again} --restore {folder}")
        }
        _ => "there is no checkpoint to go on from".to_owned(),
    }
}

fn failed(error: &Error, options: &RunOptions) -> Failure {
    errors::job(error, options.script.errors, options.script.style);
    Failure::reported(Failure::JOB)
}

/// Runs a wait on a thread of its own; what it ends with comes as an event.
#[allow(clippy::disallowed_methods, reason = "the thread waits for the job from outside of it")]
fn in_background(events: &Sender<Event>, wait: impl FnOnce() -> Event + Send + 'static) {
    let events = events.clone();
    std::thread::spawn(move || drop(events.send(wait())));
}

/// Waits while a job is being started, or started again: it can take no savepoint before its tasks are at work.
#[allow(clippy::disallowed_methods, reason = "a thread of its own waits for the job from outside of it")]
fn await_running(job: &JobHandle) {
    while matches!(job.status(), JobStatus::Created | JobStatus::Deploying | JobStatus::Restarting) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn checkpoint_folder(session: &Session) -> Option<&str> {
    let keys = ["execution.checkpointing.dir", "state.checkpoints.dir"];
    keys.iter().find_map(|key| session.setting(key)).filter(|folder| !folder.is_empty())
}

/// Where a savepoint goes that stops the job; `None` if nothing outlives the process.
fn savepoint_folder(session: &Session, options: &RunOptions) -> Option<String> {
    let set = ["execution.checkpointing.savepoint-dir", "state.savepoints.dir"];
    let set = set.iter().find_map(|key| session.setting(key)).filter(|folder| !folder.is_empty());
    let beside = || checkpoint_folder(session).map(|folder| child_of(folder, "savepoints"));
    options.savepoint_folder.clone().or_else(|| set.map(str::to_owned)).or_else(beside)
}

/// A path that no other savepoint has.
#[allow(clippy::disallowed_methods, reason = "the name of a file says when it was written")]
fn savepoint_path(folder: &str) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    child_of(folder, &format!("savepoint-{millis}-{}", std::process::id()))
}
