//! What the log of changes comes to: which changes count, and what a table that changes means.

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::database::ColumnType;
use super::key::Key;
use super::options::{SchemaChange, Truncate};
use super::progress::{Position, TableProgress};
use super::record::{CapturedColumn, CapturedTable, ChangeRecord};

/// What a message of the log comes to.
#[derive(Debug)]
pub enum Item<T, P> {
    /// The records of one change, which belong together, and where the stream goes on after them.
    Change {
        /// The first record.
        first: ChangeRecord<T, P>,
        /// The second one, of an update.
        second: Option<ChangeRecord<T, P>>,
        /// Where the stream goes on.
        position: Position<P>,
    },
    /// All up to here has come.
    Position(Position<P>),
    /// A table, by its number, looks like this from now on.
    Table(usize, CapturedTable<T>),
}

/// Where a change is in the stream.
#[derive(Clone)]
pub(crate) struct Place<P> {
    /// The place of its transaction.
    pub(crate) log: P,
    pub(crate) commit_time: Timestamp,
    /// How many changes of the transaction have come with this one.
    pub(crate) changes: u64,
}

impl<P> Place<P> {
    /// Where the stream goes on after the change.
    pub(crate) fn position(self) -> Position<P> {
        Position { log: self.log, changes: self.changes }
    }
}

/// Counts the changes of transactions: which of them are still to be read, from a position on.
pub(crate) struct Transactions<P> {
    position: Position<P>,
    open: Option<Place<P>>,
}

impl<P: Ord + Clone> Transactions<P> {
    pub(crate) fn new(position: Position<P>) -> Self {
        Self { position, open: None }
    }

    /// A transaction begins, whose changes all have this place in the log.
    pub(crate) fn begin(&mut self, log: P, commit_time: Timestamp) {
        self.open = Some(Place { log, commit_time, changes: 0 });
    }

    /// Whether a transaction has begun and not ended.
    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The transaction has ended, if there was one, and the next one begins here or later; the position, if it has risen.
    pub(crate) fn end(&mut self, next: P) -> Option<Position<P>> {
        self.open = None;
        self.advance(next)
    }

    /// All that was committed before has come; the position, if it has risen.
    pub(crate) fn advance(&mut self, log: P) -> Option<Position<P>> {
        (log > self.position.log).then(|| {
            self.position = Position { log, changes: 0 };
            self.position.clone()
        })
    }

    /// Counts a change; its place, unless it was read before.
    ///
    /// # Errors
    /// If it is outside of any transaction.
    pub(crate) fn count(&mut self) -> Result<Option<Place<P>>> {
        let place = self.open.as_mut().ok_or_else(|| damaged("a change outside of any transaction"))?;
        place.changes += 1;
        let read = if place.log == self.position.log { self.position.changes } else { 0 };
        let is_new = place.log >= self.position.log && place.changes > read;
        Ok(is_new.then(|| place.clone()))
    }
}

/// What is left of an update at the seam between rows and changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// The row was read after it.
    Nothing,
    /// The row stays where it is.
    InPlace,
    /// The row has gone to another key: a deletion if the row was read before that, and an insertion if the other was.
    Moved { deleted: bool, inserted: bool },
}

/// What is left of an update from one key to another. `counts` says of a key whether its row was read before the change.
pub(crate) fn update(
    old: Option<&Key>,
    new: Option<&Key>,
    counts: impl Fn(Option<&Key>) -> Result<bool>,
) -> Result<Update> {
    // Two rows, each of which may have been read before the change or after it.
    if old.is_some() && old != new {
        return Ok(Update::Moved { deleted: counts(old)?, inserted: counts(new)? });
    }
    Ok(if counts(new)? { Update::InPlace } else { Update::Nothing })
}

pub(crate) fn damaged(problem: &str) -> Error {
    Error::new(ErrorKind::External, format!("the stream of changes has {problem}"))
}

/// The table as it is now, if that is not as it was, and may be so.
pub(crate) fn check_columns<T: ColumnType>(
    policy: SchemaChange,
    known: &CapturedTable<T>,
    now: &CapturedTable<T>,
) -> Result<Option<CapturedTable<T>>> {
    if known.has_same_columns(now) {
        return Ok(None);
    }
    let is_kept = |column: &CapturedColumn<T>| {
        now.columns
            .iter()
            .any(|other| other.name == column.name && other.data_type.is_same_type(&column.data_type))
    };
    let only_added = known.columns.iter().all(is_kept);
    let may = match policy {
        SchemaChange::Fail => false,
        SchemaChange::AllowAdded => only_added,
        SchemaChange::Allow => true,
    };
    if may {
        tracing::info!(table = %now, was = known.column_names(), is = now.column_names(), "the table's columns have changed");
        return Ok(Some(now.clone()));
    }
    let remedy = if only_added { "AllowAdded" } else { "Allow" };
    let described = |table: &CapturedTable<T>| {
        let columns = table.columns.iter().map(|column| format!("{} ({})", column.name, column.data_type));
        columns.collect::<Vec<_>>().join(", ")
    };
    let problem = format!(
        "the columns of table {now} have changed from {} to {}: go on with `SchemaChange::{remedy}`, or start the job without a snapshot",
        described(known),
        described(now)
    );
    Err(Error::new(ErrorKind::InvalidInput, problem))
}

/// Whether all rows of a table were read after a place in the log.
pub(crate) fn was_read_after<T, P: Ord>(table: &TableProgress<T, P>, log: &P) -> bool {
    let parts = &table.parts;
    !parts.is_empty() && parts.iter().all(|part| part.read_at.as_ref().is_some_and(|read| log < read))
}

/// A table has been truncated at a place in the log.
///
/// # Errors
/// If that is not to be passed over, and rows of it were read before.
pub(crate) fn truncate<T, P: Ord>(policy: Truncate, table: &TableProgress<T, P>, log: &P) -> Result<()> {
    if was_read_after(table, log) {
        return Ok(());
    }
    if policy == Truncate::Fail {
        let problem = "has been truncated, and nobody knows which rows it had";
        let remedy = "use DELETE instead; go on with `Truncate::Skip` (in SQL 'debezium.skipped.operations' = 't'), or start the job without a snapshot";
        let problem = format!("table {} {problem}: {remedy}", table.table);
        return Err(Error::new(ErrorKind::InvalidInput, problem));
    }
    tracing::warn!(table = %table.table, "the table has been truncated, which is passed over");
    Ok(())
}
