//! The rows of one change.

use millstream_runtime::{Error, ErrorKind, Result};

use crate::cdc::changes::{Update, damaged, update};
use crate::cdc::key::Key;
use crate::cdc::record::{ChangeKind, ColumnValue};
use crate::postgres_cdc::CapturedTable;
use crate::postgres_cdc::options::{ChangelogMode, UnchangedToast};
use crate::postgres_cdc::pgoutput::{Old, Tuple, TupleValue};

/// What rows are made of changes.
#[derive(Clone, Copy)]
pub(super) struct RowRules {
    pub(super) changelog: ChangelogMode,
    pub(super) toast: UnchangedToast,
}

/// What has been done to a row.
pub(super) enum Operation {
    Insert(Tuple),
    Update { old: Old, new: Tuple },
    Delete(Old),
}

/// A table and its rules, for the rows of its changes.
pub(super) struct Rows<'a> {
    pub(super) table: &'a CapturedTable,
    /// Where the columns of the primary key are.
    pub(super) key: &'a [usize],
    pub(super) rules: RowRules,
}

type Row = (ChangeKind, Vec<ColumnValue>);

impl Rows<'_> {
    /// The rows of a change, at most two. `counts` says of a key whether its row was read before the change, and `None` if
    /// it takes a key to tell.
    pub(super) fn of(
        &self,
        operation: Operation,
        counts: impl Fn(Option<&Key>) -> Option<bool>,
    ) -> Result<[Option<Row>; 2]> {
        let counts = |key: Option<&Key>| counts(key).ok_or_else(|| self.without_key());
        match operation {
            Operation::Insert(new) => {
                self.check_width(&new)?;
                let is_new = counts(self.key_of(&new).as_ref())?;
                let inserted = || self.values(new).map(|values| (ChangeKind::Insert, values));
                Ok([is_new.then(inserted).transpose()?, None])
            }
            Operation::Delete(old) => {
                let is_new = counts(self.key_of_old(&old)?.as_ref())?;
                Ok([is_new.then(|| self.deleted(old)).transpose()?, None])
            }
            Operation::Update { old, mut new } => {
                self.check_width(&new)?;
                let old_key = self.key_of_old(&old)?;
                fill(&mut new, &old);
                let new_key = self.key_of(&new).or_else(|| old_key.clone());
                match update(old_key.as_ref(), new_key.as_ref(), counts)? {
                    Update::Nothing => Ok([None, None]),
                    Update::InPlace => self.updated(old, new),
                    Update::Moved { deleted, inserted } => {
                        let old = deleted.then(|| self.deleted(old)).transpose()?;
                        let new = || self.values(new).map(|values| (ChangeKind::Insert, values));
                        Ok([old, inserted.then(new).transpose()?])
                    }
                }
            }
        }
    }

    /// Whether a row as it was, which should be whole, may be no more than some key: there is nothing else in it, or no primary key.
    pub(super) fn may_be_key_alone(&self, operation: &Operation) -> bool {
        let (Operation::Update { old: Old::Full(old), .. } | Operation::Delete(Old::Full(old))) = operation
        else {
            return false;
        };
        let mut others = old.iter().enumerate().filter(|(index, _)| !self.key.contains(index));
        let is_null = |index: &usize| old.get(*index) == Some(&TupleValue::Null);
        let has_others = old.len() > self.key.len();
        self.key.iter().any(is_null) || (has_others && others.all(|(_, value)| *value == TupleValue::Null))
    }

    fn updated(&self, old: Old, new: Tuple) -> Result<[Option<Row>; 2]> {
        let after = |new| Ok::<_, Error>(Some((ChangeKind::UpdateAfter, self.values(new)?)));
        match (self.rules.changelog, old) {
            (ChangelogMode::All, Old::Full(old)) => {
                Ok([Some((ChangeKind::UpdateBefore, self.values(old)?)), after(new)?])
            }
            (ChangelogMode::All, _) => Err(self.without_old("updated")),
            (ChangelogMode::Upsert, _) => Ok([after(new)?, None]),
        }
    }

    fn deleted(&self, old: Old) -> Result<Row> {
        match (self.rules.changelog, old) {
            (_, Old::Full(old)) => Ok((ChangeKind::Delete, self.values(old)?)),
            (ChangelogMode::Upsert, Old::Key(old)) => {
                let value = |(value, column): (_, &super::CapturedColumn)| match value {
                    TupleValue::Text(text) => ColumnValue::Text(text),
                    TupleValue::Null if column.is_primary_key => ColumnValue::Null,
                    TupleValue::Null | TupleValue::UnchangedToast => ColumnValue::Unavailable,
                };
                Ok((ChangeKind::Delete, old.into_iter().zip(&self.table.columns).map(value).collect()))
            }
            _ => Err(self.without_old("deleted")),
        }
    }

    fn values(&self, tuple: Tuple) -> Result<Vec<ColumnValue>> {
        let value = |(value, column): (_, &super::CapturedColumn)| match (value, self.rules.toast) {
            (TupleValue::Text(text), _) => Ok(ColumnValue::Text(text)),
            (TupleValue::Null, _) => Ok(ColumnValue::Null),
            (TupleValue::UnchangedToast, UnchangedToast::Mark) => Ok(ColumnValue::Unavailable),
            (TupleValue::UnchangedToast, UnchangedToast::Fail) => Err(self.unchanged(&column.name)),
        };
        tuple.into_iter().zip(&self.table.columns).map(value).collect()
    }

    /// The primary key of a row; `None` if the table has none, or it was not sent whole.
    fn key_of(&self, tuple: &Tuple) -> Option<Key> {
        if self.key.is_empty() {
            return None;
        }
        let value = |index: &usize| match tuple.get(*index) {
            Some(TupleValue::Text(text)) => String::from_utf8(text.to_vec()).ok(),
            _ => None,
        };
        self.key.iter().map(value).collect::<Option<_>>().map(Key)
    }

    fn key_of_old(&self, old: &Old) -> Result<Option<Key>> {
        match old {
            Old::None => Ok(None),
            Old::Key(tuple) | Old::Full(tuple) => {
                self.check_width(tuple)?;
                Ok(self.key_of(tuple))
            }
        }
    }

    fn check_width(&self, tuple: &Tuple) -> Result<()> {
        let (columns, values) = (self.table.columns.len(), tuple.len());
        if columns == values {
            return Ok(());
        }
        Err(damaged(&format!(
            "a row of {values} values for table {}, which has {columns} columns",
            self.table
        )))
    }

    fn without_old(&self, done: &str) -> Error {
        let table = self.table;
        let problem =
            format!("a row of table {table} was {done}, and the server has not sent what was in it before");
        let remedy = "go on with `ChangelogMode::Upsert` (in SQL 'changelog-mode' = 'upsert'), or start the job without a snapshot after";
        let message = format!(
            "{problem}: {remedy} `ALTER TABLE {table} REPLICA IDENTITY FULL`, which holds for later changes"
        );
        Error::new(ErrorKind::InvalidInput, message)
    }

    fn unchanged(&self, column: &str) -> Error {
        let table = self.table;
        let problem = format!(
            "a row of table {table} was updated, and the server has not sent the large value in column `{column}`, which has not changed"
        );
        let remedy = "go on with `UnchangedToast::Mark`, or start the job without a snapshot after";
        let message = format!(
            "{problem}: {remedy} `ALTER TABLE {table} REPLICA IDENTITY FULL`, which holds for later changes"
        );
        Error::new(ErrorKind::InvalidInput, message)
    }

    fn without_key(&self) -> Error {
        let table = self.table;
        let problem = "has changed whose primary key the server has not sent, while rows had been read at different times";
        let remedy =
            format!("start the job without a snapshot after `ALTER TABLE {table} REPLICA IDENTITY FULL`");
        Error::new(ErrorKind::InvalidInput, format!("a row of table {table} {problem}: {remedy}"))
    }
}

/// Takes values that have not changed from the row as it was.
fn fill(new: &mut Tuple, old: &Old) {
    let (Old::Key(old) | Old::Full(old)) = old else { return };
    for (new, old) in new.iter_mut().zip(old) {
        if matches!((&*new, old), (TupleValue::UnchangedToast, TupleValue::Text(_))) {
            new.clone_from(old);
        }
    }
}
