//! The `millstream` binary: Flink SQL from the command line.

mod clock;
mod errors;
mod explain;
mod failure;
mod fold;
mod job;
mod json;
mod output;
mod run;
mod script;
mod settings;
mod style;
mod tableau;
mod test;

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use millstream_sql::TableEnvironment;
use millstream_sql::catalog::OPTIONS;
use millstream_sql::plan::explain::ExplainOptions;
use millstream_sql::testing::CaseOptions;

use clock::JobClock;
use errors::ErrorStyle;
use failure::Failure;
use run::RunOptions;
use script::{Script, ScriptOptions};
use style::Style;
use test::TestOptions;

/// Memory is given back to the allocator by other threads than those that asked for it: columns travel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stateful stream processing with Flink's SQL.
///
/// Ends with 0 if all went well, 1 if a statement was refused, 2 if the command line is wrong, 3 if a job failed, and 4
/// if a test differs.
#[derive(Parser)]
#[command(name = "millstream", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the statements of a script, one after the other.
    Sql(SqlArguments),
    /// Runs the INSERTs of a script as one job, with checkpoints.
    Run(RunArguments),
    /// Writes the plans of the queries and INSERTs of a script.
    Explain(ExplainArguments),
    /// Runs test cases: scripts that say what must come out.
    Test(TestArguments),
}

/// How results and errors are written.
#[derive(Args)]
struct StyleArguments {
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Style::Flink)]
    style: Style,
    /// How errors are written.
    #[arg(long, value_enum, default_value_t = ErrorStyle::Flink)]
    errors: ErrorStyle,
}

#[derive(Args)]
struct SqlArguments {
    /// The script; without it and -e, standard input.
    #[arg(short = 'f', long = "file", value_name = "FILE", conflicts_with = "expression")]
    file: Option<PathBuf>,
    /// The statements themselves.
    #[arg(short = 'e', long = "execute", value_name = "SQL")]
    expression: Option<String>,
    /// A script that runs before.
    #[arg(short = 'i', long = "init", value_name = "FILE")]
    init: Option<PathBuf>,
    /// A setting, as SET 'key' = 'value' before the script.
    #[arg(short = 'D', value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    style: StyleArguments,
    /// Goes on after a statement that fails.
    #[arg(long)]
    keep_going: bool,
    /// Writes each statement before its result.
    #[arg(long)]
    echo: bool,
    /// Goes on with the script while INSERTs run, as Flink's client does; all are awaited at its end.
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    clock: ClockArguments,
    /// Writes the settings that are known, with their types and defaults, and ends.
    #[arg(long)]
    list_options: bool,
}

/// By which clock jobs run.
#[derive(Args)]
struct ClockArguments {
    /// By the computer's clock, or in one thread by a clock that jumps ahead whenever nothing happens before: processing
    /// time passes at once, and always in the same way. Checkpoints are kept in memory then.
    #[arg(long, value_enum, default_value_t = ClockKind::Wall)]
    clock: ClockKind,
    /// With --clock virtual, decides in which order subtasks run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ClockKind {
    Wall,
    Virtual,
}

impl ClockArguments {
    fn clock(&self) -> JobClock {
        match self.clock {
            ClockKind::Wall => JobClock::Wall,
            ClockKind::Virtual => JobClock::Virtual { seed: self.seed },
        }
    }
}

#[derive(Args)]
struct RunArguments {
    /// The script.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A script that runs before.
    #[arg(short = 'i', long = "init", value_name = "FILE")]
    init: Option<PathBuf>,
    /// A setting; wins over what the script sets.
    #[arg(short = 'D', value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The snapshot to go on from: a checkpoint, a savepoint, or the folder of the job's checkpoints.
    #[arg(long, value_name = "PATH")]
    restore: Option<String>,
    /// With --restore: begins afresh where there is nothing to go on from.
    #[arg(long, requires = "restore")]
    or_start: bool,
    /// Where SIGINT and SIGTERM put the savepoint that they stop the job with; without it, beside the checkpoints.
    #[arg(long, value_name = "DIR")]
    savepoint_on_exit: Option<String>,
    /// Where checkpoints go: a folder, or the URL of a store.
    #[arg(long, value_name = "URL")]
    checkpoints: Option<String>,
    /// How often a checkpoint is taken; 10 s if the script does not say.
    #[arg(long, value_name = "DURATION")]
    interval: Option<String>,
    /// How many subtasks operators have.
    #[arg(long, value_name = "N")]
    parallelism: Option<u32>,
    /// How many rows a second tables of `datagen` and `faker`, or events those of `nexmark`, yield, whatever the script
    /// says.
    #[arg(long, value_name = "N")]
    rate: Option<u64>,
    /// How often progress is written to standard error, in seconds; 0 for never. 1 on a terminal, 10 elsewhere.
    #[arg(long, value_name = "SECONDS")]
    progress: Option<f64>,
    #[command(flatten)]
    style: StyleArguments,
}

#[derive(Args)]
struct ExplainArguments {
    /// The script.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Says which changes each operator gives.
    #[arg(long)]
    changelog_mode: bool,
    /// The operators as JSON, too.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct TestArguments {
    /// The files with the cases.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Runs only cases whose names have this in them.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Writes what came out into the files, where it is not what was expected.
    #[arg(long)]
    update: bool,
    /// Compares changes in their order.
    #[arg(long)]
    exact: bool,
    /// How many subtasks the run has in which the order does not matter.
    #[arg(long, value_name = "N", default_value_t = CaseOptions::default().parallelism)]
    parallelism: u32,
    /// Decides what goes wrong in the run under faults.
    #[arg(long, value_name = "N", default_value_t = CaseOptions::default().seed)]
    seed: u64,
    /// Writes an object of JSON for each case.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let code = match Cli::parse().command {
        Command::Sql(arguments) => sql(&arguments),
        Command::Run(arguments) => run(&arguments).map(ExitCode::from),
        Command::Explain(arguments) => explain(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Test(arguments) => {
            let TestArguments { exact, parallelism, seed, .. } = arguments;
            let case = CaseOptions { exact, parallelism, seed };
            let TestArguments { files, filter, update, json, .. } = arguments;
            test::test(&files, &TestOptions { case, filter, update, json }).map(ExitCode::from)
        }
    };
    code.unwrap_or_else(|failure| failure.report())
}

fn sql(arguments: &SqlArguments) -> Result<ExitCode, Failure> {
    if arguments.list_options {
        for option in OPTIONS {
            let default = if option.default.is_empty() { "not set" } else { option.default };
            output::line(&format!("{}\n    {}; {default}; {}", option.key, option.kind, option.status));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let options = ScriptOptions {
        style: arguments.style.style,
        errors: arguments.style.errors,
        keep_going: arguments.keep_going,
        echo: arguments.echo,
        detach: arguments.detach,
        clock: arguments.clock.clock(),
    };
    if options.detach && options.clock != JobClock::Wall {
        return Err(Failure::usage(
            "--detach and --clock virtual: a job that runs in virtual time is awaited",
        ));
    }
    let mut script = Script::new(options);
    script.set(&arguments.settings)?;
    if let Some(init) = &arguments.init {
        script.run(&read(init)?)?;
    }
    let text = match (&arguments.expression, &arguments.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
            text
        }
    };
    let ended = script.run(&text);
    script.join();
    ended?;
    Ok(script.exit_code())
}

fn run(arguments: &RunArguments) -> Result<u8, Failure> {
    let text = read(&arguments.file)?;
    let script = ScriptOptions {
        style: match arguments.style.style {
            // Rows come as long as the job runs: there is no frame to draw around them.
            Style::Flink => Style::Plain,
            style => style,
        },
        errors: arguments.style.errors,
        keep_going: false,
        echo: false,
        detach: false,
        clock: JobClock::Wall,
    };
    let mut session = Script::deferring(script);
    let named = [
        ("execution.checkpointing.dir", arguments.checkpoints.clone()),
        ("execution.checkpointing.interval", arguments.interval.clone()),
        ("parallelism.default", arguments.parallelism.map(|parallelism| parallelism.to_string())),
        ("millstream.source.rows-per-second", arguments.rate.map(|rate| rate.to_string())),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
    let settings: Vec<String> = arguments.settings.iter().cloned().chain(named).collect();
    session.set(&settings)?;
    if let Some(init) = &arguments.init {
        session.run(&read(init)?)?;
    }
    let every = arguments.progress.unwrap_or(if std::io::stderr().is_terminal() { 1.0 } else { 10.0 });
    let progress = Duration::try_from_secs_f64(every)
        .map_err(|error| Failure::usage(format!("--progress {every}: {error}")))?;
    let options = RunOptions {
        script,
        settings,
        restore: arguments.restore.clone(),
        or_start: arguments.or_start,
        savepoint_folder: arguments.savepoint_on_exit.clone(),
        progress,
    };
    run::run(&arguments.file, &text, session, &options)
}

fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    let options = ExplainOptions {
        changelog_mode: arguments.changelog_mode,
        json_execution_plan: arguments.json.then_some(1),
    };
    explain::explain(&mut TableEnvironment::new(), &read(&arguments.file)?, options)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))
}
