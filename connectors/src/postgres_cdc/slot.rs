//! Replication slots, and the snapshots that are exported where they begin.

use millstream_runtime::{Error, ErrorKind, Result};
use pgwire_replication::ReplicationClient;
use tokio_postgres::Client;

use super::lsn::Lsn;
use super::session::{connect_replication, query, replication_error, value};
use super::settings::{Settings, quote_identifier, quote_literal};

/// A snapshot of the database that other sessions can read. It is there as long as this is.
pub struct Export {
    /// The name by which sessions ask for it.
    pub(super) name: String,
    /// What was committed before is in it, and nothing else.
    pub(super) lsn: Lsn,
    /// The session that has exported it, which must not be asked for anything more.
    _session: ReplicationClient,
}

/// A slot that is there.
pub(super) struct Slot {
    /// From where it can be read.
    pub(super) confirmed: Lsn,
}

/// Whether a slot is to outlive the session that makes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It is the one that keeps the WAL for the job.
    Permanent,
    /// It is there to export a snapshot.
    Temporary,
}

/// Looks for the slot of the source; `None` if there is none.
pub(super) async fn find_slot(client: &Client, settings: &Settings) -> Result<Option<Slot>> {
    let name = &settings.slot;
    let what = format!("replication slot `{name}` cannot be looked up");
    let sql = format!(
        "SELECT plugin, database = current_database(), confirmed_flush_lsn, to_jsonb(s) ->> 'wal_status' \
         FROM pg_catalog.pg_replication_slots s WHERE slot_name = {}",
        quote_literal(name)
    );
    let rows = query(client, &what, &sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let is_ours = value(row, 0) == Some("pgoutput") && value(row, 1) == Some("t");
    if !is_ours {
        let problem =
            "is of another plugin than pgoutput, or of another database: choose another with `slot_name`";
        return Err(Error::new(ErrorKind::InvalidJob, format!("replication slot `{name}` {problem}")));
    }
    if value(row, 3) == Some("lost") {
        let problem = "is lost: the server has removed WAL that it needed, since it was too far behind (`max_slot_wal_keep_size`)";
        let remedy =
            format!("run `SELECT pg_drop_replication_slot('{name}')` and start the job without a snapshot");
        return Err(Error::new(ErrorKind::Restore, format!("replication slot `{name}` {problem}: {remedy}")));
    }
    let confirmed = value(row, 2).and_then(|lsn| lsn.parse().ok());
    let unreadable = || Error::new(ErrorKind::External, format!("{what}: it has no position"));
    Ok(Some(Slot { confirmed: confirmed.ok_or_else(unreadable)? }))
}

/// Makes a slot, and exports the snapshot of what was there where it begins. Waits for all transactions that are open.
pub(super) async fn create_slot(settings: &Settings, name: &str, life: Life) -> Result<Export> {
    let mut session = connect_replication(settings).await?;
    let temporary = if life == Life::Temporary { " TEMPORARY" } else { "" };
    let command = format!(
        "CREATE_REPLICATION_SLOT {}{temporary} LOGICAL pgoutput EXPORT_SNAPSHOT",
        quote_identifier(name)
    );
    tracing::info!(slot = %name, temporary = life == Life::Temporary, "the replication slot is made");
    let what = format!("replication slot `{name}` cannot be made");
    let rows = session.simple_query(&command).await.map_err(|error| replication_error(&what, &error))?;
    // Its answer is: slot_name, consistent_point, snapshot_name, output_plugin.
    let column = |index: usize| {
        let bytes = rows.first()?.get(index)?.as_ref()?;
        std::str::from_utf8(bytes).ok()
    };
    match (column(1).and_then(|lsn| lsn.parse().ok()), column(2)) {
        (Some(lsn), Some(snapshot)) => Ok(Export { name: snapshot.to_owned(), lsn, _session: session }),
        _ => Err(Error::new(ErrorKind::External, format!("{what}: the server's answer cannot be read"))),
    }
}
