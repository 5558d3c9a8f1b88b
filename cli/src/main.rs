//! The `millstream` binary: Flink SQL from the command line.

mod failure;
mod job;
mod script;
mod style;
mod tableau;

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use failure::Failure;
use script::{Script, ScriptOptions};
use style::Style;

/// Memory is given back to the allocator by other threads than those that asked for it: columns travel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stateful stream processing with Flink's SQL.
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
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Style::Flink)]
    style: Style,
    /// Goes on after a statement that fails.
    #[arg(long)]
    keep_going: bool,
    /// Writes each statement before its result.
    #[arg(long)]
    echo: bool,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Sql(arguments) => sql(&arguments),
    }
}

fn sql(arguments: &SqlArguments) -> ExitCode {
    let options =
        ScriptOptions { style: arguments.style, keep_going: arguments.keep_going, echo: arguments.echo };
    let mut script = Script::new(options);
    let prepared = arguments.settings.iter().try_for_each(|setting| match setting.split_once('=') {
        Some((key, value)) => {
            script.set(key.trim(), value.trim());
            Ok(())
        }
        None => Err(Failure::usage(format!("-D {setting}: write -D key=value"))),
    });
    let run = prepared.and_then(|()| {
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
        script.run(&text)
    });
    match run {
        Ok(()) => script.exit_code(),
        Err(failure) => failure.report(),
    }
}

fn read(file: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))
}
