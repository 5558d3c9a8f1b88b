//! Runs the binary.

#[cfg(any(feature = "mysql-cdc", feature = "postgres-cdc"))]
pub mod copies;
#[cfg(feature = "kafka")]
pub mod registry;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The binary with these arguments.
pub fn millstream(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millstream"));
    command.args(arguments);
    command
}

/// Runs it with a text as standard input.
pub fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = millstream(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Its standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
