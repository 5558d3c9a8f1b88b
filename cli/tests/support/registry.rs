//! A schema registry for a test.

#[path = "../../../connectors/tests/support/services.rs"]
#[allow(clippy::duplicate_mod, reason = "the node of Kafka beside it has the same, for itself alone")]
mod services;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running registry. It ends, and its data goes, with the test.
pub struct Registry {
    port: u16,
    home: PathBuf,
}

impl Registry {
    /// `None`, said aloud, where there is no Java.
    pub fn start() -> Option<Self> {
        let has_java = || {
            let java =
                Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            java.is_ok_and(|status| status.success())
        };
        if services::is_skipped("a schema registry", "java", has_java) {
            return None;
        }
        // Nobody has it now; somebody could take it before the server does, and then the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let registry = Self { port, home: services::home() };
        registry.restart();
        Some(registry)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    /// As a crash.
    pub fn kill(&self) {
        self.run("kill");
    }

    /// After a crash.
    pub fn restart(&self) {
        self.run("start");
    }

    /// The answer to a request, below the URL.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "{method} /apis/ccompat/v7{path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn script(&self, command: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services/registry.sh");
        let mut process = Command::new(script);
        process.arg(command).env("REGISTRY_PORT", self.port.to_string()).env("SERVICES_HOME", &self.home);
        process.stdin(Stdio::null());
        process
    }

    /// Runs the script to its end, which must be a good one. What it starts keeps none of the test's pipes.
    fn run(&self, command: &str) {
        let said = self.home.join(format!("registry-{}-{command}.log", self.port));
        std::fs::create_dir_all(&self.home).unwrap();
        let log = || std::fs::OpenOptions::new().create(true).append(true).open(&said).unwrap();
        let status = self.script(command).stdout(log()).stderr(log()).status().unwrap();
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        assert!(status.success(), "registry.sh {command}: {status}\n{text}");
        let _ = std::fs::remove_file(&said);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.script("clean").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
