//! A Postgres server for tests, and what is read of it.

use std::time::{Duration, Instant};

pub use millstream::connectors::postgres_cdc::{ChangeRecord, ColumnValue, PostgresCdcSource as Source};

pub use super::postgres::{Database, Server};

/// The database of jobs that are killed.
pub const DATABASE: &str = "postgres";

/// What a job that is killed reads.
pub fn killed_source(port: u16) -> Source {
    Source::new("127.0.0.1", DATABASE)
        .port(port)
        .table_list(["numbered", "named"])
        .chunk_size(500)
        .heartbeat_interval(Duration::from_millis(500))
}

impl Database {
    /// A source of tables, with a slot of the database's name.
    pub fn source(&self, tables: &[&str]) -> Source {
        Source::new("127.0.0.1", &self.name).port(self.port).table_list(tables).slot_name(&self.name)
    }

    /// Waits until a slot is read, and not only being made, or until it is no longer in use.
    #[track_caller]
    pub fn await_stream(&self, slot: &str, is_read: bool) {
        let sql = format!(
            "SELECT s.active, r.state IN ('catchup', 'streaming') FROM pg_replication_slots s \
             LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = '{slot}'"
        );
        let limit = Instant::now() + Duration::from_secs(60);
        let column =
            |index: usize| self.query(&sql).first().is_some_and(|row| row[index].as_deref() == Some("t"));
        while if is_read { !column(1) } else { column(0) } {
            assert!(Instant::now() < limit, "slot {slot}: {:?}", self.query(&sql));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
