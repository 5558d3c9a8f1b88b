//! A schema registry for a test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::script::Script;
use crate::services;

/// A running registry. It ends, and its data goes, with the test.
pub struct Registry {
    port: u16,
    script: Script,
}

impl Registry {
    /// `None`, said aloud, where there is no Java.
    pub fn start() -> Option<Self> {
        if services::is_skipped("a schema registry", "java", services::has_java) {
            return None;
        }
        // Nobody has it now; somebody could take it before the server does, and then the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Script::new("registry.sh", [("REGISTRY_PORT", port.to_string())]);
        script.run(&["start"]);
        Some(Self { port, script })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
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
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.script.try_run(&["clean"]);
    }
}
