//! What a database does its own way.

use std::fmt::{Debug, Display};
use std::task::Waker;
use std::time::Duration;

use millstream_runtime::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};

use super::chunks::{ChunkRows, Chunks};
use super::key::Key;
use super::progress::{CdcSplit, TableProgress};
use super::reader::{Ended, Items};

/// A place in the log of changes. The lowest one is the default.
pub trait LogPosition:
    Clone + Debug + Default + Display + Ord + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<P> LogPosition for P where
    P: Clone + Debug + Default + Display + Ord + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// The type of a column, as the database describes it.
pub trait ColumnType: Clone + Debug + Display + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whether values of both are of the same kind, whatever their lengths and precisions.
    fn is_same_type(&self, other: &Self) -> bool;
}

/// The split of a source that reads a database.
pub type SplitOf<D> = CdcSplit<<D as Database>::ColumnType, <D as Database>::Position>;

/// What is to be read, and from where.
pub struct Prepared<D: Database> {
    pub(crate) split: SplitOf<D>,
    pub(crate) tables: D::Tables,
    /// What rows are read from; none where there are only changes.
    pub(crate) export: Option<D::Export>,
}

/// A database whose rows and changes are read.
pub trait Database: Sized + Send + 'static {
    /// What a source has been told.
    type Settings: Clone + Send + Sync + 'static;
    /// The type of a column.
    type ColumnType: ColumnType;
    /// A place in the log.
    type Position: LogPosition;
    /// How the tables of a split are read, in their order.
    type Tables: Clone + Send + 'static;
    /// What rows are read from. It is kept until all are read.
    type Export: Send + 'static;

    /// Checks what must be there, makes what is missing, and says what is to be read. `token` tells this attempt from others.
    fn prepare(
        settings: Self::Settings,
        split: SplitOf<Self>,
        token: u64,
    ) -> impl Future<Output = Result<Prepared<Self>>> + Send + 'static;

    /// Over so many sessions rows are read.
    fn connections(settings: &Self::Settings) -> usize;

    /// The query of the rows after `from` up to and with `to` of the table with this number, in the order of their keys.
    fn chunk_sql(
        tables: &Self::Tables,
        index: usize,
        table: &TableProgress<Self::ColumnType, Self::Position>,
        from: Option<&Key>,
        to: Option<&Key>,
    ) -> String;

    /// Reads chunks until there are none, over one session.
    fn read_chunks(
        settings: Self::Settings,
        tables: &Self::Tables,
        export: &Self::Export,
        chunks: Chunks<Self::ColumnType>,
        rows: mpsc::Sender<ChunkRows<Self::ColumnType, Self::Position>>,
        waker: Waker,
    ) -> impl Future<Output = Result<()>> + Send + 'static;

    /// Reads changes from the position of the split on until something fails. What comes through `confirmed` is covered by
    /// checkpoints: the database may forget what is before.
    fn read_stream(
        settings: Self::Settings,
        split: &SplitOf<Self>,
        tables: &Self::Tables,
        confirmed: watch::Receiver<Self::Position>,
        items: mpsc::Sender<Items<Self::ColumnType, Self::Position>>,
        waker: Waker,
    ) -> impl Future<Output = Result<Ended>> + Send + 'static;

    /// How many bytes of the log are between two positions.
    fn bytes_between(from: &Self::Position, to: &Self::Position) -> u64;

    /// So many checkpoints later one is confirmed.
    fn confirmation_delay(_: &Self::Settings) -> usize {
        0
    }

    /// How often something is to be written, so that the log goes on where the tables do not change; `None` for never, as with
    /// databases whose log has the changes of all tables.
    fn heartbeat_interval(_: &Self::Settings) -> Option<Duration> {
        None
    }

    /// Writes it.
    fn write_heartbeat(_: Self::Settings) -> impl Future<Output = Result<()>> + Send + 'static {
        std::future::ready(Ok(()))
    }
}
