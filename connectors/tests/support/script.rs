//! The scripts of `tests/services/`, which start servers.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};

use super::services::home;

/// A script of `tests/services/`, with the environment of one server.
pub struct Script {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
}

impl Script {
    pub fn new(name: &'static str, variables: impl Into<Vec<(&'static str, String)>>) -> Self {
        Self { name, variables: variables.into() }
    }

    /// The script, to be run with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services").join(self.name);
        let mut command = Command::new(script);
        command.args(arguments).env("SERVICES_HOME", home()).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the script to its end; answers what it printed if that was a good one, and else what it said. What the script
    /// starts keeps none of the test's pipes.
    pub fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command(arguments);
        let (mut printed, mut said) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(printed.try_clone().unwrap()).stderr(said.try_clone().unwrap());
        let status = command.status().map_err(|error| error.to_string())?;
        let text = |file: &mut File| {
            let mut text = String::new();
            file.rewind().and_then(|()| file.read_to_string(&mut text)).unwrap();
            text
        };
        if status.success() { Ok(text(&mut printed)) } else { Err(format!("{status}\n{}", text(&mut said))) }
    }

    /// As [`Self::try_run`], to a good end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|said| panic!("{} {arguments:?}: {said}", self.name))
    }
}
