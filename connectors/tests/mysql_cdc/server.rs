//! A MariaDB server for tests, and what is read of it.

use std::time::Duration;

pub use millstream::connectors::mysql_cdc::{ChangeRecord, ColumnValue, MysqlCdcSource as Source};

pub use super::mariadb::{Database, Server, options};

/// The database of jobs that are killed.
pub const DATABASE: &str = "mysql";

/// What a job that is killed reads.
pub fn killed_source(port: u16) -> Source {
    Source::new("127.0.0.1")
        .port(port)
        .username("root")
        .table_list(["mysql.numbered", "mysql.named"])
        .chunk_size(500)
        .heartbeat_interval(Duration::from_millis(500))
}

impl Database {
    /// A source of tables.
    pub fn source(&self, tables: &[&str]) -> Source {
        let tables = tables.iter().map(|table| format!("{}.{table}", self.name));
        Source::new("127.0.0.1").port(self.port).username("root").table_list(tables)
    }
}
