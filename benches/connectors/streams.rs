//! Kafka Streams, from its published jars.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::measure::Took;
use crate::measured::processor_time_of;
use crate::plain::{await_committed, check_counts};
use crate::services;

/// Where the jars lie.
pub struct Library {
    jars: PathBuf,
}

impl Library {
    /// Fetches the jars, unless they are there.
    pub fn install() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/connectors/streams/install.sh");
        let output =
            Command::new(script).arg(services::home()).stderr(Stdio::inherit()).output().expect("bash");
        assert!(output.status.success(), "Kafka Streams cannot be installed");
        Self { jars: String::from_utf8(output.stdout).expect("a path").trim().into() }
    }

    /// Counts the records of each key; from the start of its process until all results are committed.
    pub fn count(&self, servers: &str, input: &str, output: &str, records: u64) -> Took {
        let state = tempfile::tempdir().expect("a folder");
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/connectors/streams/CountKeys.java");
        let start = std::time::Instant::now();
        let mut process = Command::new("java")
            .arg("-cp")
            .arg(self.jars.join("*"))
            .arg(source)
            .args([servers, input, output, "2"])
            .arg(state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("java");
        await_committed(servers, output, records);
        let took = Took {
            wall: start.elapsed().as_secs_f64(),
            processor: processor_time_of(&process.id().to_string()).unwrap_or_default(),
        };
        // While it runs: what is committed last may be a few records more.
        check_counts(servers, output, records);
        process.kill().expect("killed");
        process.wait().expect("gone");
        took
    }
}
