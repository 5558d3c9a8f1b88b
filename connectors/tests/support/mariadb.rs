//! A MariaDB server for tests.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use crate::script::Script;
use crate::services;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};
use tokio::runtime::{Builder, Runtime};

/// A running server. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    pub port: u16,
    script: Script,
}

/// All tests of this binary share one.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that tests share; `None`, said aloud, where there is no MariaDB.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of the test's own, to be killed.
    pub fn start() -> Option<Self> {
        Self::with_options("")
    }

    /// A server of the test's own, with more options.
    pub fn with_options(options: &str) -> Option<Self> {
        let has_server = || {
            let found = Command::new("mariadbd")
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            found.is_ok_and(|status| status.success()) || Path::new("/usr/sbin/mariadbd").is_file()
        };
        if services::is_skipped("a MariaDB server", "mariadbd", has_server) {
            return None;
        }
        // Nobody has it now; somebody could take it before the server does, and then the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let variables = [("MARIADB_PORT", port.to_string()), ("MARIADB_OPTIONS", options.to_owned())];
        let script = Script::new("mariadb.sh", variables);
        script.run(&["start"]);
        Some(Self { port, script })
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that has failed has said why.
        let _ = self.script.try_run(&["clean"]);
    }
}

/// A database of a test's own.
pub struct Database {
    pub port: u16,
    pub name: String,
    runtime: Runtime,
}

/// How to connect to it.
pub fn options(port: u16, database: &str) -> OptsBuilder {
    let options = OptsBuilder::default().ip_or_hostname("127.0.0.1").tcp_port(port).user(Some("root"));
    options.prefer_socket(false).db_name(Some(database))
}

impl Database {
    /// Makes one.
    pub fn create(server: &Server, name: &str) -> Self {
        Self::of(server.port, "mysql").execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        Self::of(server.port, name)
    }

    /// One that is there.
    pub fn of(port: u16, name: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { port, name: name.to_owned(), runtime }
    }

    /// Does something with a session.
    pub fn with<T>(&self, work: impl AsyncFnOnce(&mut Conn) -> T) -> T {
        self.runtime.block_on(async {
            let mut session = Conn::new(options(self.port, &self.name)).await.unwrap();
            let result = work(&mut session).await;
            session.disconnect().await.unwrap();
            result
        })
    }

    /// Runs statements, with semicolons between.
    pub fn execute(&self, sql: &str) {
        self.with(async |session| {
            session.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        });
    }

    /// The rows of a query, as text.
    pub fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let rows: Vec<Row> = self.with(async |session| session.query(sql).await.unwrap());
        let value = |value| match value {
            Value::Bytes(text) => Some(String::from_utf8(text).unwrap()),
            Value::NULL => None,
            value => panic!("not a text: {value:?}"),
        };
        rows.into_iter().map(|row| row.unwrap().into_iter().map(value).collect()).collect()
    }

    /// The first value of a query.
    pub fn value(&self, sql: &str) -> String {
        self.query(sql)[0][0].clone().unwrap()
    }
}
