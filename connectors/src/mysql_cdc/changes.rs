//! Makes records of the events of the binary log: which table, which rows, and whether they count.

use std::collections::HashMap;
use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;
use mysql_async::binlog::row::BinlogRow;

use super::event::{Event, Header};
use super::mapping::{Mapped, MappedTable};
use super::options::StartupMode;
use super::position::BinlogPosition;
use super::settings::Settings;
use super::statement::{Effect, effect, is_xa};
use super::{CapturedTable, ChangeRecord, Item, MysqlSplit, Position, TableProgress};
use crate::cdc::changes::{Transactions, Update, check_columns, damaged, truncate, update, was_read_after};
use crate::cdc::key::{Key, KeyOrder};
use crate::cdc::options::{SchemaChange, Truncate};
use crate::cdc::record::{ChangeKind, ColumnValue};

/// Reads events in their order, from a position on.
pub(super) struct Changes {
    schema_change: SchemaChange,
    truncate: Truncate,
    /// Changes that were committed before, in milliseconds since 1970, are left out.
    since: Option<i64>,
    tables: Vec<Captured>,
    /// Tables by their numbers in the log; `None` for those that are none of the source.
    mapped: HashMap<u64, Option<Mapped>>,
    transactions: Transactions<BinlogPosition>,
    /// Up to where the log has come.
    reached: BinlogPosition,
    /// Where the transaction begins that is read. What has come before it ends there, or earlier: what a server leaves out has its
    /// place in the log, too.
    begun_at: BinlogPosition,
    /// The GTID of the transaction that is read.
    gtid: Option<Arc<str>>,
    /// Nobody knows whether the transaction will be committed.
    is_xa: bool,
    /// Tables that may have been redefined, by their numbers, and the statement that may have done it.
    redefined: Vec<(usize, String)>,
}

/// A table of the source.
struct Captured {
    progress: TableProgress,
    orders: Vec<KeyOrder>,
}

impl Changes {
    /// Goes on from what a split says.
    pub(super) fn new(settings: &Settings, split: &MysqlSplit) -> Self {
        let captured =
            |progress: &TableProgress| Captured { orders: progress.orders(), progress: progress.clone() };
        let position =
            split.position.clone().unwrap_or(Position { log: BinlogPosition::default(), changes: 0 });
        Self {
            schema_change: settings.schema_change,
            truncate: settings.truncate,
            since: match settings.startup {
                StartupMode::Timestamp(millis) => Some(millis),
                _ => None,
            },
            tables: split.tables.iter().map(captured).collect(),
            mapped: HashMap::new(),
            reached: position.log.clone(),
            begun_at: position.log.clone(),
            transactions: Transactions::new(position),
            gtid: None,
            is_xa: false,
            redefined: Vec::new(),
        }
    }

    /// Up to where the log has come.
    pub(super) const fn reached(&self) -> &BinlogPosition {
        &self.reached
    }

    /// Whether rows of a table are to be read, by its number in the log.
    ///
    /// # Errors
    /// If the log has not described it.
    pub(super) fn captures(&self, id: u64) -> Result<bool> {
        match self.mapped.get(&id) {
            Some(mapped) => Ok(mapped.is_some()),
            None => Err(damaged("rows of a table that it has not described")),
        }
    }

    /// Takes the next event; hands what it comes to, if anything, to `take`.
    pub(super) fn read(&mut self, header: Header, event: Event, mut take: impl FnMut(Item)) -> Result<()> {
        let end = header.end.map(|end| self.unfolded(end));
        match event {
            Event::Rotate { file, position } => {
                let gtid = self.reached.gtid.take();
                self.reached = BinlogPosition { file: file.into(), position, gtid };
                // Numbers of tables are those of a file.
                self.mapped.clear();
                return Ok(());
            }
            Event::Begin { gtid, is_xa } => {
                self.open(header);
                self.is_xa = is_xa;
                self.gtid = gtid.map(Arc::from);
            }
            Event::Statement { text, database } => {
                self.statement(header, &text, &database)?;
                if is_end(&text) {
                    let position = self.end(end);
                    // Where a table is defined anew, the position must not come before the definition.
                    if self.redefined.is_empty() {
                        position.map(Item::Position).into_iter().for_each(take);
                    }
                    return Ok(());
                }
            }
            Event::TableMap { id, table } => {
                // The rows of CREATE TABLE … SELECT come after the statement.
                self.begin(header);
                self.map(id, &table)?;
            }
            Event::Rows { id, rows } => {
                for (old, new) in rows {
                    self.change(id, old, new, &mut take)?;
                }
            }
            Event::Commit => {
                self.end(end).map(Item::Position).into_iter().for_each(take);
                return Ok(());
            }
            Event::Other => {}
        }
        if let Some(end) = end {
            self.reached.position = end;
            if !self.transactions.is_open() {
                self.transactions
                    .advance(self.reached.clone())
                    .map(Item::Position)
                    .into_iter()
                    .for_each(take);
            }
        }
        Ok(())
    }

    /// The place of which the log has the lowest 32 bits: a transaction may be larger than these can tell.
    fn unfolded(&self, end: u32) -> u64 {
        const FOLD: u64 = 1 << 32;
        let end = self.reached.position / FOLD * FOLD + u64::from(end);
        if end < self.reached.position { end + FOLD } else { end }
    }

    /// Whether what was committed then is left out.
    fn is_before(&self, commit_time: Timestamp) -> bool {
        self.since.is_some_and(|since| commit_time.as_millis() < since)
    }

    fn open(&mut self, header: Header) {
        let commit_time = header.time();
        let start = header.end.map(|end| self.unfolded(end).saturating_sub(header.size.into()));
        self.begun_at = self.reached.clone();
        self.begun_at.position = start.unwrap_or_default().max(self.reached.position);
        self.transactions.begin(self.reached.clone(), commit_time);
    }

    fn begin(&mut self, header: Header) {
        if !self.transactions.is_open() {
            self.open(header);
        }
    }

    fn end(&mut self, end: Option<u64>) -> Option<Position> {
        if let Some(gtid) = self.gtid.take() {
            self.reached.gtid = Some(gtid);
        }
        self.reached.position = end.unwrap_or(self.reached.position);
        self.is_xa = false;
        self.transactions.end(self.reached.clone())
    }

    fn statement(&mut self, header: Header, text: &str, database: &str) -> Result<()> {
        if text == "BEGIN" || is_xa(text) {
            self.begin(header);
            self.is_xa |= is_xa(text);
            return Ok(());
        }
        self.begin(header);
        for (index, captured) in self.tables.iter().enumerate() {
            let table = &captured.progress.table;
            // What is done to rows that are not read, or were read later, does not matter.
            let matters =
                !self.is_before(header.time()) && !was_read_after(&captured.progress, &self.begun_at);
            match effect(text, database, &table.schema, &table.name) {
                None => continue,
                Some(Effect::Empties) if matters => {
                    truncate(self.truncate, &captured.progress, &self.begun_at)?;
                }
                Some(Effect::Changes) if matters => return Err(changed_by_statement(table, text)),
                Some(Effect::Changes) => continue,
                Some(Effect::Empties | Effect::Redefines) => {}
            }
            self.redefined.push((index, text.to_owned()));
        }
        Ok(())
    }

    /// The tables that may have been redefined since this was asked last, with the statements that may have done it.
    pub(super) fn take_redefined(&mut self) -> Vec<(usize, String, CapturedTable)> {
        let redefined = std::mem::take(&mut self.redefined);
        let table = |(index, statement): (usize, String)| {
            let captured = self.tables.get(index)?;
            Some((index, statement, captured.progress.table.clone()))
        };
        redefined.into_iter().filter_map(table).collect()
    }

    /// A table is defined like this now; `None` if it is gone.
    pub(super) fn redefine(
        &mut self,
        index: usize,
        statement: &str,
        now: Option<CapturedTable>,
        mut take: impl FnMut(Item),
    ) -> Result<()> {
        let Some(captured) = self.tables.get_mut(index) else { return Ok(()) };
        let known = &mut captured.progress.table;
        let Some(now) = now else {
            if self.truncate == Truncate::Skip {
                return Ok(());
            }
            let problem = format!("table {known} is gone; `{statement:.200}` is in the binary log");
            let remedy = "name the table that has taken its place, and start the job without a snapshot";
            return Err(Error::new(ErrorKind::InvalidInput, format!("{problem}: {remedy}")));
        };
        check_columns(self.schema_change, known, &now)?;
        if *known != now {
            *known = now;
            take(Item::Table(index, known.clone()));
        }
        self.mapped.clear();
        Ok(())
    }

    fn map(&mut self, id: u64, mapped: &MappedTable) -> Result<()> {
        let is_it = |captured: &Captured| {
            let table = &captured.progress.table;
            table.schema == mapped.database && table.name == mapped.name
        };
        let Some(index) = self.tables.iter().position(is_it) else {
            self.mapped.insert(id, None);
            return Ok(());
        };
        let Some(captured) = self.tables.get(index) else { return Ok(()) };
        let mapped = Mapped::new(index, &captured.progress.table, mapped)?;
        self.mapped.insert(id, Some(mapped));
        Ok(())
    }

    fn change(
        &mut self,
        id: u64,
        old: Option<BinlogRow>,
        new: Option<BinlogRow>,
        take: &mut impl FnMut(Item),
    ) -> Result<()> {
        let Some(mapped) = self.mapped.get(&id) else {
            return Err(damaged("rows of a table that it has not described"));
        };
        let Some(mapped) = mapped else { return Ok(()) };
        let Some(place) = self.transactions.count()? else { return Ok(()) };
        let Some(captured) = self.tables.get(mapped.index) else { return Ok(()) };
        if self.is_xa {
            let problem = "has rows that were changed in an XA transaction, of which the log does not tell in time whether it is committed";
            let remedy = "write into the table in other transactions, and start the job without a snapshot";
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("table {} {problem}: {remedy}", mapped.table),
            ));
        }
        if self.is_before(place.commit_time) {
            return Ok(());
        }
        let values = |row: Option<BinlogRow>| row.map(|row| mapped.values(row, &place.log)).transpose();
        let (old, new) = (values(old)?, values(new)?);
        let progress = &captured.progress;
        let key = |values: &Vec<ColumnValue>| progress.key_of(&mapped.table, values);
        let counts = |key: Option<&Key>| match progress.read_at(key, &captured.orders) {
            Some(read_at) => Ok(self.begun_at >= read_at),
            None => Err(damaged(&format!("a row of table {} without its primary key", mapped.table))),
        };
        let records = match (old, new) {
            (None, Some(new)) => {
                let counts = counts(key(&new).as_ref())?;
                [counts.then_some((ChangeKind::Insert, new)), None]
            }
            (Some(old), None) => {
                let counts = counts(key(&old).as_ref())?;
                [counts.then_some((ChangeKind::Delete, old)), None]
            }
            (Some(old), Some(new)) => match update(key(&old).as_ref(), key(&new).as_ref(), counts)? {
                Update::Nothing => [None, None],
                Update::InPlace => {
                    [Some((ChangeKind::UpdateBefore, old)), Some((ChangeKind::UpdateAfter, new))]
                }
                Update::Moved { deleted, inserted } => [
                    deleted.then_some((ChangeKind::Delete, old)),
                    inserted.then_some((ChangeKind::Insert, new)),
                ],
            },
            (None, None) => [None, None],
        };
        let mut records = records.into_iter().flatten().map(|(kind, values)| ChangeRecord {
            table: mapped.table.clone(),
            kind,
            values,
            position: place.log.clone(),
            commit_time: Some(place.commit_time),
        });
        if let Some(first) = records.next() {
            let second = records.next();
            drop(records);
            take(Item::Change { first, second, position: place.position() });
        }
        Ok(())
    }
}

fn changed_by_statement(table: &CapturedTable, text: &str) -> Error {
    let problem =
        format!("has been changed by a statement, which the binary log has instead of rows: `{text:.200}`");
    let remedy = "a session has run it with `binlog_format` other than ROW: start the job without a snapshot";
    Error::new(ErrorKind::InvalidInput, format!("table {table} {problem}; {remedy}"))
}

/// Whether a statement is or ends a transaction. Those inside of one are BEGIN, SAVEPOINT and what belongs to them.
fn is_end(text: &str) -> bool {
    let word = text.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let is_inside = matches!(word.as_str(), "BEGIN" | "SAVEPOINT" | "RELEASE")
        || text.to_ascii_uppercase().starts_with("ROLLBACK TO")
        || text.to_ascii_uppercase().starts_with("XA START")
        || text.to_ascii_uppercase().starts_with("XA END");
    !is_inside
}

#[cfg(test)]
mod tests;
