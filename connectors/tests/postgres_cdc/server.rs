//! A Postgres server for tests, and what is read of it.

use std::time::{Duration, Instant};

pub use super::postgres::{Database, Server};

impl Database {
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
