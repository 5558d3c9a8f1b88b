//! A Postgres server for tests.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use crate::script::Script;
use crate::services;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A running server. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    pub port: u16,
    script: Script,
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
        let script = Script::new("postgres.sh", [("POSTGRES_PORT", port.to_string())]);
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

    /// A role that has to say its password.
    pub fn create_role(&self, name: &str, password: &str) {
        let rules = services::home().join(format!("postgres-on-{}/data/pg_hba.conf", self.port));
        let others = std::fs::read_to_string(&rules).unwrap();
        std::fs::write(&rules, format!("host all {name} 127.0.0.1/32 scram-sha-256\n{others}")).unwrap();
        let role = format!("CREATE ROLE {name} LOGIN REPLICATION SUPERUSER PASSWORD '{password}'");
        Database::of(self.port, "postgres").execute(&format!("{role}; SELECT pg_reload_conf()"));
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
