//! MySQL and MariaDB as databases whose changes are captured.

use std::task::Waker;

use millstream_runtime::Result;
use tokio::sync::{mpsc, watch};

use super::binlog::read_stream;
use super::changes::Changes;
use super::chunks::{chunk_sql, read_chunks};
use super::position::BinlogPosition;
use super::prepare::prepare;
use super::settings::Settings;
use super::types::MysqlType;
use super::{CapturedTable, MysqlSplit, TableProgress};
use crate::cdc::chunks::{ChunkRows, Chunks};
use crate::cdc::database::{Database, Prepared};
use crate::cdc::key::Key;
use crate::cdc::reader::{Ended, Items};

/// A server of MySQL or MariaDB.
pub struct Mysql;

/// What is known of a server's tables.
#[derive(Clone)]
pub struct Tables {
    pub(super) tables: Vec<CapturedTable>,
    /// What this attempt calls itself as a replica.
    pub(super) server_id: u32,
}

impl Database for Mysql {
    type Settings = Settings;
    type ColumnType = MysqlType;
    type Position = BinlogPosition;
    type Tables = Tables;
    /// Each session begins snapshots of its own.
    type Export = ();

    fn prepare(
        settings: Settings,
        split: MysqlSplit,
        token: u64,
    ) -> impl Future<Output = Result<Prepared<Self>>> + Send + 'static {
        prepare(settings, split, token)
    }

    fn connections(settings: &Settings) -> usize {
        settings.connections
    }

    fn chunk_sql(
        _: &Tables,
        _: usize,
        table: &TableProgress,
        from: Option<&Key>,
        to: Option<&Key>,
    ) -> String {
        chunk_sql(table, from, to)
    }

    fn read_chunks(
        settings: Settings,
        tables: &Tables,
        (): &(),
        chunks: Chunks<MysqlType>,
        rows: mpsc::Sender<ChunkRows<MysqlType, BinlogPosition>>,
        waker: Waker,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        read_chunks(settings, tables.tables.clone(), chunks, rows, waker)
    }

    fn read_stream(
        settings: Settings,
        split: &MysqlSplit,
        tables: &Tables,
        _: watch::Receiver<BinlogPosition>,
        items: mpsc::Sender<Items<MysqlType, BinlogPosition>>,
        waker: Waker,
    ) -> impl Future<Output = Result<Ended>> + Send + 'static {
        let changes = Changes::new(&settings, split);
        read_stream(settings, changes, tables.server_id, items, waker)
    }

    fn bytes_between(from: &BinlogPosition, to: &BinlogPosition) -> u64 {
        // How large the files between are is not known.
        let from = if from.file == to.file { from.position } else { 0 };
        to.position.saturating_sub(from)
    }
}
