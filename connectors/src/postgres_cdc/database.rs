//! Postgres as a database whose changes are captured.

use std::task::Waker;
use std::time::Duration;

use millstream_runtime::Result;
use tokio::sync::{mpsc, watch};

use super::catalog::TableReading;
use super::changes::Changes;
use super::chunks::{chunk_sql, read_chunks};
use super::lsn::Lsn;
use super::prepare::prepare;
use super::session::{close, connect, drive, query};
use super::settings::Settings;
use super::slot::Export;
use super::stream::read_stream;
use super::types::PostgresType;
use super::{PostgresSplit, TableProgress};
use crate::cdc::chunks::{ChunkRows, Chunks};
use crate::cdc::database::{Database, Prepared};
use crate::cdc::key::Key;
use crate::cdc::reader::{Ended, Items};

/// A database of Postgres.
pub struct Postgres;

impl Database for Postgres {
    type Settings = Settings;
    type ColumnType = PostgresType;
    type Position = Lsn;
    type Tables = Vec<TableReading>;
    type Export = Export;

    fn prepare(
        settings: Settings,
        split: PostgresSplit,
        token: u64,
    ) -> impl Future<Output = Result<Prepared<Self>>> + Send + 'static {
        prepare(settings, split, token)
    }

    fn connections(settings: &Settings) -> usize {
        settings.connections
    }

    fn chunk_sql(
        tables: &Vec<TableReading>,
        index: usize,
        table: &TableProgress,
        from: Option<&Key>,
        to: Option<&Key>,
    ) -> String {
        chunk_sql(table, tables.get(index).is_some_and(|reading| reading.is_partitioned), from, to)
    }

    fn read_chunks(
        settings: Settings,
        _: &Vec<TableReading>,
        export: &Export,
        chunks: Chunks<PostgresType>,
        rows: mpsc::Sender<ChunkRows<PostgresType, Lsn>>,
        waker: Waker,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        read_chunks(settings, export.name.clone(), export.lsn, chunks, rows, waker)
    }

    fn read_stream(
        settings: Settings,
        split: &PostgresSplit,
        tables: &Vec<TableReading>,
        confirmed: watch::Receiver<Lsn>,
        items: mpsc::Sender<Items<PostgresType, Lsn>>,
        waker: Waker,
    ) -> impl Future<Output = Result<Ended>> + Send + 'static {
        let partitioned: Vec<_> = tables.iter().map(|reading| reading.is_partitioned).collect();
        let changes = Changes::new(&settings, split, &partitioned);
        let start = split.position.map_or(Lsn(0), |position| position.log);
        read_stream(settings, changes, start, confirmed, items, waker)
    }

    fn bytes_between(from: &Lsn, to: &Lsn) -> u64 {
        to.0.saturating_sub(from.0)
    }

    fn confirmation_delay(settings: &Settings) -> usize {
        settings.confirmation_delay
    }

    fn heartbeat_interval(settings: &Settings) -> Option<Duration> {
        settings.heartbeat
    }

    async fn write_heartbeat(settings: Settings) -> Result<()> {
        let (client, mut connection) = connect(&settings).await?;
        let sql = "SELECT pg_logical_emit_message(FALSE, 'millstream.heartbeat', '')";
        drive(&mut connection, query(&client, "a heartbeat cannot be written", sql)).await?;
        close(client, connection).await;
        Ok(())
    }
}
