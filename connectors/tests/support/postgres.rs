//! A Postgres server for tests.

#[path = "services.rs"]
mod services;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, Weak};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A running server. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    pub port: u16,
    home: PathBuf,
}

/// All tests of this binary share one.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that tests share; `None`, said aloud, where there is no Postgres.
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
        let has_server = || {
            let initdb =
                Command::new("initdb").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            initdb.is_ok_and(|status| status.success()) || Path::new("/usr/lib/postgresql").is_dir()
        };
        if services::is_skipped("a Postgres server", "initdb", has_server) {
            return None;
        }
        // Nobody has it now; somebody could take it before the server does, and then the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { port, home: services::home() };
        server.restart();
        Some(server)
    }

    /// As a crash.
    pub fn kill(&self) {
        self.run("kill");
    }

    /// After a crash.
    pub fn restart(&self) {
        self.run("start");
    }

    /// A role that has to say its password.
    pub fn create_role(&self, name: &str, password: &str) {
        let rules = self.home.join(format!("postgres-on-{}/data/pg_hba.conf", self.port));
        let others = std::fs::read_to_string(&rules).unwrap();
        std::fs::write(&rules, format!("host all {name} 127.0.0.1/32 scram-sha-256\n{others}")).unwrap();
        let role = format!("CREATE ROLE {name} LOGIN REPLICATION SUPERUSER PASSWORD '{password}'");
        Database::of(self.port, "postgres").execute(&format!("{role}; SELECT pg_reload_conf()"));
    }

    /// Runs the script to its end, which must be a good one.
    fn run(&self, command: &str) {
        let (status, said) = self.try_run(command);
        assert!(status.success(), "postgres.sh {command}: {status}\n{said}");
    }

    /// What the script starts keeps none of the test's pipes.
    fn try_run(&self, command: &str) -> (ExitStatus, String) {
        let said = self.home.join(format!("{}-{command}.log", self.port));
        std::fs::create_dir_all(&self.home).unwrap();
        let log = || std::fs::OpenOptions::new().create(true).append(true).open(&said).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services/postgres.sh");
        let mut process = Command::new(script);
        process.arg(command).env("POSTGRES_PORT", self.port.to_string()).env("SERVICES_HOME", &self.home);
        let status = process.stdin(Stdio::null()).stdout(log()).stderr(log()).status().unwrap();
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        let _ = std::fs::remove_file(&said);
        (status, text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that has failed has said why.
        let _ = self.try_run("clean");
    }
}

/// A database of a test's own.
pub struct Database {
    pub port: u16,
    pub name: String,
    runtime: Runtime,
}

impl Database {
    /// Makes one.
    pub fn create(server: &Server, name: &str) -> Self {
        Self::of(server.port, "postgres").execute(&format!("CREATE DATABASE {name}"));
        Self::of(server.port, name)
    }

    /// One that is there.
    pub fn of(port: u16, name: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { port, name: name.to_owned(), runtime }
    }

    /// Does something with a session.
    pub fn with<T>(&self, work: impl AsyncFnOnce(Client) -> T) -> T {
        let config = format!("host=127.0.0.1 port={} user=postgres dbname={}", self.port, self.name);
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            let result = work(client).await;
            connection.await.unwrap().unwrap();
            result
        })
    }

    /// Runs statements, in one transaction.
    pub fn execute(&self, sql: &str) {
        self.with(async |client| {
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        });
    }

    /// The rows of a query, as text.
    pub fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.with(async |client| client.simple_query(sql).await.unwrap());
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect())
            }
            _ => None,
        };
        messages.into_iter().filter_map(row).collect()
    }

    /// The one value of a query.
    pub fn value(&self, sql: &str) -> String {
        self.query(sql)[0][0].clone().unwrap()
    }
}
