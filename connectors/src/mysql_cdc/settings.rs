//! What a source has been told.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};

use super::CapturedTable;
use super::options::{SnapshotLocking, StartupMode};
use crate::cdc::options::{SchemaChange, Truncate};

/// Looks at a table before it is read.
pub(super) type TableCheck = Arc<dyn Fn(&CapturedTable) -> Result<()> + Send + Sync>;

/// What a source has been told.
#[derive(Clone)]
pub struct Settings {
    pub(super) hostname: String,
    pub(super) port: u16,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) tables: Vec<TableName>,
    /// One is drawn for each attempt if there is none.
    pub(super) server_id: Option<u32>,
    pub(super) startup: StartupMode,
    pub(super) locking: SnapshotLocking,
    pub(super) schema_change: SchemaChange,
    pub(super) truncate: Truncate,
    /// At least 1.
    pub(super) chunk_rows: u64,
    /// At least 1.
    pub(super) connections: usize,
    pub(super) heartbeat: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) check: Option<TableCheck>,
}

/// The name of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableName {
    pub(super) database: String,
    pub(super) name: String,
}

impl TableName {
    /// `database.table`.
    pub(super) fn parse(text: &str) -> Self {
        let (database, name) = text.split_once('.').unwrap_or(("", text));
        Self { database: database.to_owned(), name: name.to_owned() }
    }
}

/// A table as SQL has it.
pub(super) fn quoted(table: &CapturedTable) -> String {
    format!("{}.{}", quote_identifier(&table.schema), quote_identifier(&table.name))
}

/// A name as MySQL's SQL has it, whatever characters are in it.
pub(super) fn quote_identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Settings {
    /// What can be said without the server.
    pub(super) fn check(&self) -> Result<()> {
        let invalid =
            |problem: String| Err(Error::new(ErrorKind::InvalidJob, format!("MySQL source: {problem}")));
        for (what, value) in [("hostname", &self.hostname), ("username", &self.username)] {
            if value.is_empty() {
                return invalid(format!("`{what}` is not set"));
            }
        }
        if self.tables.is_empty() {
            return invalid("there is no table to capture: name some with `table_list`".into());
        }
        let is_incomplete = |table: &&TableName| table.database.is_empty() || table.name.is_empty();
        if let Some(TableName { database, name }) = self.tables.iter().find(is_incomplete) {
            return invalid(format!(
                "`{database}.{name}` is not the name of a table: it is `database.table`"
            ));
        }
        if self.server_id == Some(0) {
            return invalid(
                "`server_id` is 0, which no replica may have: choose one that no other has".into(),
            );
        }
        Ok(())
    }

    /// The place it reads, for messages.
    pub(super) fn place(&self) -> String {
        format!("the server at {}:{}", self.hostname, self.port)
    }
}
