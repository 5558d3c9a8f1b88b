//! What a source has been told.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};

pub(super) use crate::identifier::quote_identifier;

use super::CapturedTable;
use super::options::{ChangelogMode, StartupMode, UnchangedToast};
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
    pub(super) database: String,
    pub(super) tables: Vec<TableName>,
    pub(super) slot: String,
    pub(super) publication: String,
    pub(super) autocreate: bool,
    pub(super) startup: StartupMode,
    pub(super) changelog: ChangelogMode,
    pub(super) toast: UnchangedToast,
    pub(super) schema_change: SchemaChange,
    pub(super) truncate: Truncate,
    /// At least 1.
    pub(super) chunk_rows: u64,
    /// At least 1.
    pub(super) connections: usize,
    pub(super) heartbeat: Option<Duration>,
    pub(super) connect_timeout: Duration,
    /// So many checkpoints later one is confirmed.
    pub(super) confirmation_delay: usize,
    pub(super) check: Option<TableCheck>,
}

/// The name of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableName {
    pub(super) schema: String,
    pub(super) name: String,
}

impl TableName {
    /// `schema.table`; without a schema in `public`.
    pub(super) fn parse(text: &str) -> Self {
        let (schema, name) = text.split_once('.').unwrap_or(("public", text));
        Self { schema: schema.to_owned(), name: name.to_owned() }
    }

    /// As SQL has it.
    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

impl Settings {
    /// What can be said without the server.
    pub(super) fn check(&self) -> Result<()> {
        let invalid =
            |problem: String| Err(Error::new(ErrorKind::InvalidJob, format!("Postgres source: {problem}")));
        for (what, value) in [
            ("hostname", &self.hostname),
            ("username", &self.username),
            ("database", &self.database),
            ("publication_name", &self.publication),
        ] {
            if value.is_empty() {
                return invalid(format!("`{what}` is not set"));
            }
        }
        if self.tables.is_empty() {
            return invalid("there is no table to capture: name some with `table_list`".into());
        }
        if let Some(name) = self.tables.iter().find(|table| table.schema.is_empty() || table.name.is_empty())
        {
            return invalid(format!(
                "`{}.{}` is not the name of a table: it is `schema.table`",
                name.schema, name.name
            ));
        }
        let is_slot_name = |name: &str| {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            !name.is_empty() && name.len() <= 63 && name.bytes().all(allowed)
        };
        if !is_slot_name(&self.slot) {
            let problem = "cannot be the name of a replication slot: it takes up to 63 of a-z, 0-9 and _. Set it with `slot_name`";
            return invalid(format!("`{}` {problem}", self.slot));
        }
        Ok(())
    }

    /// The place it reads, for messages.
    pub(super) fn place(&self) -> String {
        format!("database `{}` at {}:{}", self.database, self.hostname, self.port)
    }
}

/// A text in SQL, whatever `standard_conforming_strings` says.
pub(super) fn quote_literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if escaped.contains('\\') {
        format!(" E'{}'", escaped.replace('\\', "\\\\"))
    } else {
        format!("'{escaped}'")
    }
}
