//! What tells whether something has been written: a row of a table of ours, written in the same transaction.

use serde::{Deserialize, Serialize};

/// The table that sinks that write exactly once keep their marks in.
pub(super) const TABLE: &str = "millstream_checkpoints";

/// Makes the table.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS millstream_checkpoints (sink VARCHAR(512) NOT NULL, \
                                 writer VARCHAR(64) NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (sink, writer))";

/// The name of what a writer has written between two checkpoints.
///
/// A writer has a name that no other has had, so that its numbers begin anew with it. Its newest number is all that is kept:
/// what it commits, it commits in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) sink: String,
    pub(super) writer: String,
    pub(super) sequence: u64,
}

impl Mark {
    pub(super) fn number(&self) -> i64 {
        i64::try_from(self.sequence).unwrap_or(i64::MAX)
    }
}

/// Writes a mark; no row is changed where it, or a later one, is there already. The parameters are those of `placeholder`.
pub(super) fn statement(placeholders: [&str; 3]) -> String {
    let [sink, writer, sequence] = placeholders;
    format!(
        "INSERT INTO {TABLE} (sink, writer, sequence) VALUES ({sink}, {writer}, {sequence}) \
         ON CONFLICT (sink, writer) DO UPDATE SET sequence = EXCLUDED.sequence \
         WHERE {TABLE}.sequence < EXCLUDED.sequence"
    )
}
