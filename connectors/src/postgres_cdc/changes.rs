//! Makes records of the messages of the replication stream: which table, which rows, and whether they count.

mod rows;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::lsn::Lsn;
use super::pgoutput::{Message, Relation, RelationColumn};
use super::settings::{Settings, TableName};
use super::types::PostgresType;
use super::{CapturedColumn, CapturedTable, ChangeRecord, Item, Position, PostgresSplit, TableProgress};
use crate::cdc::changes::{Transactions, check_columns, damaged, truncate};
use crate::cdc::key::{Key, KeyOrder};
use crate::cdc::options::{SchemaChange, Truncate};
use rows::{Operation, RowRules, Rows};

/// 1 January 2000 UTC, from which Postgres counts.
const EPOCH_MILLIS: i64 = 946_684_800_000;

/// Reads messages in their order, from a position on.
pub(super) struct Changes {
    rules: RowRules,
    schema_change: SchemaChange,
    truncate: Truncate,
    tables: Vec<Captured>,
    relations: HashMap<u32, Known>,
    transactions: Transactions<Lsn>,
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
            transactions: Transactions::new(split.position.unwrap_or(Position { log: Lsn(0), changes: 0 })),
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
    pub(super) fn read(&mut self, message: Message, take: impl FnMut(Item)) -> Result<()> {
        match message {
            Message::Begin { commit_lsn, commit_time } => {
                let commit_time = Timestamp::from_millis(EPOCH_MILLIS + commit_time.div_euclid(1_000));
                self.transactions.begin(commit_lsn, commit_time);
            }
            Message::Commit { end_lsn } => {
                self.transactions.end(end_lsn).map(Item::Position).into_iter().for_each(take);
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
    pub(super) fn keep_alive(&mut self, lsn: Lsn, take: impl FnMut(Item)) {
        if !self.transactions.is_open() {
            self.transactions.advance(lsn).map(Item::Position).into_iter().for_each(take);
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
            data_type: PostgresType { oid: column.type_oid, modifier: column.type_modifier },
        };
        let table = CapturedTable { schema, name, columns: columns.into_iter().map(column).collect() };
        let key = key_columns.iter().map(|column| table.position(&column.name));
        // Without one of its columns it is no key.
        let key = key.collect::<Option<Vec<_>>>().unwrap_or_default();
        self.relations.insert(id, Known { index, table: Arc::new(table), key, is_checked: false });
    }

    fn change(&mut self, relation: u32, operation: Operation, mut take: impl FnMut(Item)) -> Result<()> {
        let Some(place) = self.transactions.count()? else { return Ok(()) };
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
            read_at.map(|read_at| place.log >= read_at)
        };
        let rows = rows.of(operation, counts)?;
        let mut records = rows.into_iter().flatten().map(|(kind, values)| ChangeRecord {
            table: known.table.clone(),
            kind,
            values,
            position: place.log,
            commit_time: Some(place.commit_time),
        });
        if let Some(first) = records.next() {
            let second = records.next();
            take(Item::Change { first, second, position: place.position() });
        }
        Ok(())
    }

    fn truncate(&mut self, relations: &[u32]) -> Result<()> {
        let Some(place) = self.transactions.count()? else { return Ok(()) };
        for relation in relations {
            let Some(known) = self.relations.get(relation) else { continue };
            let Some(captured) = known.index.and_then(|index| self.tables.get(index)) else { continue };
            truncate(self.truncate, &captured.progress, &place.log)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
