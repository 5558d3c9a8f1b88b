//! Makes records of the messages of the replication stream: which table, which rows, and whether they count.

mod rows;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::key::{Key, KeyOrder};
use super::lsn::Lsn;
use super::options::{SchemaChange, Truncate};
use super::pgoutput::{Message, Relation, RelationColumn};
use super::progress::{Position, PostgresSplit, TableProgress};
use super::record::{CapturedColumn, CapturedTable, ChangeRecord};
use super::settings::{Settings, TableName};
use rows::{Operation, RowRules, Rows};

/// 1 January 2000 UTC, from which Postgres counts.
const EPOCH_MILLIS: i64 = 946_684_800_000;

/// What a message comes to.
#[derive(Debug)]
pub(super) enum Item {
    /// The records of one change, which belong together, and where the stream goes on after them.
    Change { first: ChangeRecord, second: Option<ChangeRecord>, position: Position },
    /// All up to here has come.
    Position(Position),
    /// A table, by its number, looks like this from now on.
    Table(usize, CapturedTable),
}

/// Reads messages in their order, from a position on.
pub(super) struct Changes {
    rules: RowRules,
    schema_change: SchemaChange,
    truncate: Truncate,
    tables: Vec<Captured>,
    relations: HashMap<u32, Known>,
    position: Position,
    transaction: Option<Transaction>,
    /// Tables of which rows have come as they were that may be no more than keys, by their numbers.
    suspects: BTreeSet<usize>,
}

/// A table of the source.
struct Captured {
    progress: TableProgress,
    orders: Vec<KeyOrder>,
    is_partitioned: bool,
}

/// A table of the stream.
struct Known {
    /// Which one of the source; `None` if it is none of it.
    index: Option<usize>,
    table: Arc<CapturedTable>,
    /// Where the columns of the primary key are, in the order of the key.
    key: Vec<usize>,
    /// It looks like what was known.
    is_checked: bool,
}

struct Transaction {
    commit_lsn: Lsn,
    commit_time: Timestamp,
    /// So many changes of it have come.
    changes: u64,
}

impl Changes {
    /// Goes on from what a split says; `partitioned` says which of its tables have partitions.
    pub(super) fn new(settings: &Settings, split: &PostgresSplit, partitioned: &[bool]) -> Self {
        let captured = |(index, progress): (usize, &TableProgress)| Captured {
            orders: progress.orders(),
            progress: progress.clone(),
            is_partitioned: partitioned.get(index).copied().unwrap_or_default(),
        };
        Self {
            rules: RowRules { changelog: settings.changelog, toast: settings.toast },
            schema_change: settings.schema_change,
            truncate: settings.truncate,
            tables: split.tables.iter().enumerate().map(captured).collect(),
            relations: HashMap::new(),
            position: split.position.unwrap_or(Position { lsn: Lsn(0), changes: 0 }),
            transaction: None,
            suspects: BTreeSet::new(),
        }
    }

    /// The partitioned tables of which rows have come, since this was asked last, that may be no more than keys though the server
    /// has said that they are whole. It says of a table what the table's own replica identity is; what it has logged of a row
    /// is what that of the row's partition is, which may have been added later and without REPLICA IDENTITY FULL.
    pub(super) fn take_suspects(&mut self) -> Vec<TableName> {
        let suspects = std::mem::take(&mut self.suspects);
        let tables = suspects.into_iter().filter_map(|index| self.tables.get(index));
        let name = |captured: &Captured| {
            let CapturedTable { schema, name, .. } = &captured.progress.table;
            TableName { schema: schema.clone(), name: name.clone() }
        };
        tables.map(name).collect()
    }

    /// Takes the next message; hands what it comes to, if anything, to `take`.
    pub(super) fn read(&mut self, message: Message, mut take: impl FnMut(Item)) -> Result<()> {
        match message {
            Message::Begin { commit_lsn, commit_time } => {
                let commit_time = Timestamp::from_millis(EPOCH_MILLIS + commit_time.div_euclid(1_000));
                self.transaction = Some(Transaction { commit_lsn, commit_time, changes: 0 });
            }
            Message::Commit { end_lsn } => {
                self.transaction = None;
                self.advance(end_lsn, &mut take);
            }
            Message::Relation(relation) => self.learn(relation),
            Message::Insert { relation, new } => self.change(relation, Operation::Insert(new), take)?,
            Message::Update { relation, old, new } => {
                self.change(relation, Operation::Update { old, new }, take)?;
            }
            Message::Delete { relation, old } => self.change(relation, Operation::Delete(old), take)?,
            Message::Truncate { relations } => self.truncate(&relations)?,
            Message::Other => {}
        }
        Ok(())
    }

    /// The server has sent all that was committed before `lsn`.
    pub(super) fn keep_alive(&mut self, lsn: Lsn, mut take: impl FnMut(Item)) {
        if self.transaction.is_none() {
            self.advance(lsn, &mut take);
        }
    }

    fn advance(&mut self, lsn: Lsn, take: &mut impl FnMut(Item)) {
        if lsn > self.position.lsn {
            self.position = Position { lsn, changes: 0 };
            take(Item::Position(self.position));
        }
    }

    fn learn(&mut self, relation: Relation) {
        let Relation { id, schema, name, columns } = relation;
        let index = self.tables.iter().position(|captured| {
            captured.progress.table.schema == schema && captured.progress.table.name == name
        });
        let key_columns =
            index.and_then(|index| self.tables.get(index)).map(|captured| captured.progress.key.as_slice());
        let key_columns = key_columns.unwrap_or_default();
        let is_primary_key = |name: &str| key_columns.iter().any(|column| column.name == name);
        let column = |column: RelationColumn| CapturedColumn {
            is_primary_key: is_primary_key(&column.name),
            name: column.name,
            type_oid: column.type_oid,
            type_modifier: column.type_modifier,
        };
        let table = CapturedTable { schema, name, columns: columns.into_iter().map(column).collect() };
        let key = key_columns.iter().map(|column| table.position(&column.name));
        // Without one of its columns it is no key.
        let key = key.collect::<Option<Vec<_>>>().unwrap_or_default();
        self.relations.insert(id, Known { index, table: Arc::new(table), key, is_checked: false });
    }

    /// Counts a change; its place in the transaction, unless it was read before.
    fn count(&mut self) -> Result<Option<Place>> {
        let Some(transaction) = &mut self.transaction else {
            return Err(damaged("a change outside of any transaction"));
        };
        transaction.changes += 1;
        let Transaction { commit_lsn, commit_time, changes } = *transaction;
        let read = if commit_lsn == self.position.lsn { self.position.changes } else { 0 };
        let is_new = commit_lsn >= self.position.lsn && changes > read;
        Ok(is_new.then_some(Place { commit_lsn, commit_time, changes }))
    }

    fn change(&mut self, relation: u32, operation: Operation, mut take: impl FnMut(Item)) -> Result<()> {
        let Some(place) = self.count()? else { return Ok(()) };
        let Some(known) = self.relations.get_mut(&relation) else {
            return Err(damaged("a change of a table that it has not described"));
        };
        let Some(index) = known.index else { return Ok(()) };
        let Some(captured) = self.tables.get_mut(index) else { return Ok(()) };
        if !known.is_checked {
            if let Some(changed) = check_columns(self.schema_change, &captured.progress.table, &known.table)?
            {
                captured.progress.table = changed.clone();
                take(Item::Table(index, changed));
            }
            known.is_checked = true;
        }
        let rows = Rows { table: &known.table, key: &known.key, rules: self.rules };
        if captured.is_partitioned && rows.may_be_key_alone(&operation) {
            self.suspects.insert(index);
        }
        let counts = |key: Option<&Key>| {
            let read_at = captured.progress.read_at(key, &captured.orders);
            read_at.map(|read_at| place.commit_lsn >= read_at)
        };
        let rows = rows.of(operation, counts)?;
        let position = Position { lsn: place.commit_lsn, changes: place.changes };
        let mut records = rows.into_iter().flatten().map(|(kind, values)| ChangeRecord {
            table: known.table.clone(),
            kind,
            values,
            lsn: place.commit_lsn,
            commit_time: Some(place.commit_time),
        });
        if let Some(first) = records.next() {
            take(Item::Change { first, second: records.next(), position });
        }
        Ok(())
    }

    fn truncate(&mut self, relations: &[u32]) -> Result<()> {
        let Some(place) = self.count()? else { return Ok(()) };
        for relation in relations {
            let Some(known) = self.relations.get(relation) else { continue };
            let Some(captured) = known.index.and_then(|index| self.tables.get(index)) else { continue };
            let parts = &captured.progress.parts;
            // All rows were read after it.
            if !parts.is_empty()
                && parts.iter().all(|part| part.read_at.is_some_and(|read| place.commit_lsn < read))
            {
                continue;
            }
            if self.truncate == Truncate::Fail {
                let problem = "has been truncated, and nobody knows which rows it had";
                let remedy = "use DELETE instead; go on with `Truncate::Skip` (in SQL 'debezium.skipped.operations' = 't'), or start the job without a snapshot";
                let problem = format!("table {} {problem}: {remedy}", known.table);
                return Err(Error::new(ErrorKind::InvalidInput, problem));
            }
            tracing::warn!(table = %known.table, "the table has been truncated, which is passed over");
        }
        Ok(())
    }
}

/// Where a change is in the stream.
struct Place {
    commit_lsn: Lsn,
    commit_time: Timestamp,
    /// How many changes of the transaction have come with this one.
    changes: u64,
}

fn damaged(problem: &str) -> Error {
    Error::new(ErrorKind::External, format!("the replication stream has {problem}"))
}

/// The table as it is now, if that is not as it was, and may be so.
fn check_columns(
    policy: SchemaChange,
    known: &CapturedTable,
    now: &CapturedTable,
) -> Result<Option<CapturedTable>> {
    if known.has_same_columns(now) {
        return Ok(None);
    }
    let is_kept = |column: &CapturedColumn| {
        now.columns.iter().any(|other| other.name == column.name && other.type_oid == column.type_oid)
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
    let described = |table: &CapturedTable| {
        let columns =
            table.columns.iter().map(|column| format!("{} (type {})", column.name, column.type_oid));
        columns.collect::<Vec<_>>().join(", ")
    };
    let problem = format!(
        "the columns of table {now} have changed from {} to {}: go on with `SchemaChange::{remedy}`, or start the job without a snapshot",
        described(known),
        described(now)
    );
    Err(Error::new(ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests;
