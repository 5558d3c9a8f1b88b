//! What all examples share: flags, live progress, a clean stop on Ctrl-C, and a way to die hard.

#![allow(dead_code, reason = "each example uses its part")]
#![allow(clippy::disallowed_methods, reason = "an example is a program: it may look at the clock and wait")]

pub mod flights;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use millstream::Environment;
use millstream::job::{JobHandle, JobMetrics, JobOutcome};

/// How often progress is shown on a terminal, and logged where there is none.
const SHOW_EVERY: Duration = Duration::from_millis(100);
const LOG_EVERY: Duration = Duration::from_secs(2);

/// The flags that all examples know.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where results go: files whose names start neither with `.` nor with `_`
    #[arg(long, value_name = "DIR", default_value = "./output")]
    pub output: PathBuf,
    /// Where checkpoints go
    #[arg(long, value_name = "DIR", default_value = "./snapshots")]
    pub snapshots: PathBuf,
    /// How many subtasks each operator has [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    pub parallelism: Option<u32>,
    /// Milliseconds between two checkpoints
    #[arg(long, value_name = "MS", default_value_t = 200)]
    pub checkpoint_interval: u64,
    /// Records per second at most [default: as many as it can]
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// Begin from a checkpoint, a savepoint, or the latest checkpoint in a snapshots folder
    #[arg(long, value_name = "PATH")]
    pub restore: Option<String>,
    /// Die hard (abort) after N records, to try a restore
    #[arg(long, value_name = "N")]
    pub kill_after: Option<u64>,
    /// Print the job graph and stop
    #[arg(long)]
    pub explain: bool,
}

impl Options {
    /// An environment with these settings.
    pub fn environment(&self) -> Environment {
        start_logging();
        let mut env = Environment::new()
            .snapshot_folder(self.snapshots.to_string_lossy())
            .checkpoint_every(Duration::from_millis(self.checkpoint_interval.max(1)));
        if let Some(parallelism) = self.parallelism {
            env = env.parallelism(parallelism);
        }
        if let Some(path) = &self.restore {
            env = env.restore_from(path);
        }
        env
    }

    /// Counts a record each time it is called, and kills the process after `--kill-after` of them:
    /// no destructor runs, nothing is flushed, as when the power fails.
    pub fn kill_switch<T>(&self) -> impl Fn(&T) + Clone + Send + Sync + 'static {
        let (limit, counted) = (self.kill_after, Arc::new(AtomicU64::new(0)));
        move |_| {
            if let Some(limit) = limit
                && counted.fetch_add(1, Ordering::Relaxed) + 1 >= limit
            {
                eprintln!("killed after {limit} records, as asked; go on with --restore <snapshots>");
                std::process::abort();
            }
        }
    }

    /// Runs the job to its end, showing how it gets on. Ctrl-C stops it.
    ///
    /// Returns its last metrics, or `None` if it was stopped.
    pub fn run(&self, env: &Environment, name: &str) -> millstream::Result<Option<JobMetrics>> {
        if self.explain {
            println!("{}", env.explain()?);
            return Ok(None);
        }
        let handle = env.spawn(name)?;
        let stop = handle.clone();
        if let Err(error) = ctrlc::set_handler(move || stop.cancel()) {
            tracing::warn!(%error, "Ctrl-C will not stop the job cleanly");
        }
        let began = Instant::now();
        watch(&handle);
        let report = handle.join_blocking()?;
        let metrics = handle.metrics();
        match report.outcome {
            JobOutcome::Cancelled => {
                match handle.latest_checkpoint() {
                    Some(_) => eprintln!("stopped; go on with --restore {}", handle.checkpoint_folder()),
                    None => eprintln!("stopped before the first checkpoint was complete"),
                }
                Ok(None)
            }
            _ => {
                let (seconds, checkpoints) = (began.elapsed().as_secs_f64(), metrics.checkpoints.completed());
                eprintln!(
                    "done in {seconds:.2} s, {checkpoints} checkpoints in {}",
                    handle.checkpoint_folder()
                );
                Ok(Some(metrics))
            }
        }
    }
}

/// Logs go to standard error; `RUST_LOG` says which.
fn start_logging() {
    let default = if std::io::stderr().is_terminal() { "warn" } else { "info" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    // A second call in one process changes nothing, and that is all right.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Shows progress until the job is over.
fn watch(handle: &JobHandle) {
    let terminal = std::io::stderr().is_terminal();
    let style =
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    let (mut last, mut logged) = ((Instant::now(), 0), Instant::now());
    while !handle.status().is_final() {
        std::thread::sleep(SHOW_EVERY);
        let metrics = handle.metrics();
        let records = source_records(&metrics);
        let rate = (records.saturating_sub(last.1)) as f64 / last.0.elapsed().as_secs_f64();
        last = (Instant::now(), records);
        let text = describe(&metrics, records, rate);
        if terminal {
            bar.set_message(text);
            bar.tick();
        } else if logged.elapsed() >= LOG_EVERY {
            logged = Instant::now();
            tracing::info!("{text}");
        }
    }
    bar.finish_and_clear();
}

/// Records that the sources have given out: those of operators that take nothing in.
fn source_records(metrics: &JobMetrics) -> u64 {
    let operators = metrics.operators();
    operators.values().filter(|operator| operator.records_in == 0).map(|operator| operator.records_out).sum()
}

fn describe(metrics: &JobMetrics, records: u64, rate: f64) -> String {
    let watermark = metrics.subtasks.values().map(|subtask| subtask.watermark).max();
    let watermark =
        watermark.filter(|time| time.as_millis() != i64::MIN).map_or("none".to_owned(), |w| w.to_string());
    format!(
        "{:?}: {records} records in, {rate:.0}/s, watermark {watermark}, {} checkpoints, {} restarts",
        metrics.status,
        metrics.checkpoints.completed(),
        metrics.restarts
    )
}

/// The folder of the example data.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join("data")
}

/// All lines of all committed files in a folder.
pub fn committed_lines(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(['.', '_']) && entry.file_type()?.is_file() {
            lines.extend(std::fs::read_to_string(entry.path())?.lines().map(str::to_owned));
        }
    }
    Ok(lines)
}

/// As [`committed_lines`], with an error that a job's program can return.
pub fn results(folder: &Path) -> millstream::Result<Vec<String>> {
    committed_lines(folder).map_err(|error| failed("read", folder, error))
}

/// Deletes a folder with everything in it, if it is there.
pub fn remove_folder(folder: &Path) -> millstream::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("delete", folder, error)),
        _ => Ok(()),
    }
}

fn failed(action: &str, folder: &Path, error: std::io::Error) -> millstream::Error {
    let problem = format!("cannot {action} `{}`", folder.display());
    millstream::Error::new(millstream::ErrorKind::External, problem).caused_by(error)
}
