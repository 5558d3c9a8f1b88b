//! What comes before anything is read: checks, the publication, the slot, and the plan by which tables are read.

use millstream_runtime::{Error, ErrorKind, Result};
use tokio_postgres::Client;

use super::catalog::{FoundTable, check_server, find_table};
use super::chunks::plan;
use super::database::Postgres;
use super::lsn::Lsn;
use super::options::StartupMode;
use super::publication::ensure_publication;
use super::session::{close, connect, drive, query, value};
use super::settings::Settings;
use super::slot::{Life, create_slot, find_slot};
use super::{Position, PostgresSplit, TableProgress};
use crate::cdc::database;

type Prepared = database::Prepared<Postgres>;

/// Sees to what must be there. `token` tells this attempt from others.
pub(super) async fn prepare(settings: Settings, split: PostgresSplit, token: u64) -> Result<Prepared> {
    settings.check()?;
    let (client, mut connection) = connect(&settings).await?;
    let work = async {
        check_server(&client, &settings).await?;
        let mut found = Vec::new();
        for table in &settings.tables {
            let table = find_table(&client, &settings, table).await?;
            settings.check.as_ref().map_or(Ok(()), |check| check(&table.progress.table))?;
            found.push(table);
        }
        ensure_publication(&client, &settings, split.position.is_none()).await?;
        match split.position {
            None => begin(&client, &settings, found, token).await,
            Some(position) => go_on(&client, &settings, split, position, found, token).await,
        }
    };
    let prepared = drive(&mut connection, work).await?;
    close(client, connection).await;
    Ok(prepared)
}

fn temporary_name(settings: &Settings, token: u64) -> String {
    // A name has at most 63 bytes, and a slot's name is ASCII.
    format!("{:.40}_{token:016x}", settings.slot)
}

/// Begins without a snapshot of the job.
async fn begin(client: &Client, settings: &Settings, found: Vec<FoundTable>, token: u64) -> Result<Prepared> {
    let slot = find_slot(client, settings).await?;
    let has_slot = slot.is_some();
    let (mut export, start) = match (settings.startup, slot) {
        // The slot of an attempt that has ended before its first checkpoint, for instance: it keeps more than is needed.
        (StartupMode::Initial, Some(_)) => {
            let export = create_slot(settings, &temporary_name(settings, token), Life::Temporary).await?;
            let lsn = export.lsn;
            (Some(export), lsn)
        }
        (StartupMode::LatestOffset, Some(_)) => (None, current_lsn(client).await?),
        (StartupMode::CommittedOffset, Some(slot)) => (None, slot.confirmed),
        (_, None) => {
            let export = create_slot(settings, &settings.slot, Life::Permanent).await?;
            let lsn = export.lsn;
            (Some(export), lsn)
        }
    };
    tracing::info!(lsn = %start, has_slot, mode = ?settings.startup, "changes are read from here on");
    let mut split = PostgresSplit { position: Some(Position { log: start, changes: 0 }), tables: Vec::new() };
    let mut readings = Vec::new();
    for FoundTable { progress, reading } in found {
        split.tables.push(progress);
        readings.push(reading);
    }
    if settings.startup == StartupMode::Initial {
        if let Some(export) = &export {
            plan(client, settings, export, &mut split.tables, &readings).await?;
        }
    } else {
        export = None;
    }
    Ok(Prepared { split, tables: readings, export })
}

/// Where the write-ahead log is written now.
async fn current_lsn(client: &Client) -> Result<Lsn> {
    let what = "the server's position cannot be read";
    let rows = query(client, what, "SELECT pg_current_wal_lsn()").await?;
    let lsn = rows.first().and_then(|row| value(row, 0)).and_then(|lsn| lsn.parse().ok());
    lsn.ok_or_else(|| Error::new(ErrorKind::External, what))
}

/// Goes on from a snapshot of the job.
async fn go_on(
    client: &Client,
    settings: &Settings,
    mut split: PostgresSplit,
    position: Position,
    found: Vec<FoundTable>,
    token: u64,
) -> Result<Prepared> {
    let restore = |problem: String| Err(Error::new(ErrorKind::Restore, problem));
    let name = &settings.slot;
    let Some(slot) = find_slot(client, settings).await? else {
        let problem = "is gone, and with it what came since the snapshot";
        return restore(format!("replication slot `{name}` {problem}: start the job without a snapshot"));
    };
    if slot.confirmed > position.log {
        let (confirmed, lsn) = (slot.confirmed, position.log);
        let problem = format!(
            "has been read up to {confirmed}, and the snapshot needs it from {lsn} on: what is between is gone"
        );
        let remedy =
            "restore a later snapshot, give each job a slot of its own, or start the job without a snapshot";
        return restore(format!("replication slot `{name}` {problem}. {remedy}"));
    }
    let mut readings = Vec::new();
    let (is_reading, known) = (split.has_unread_parts(), std::mem::take(&mut split.tables));
    for FoundTable { progress, reading } in found {
        let of_table = known.iter().find(|known| {
            known.table.schema == progress.table.schema && known.table.name == progress.table.name
        });
        let table = &progress.table;
        match of_table {
            None if settings.startup == StartupMode::Initial => {
                let remedy = "read it with a source of its own, or start the job without a snapshot";
                return restore(format!(
                    "table {table} was not captured when the snapshot was taken: {remedy}"
                ));
            }
            None => split.tables.push(progress),
            Some(known) if known.key != progress.key && !known.parts.is_empty() => {
                let remedy = "start the job without a snapshot";
                return restore(format!("the primary key of table {table} is not what it was: {remedy}"));
            }
            Some(known) if is_reading && !known.table.has_same_columns(table) => {
                let (was, is) = (known.table.column_names(), table.column_names());
                let remedy = "undo it, or start the job without a snapshot";
                return restore(format!(
                    "the columns of table {table} have changed while its rows were read, from ({was}) to ({is}): {remedy}"
                ));
            }
            Some(known) => split.tables.push(TableProgress { key: progress.key, ..known.clone() }),
        }
        readings.push(reading);
    }
    let export = if split.has_unread_parts() {
        Some(create_slot(settings, &temporary_name(settings, token), Life::Temporary).await?)
    } else {
        None
    };
    tracing::info!(lsn = %position.log, changes = position.changes, rows = export.is_some(), "reading goes on from here");
    Ok(Prepared { split, tables: readings, export })
}
