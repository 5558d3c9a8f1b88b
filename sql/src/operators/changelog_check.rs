//! Fails a job whose changelog contradicts itself: what tests put behind each operator of a plan.
//!
//! A plan says of each of its edges which changes there are and by which columns rows are known. The last table may be
//! right all the same where an edge does not keep to that; this finds it at the edge.

use std::collections::HashMap;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::part::Redistribution;
use serde::{Deserialize, Serialize};

use crate::chunk::{Chunk, RowKind, RowText};
use crate::plan::changelog::ModifyKinds;
use crate::types::Schema;

/// What an edge of a plan must keep to.
#[derive(Clone, Debug)]
pub struct ChangelogCheckSpecification {
    /// The operator above, for messages.
    edge: String,
    changelog: ModifyKinds,
    row: RowText,
    /// Columns of which each set is a key, with what writes their values.
    keys: Vec<(Vec<usize>, RowText)>,
}

impl ChangelogCheckSpecification {
    /// Behind an operator of this name, which gives these changes to rows of `schema`; each of `keys` are columns by which a
    /// row is known.
    pub fn new(
        edge: &str,
        changelog: ModifyKinds,
        schema: &Schema,
        keys: impl IntoIterator<Item = Vec<usize>>,
    ) -> Self {
        let keys = keys.into_iter().map(|key| {
            let text = RowText::new(&schema.project(&key));
            (key, text)
        });
        Self { edge: edge.to_owned(), changelog, row: RowText::new(schema), keys: keys.collect() }
    }
}

/// Hands on what comes, and fails if
///
/// - a change is of a kind that the edge does not have;
/// - a row is taken back that is not there;
/// - in the end, a key has more than one row.
///
/// Where updates come without what a row was before, the rows are those of the first key, and a deleted row must be the
/// last one of its key, unless it is deleted by the key alone.
///
/// Each subtask looks at its own rows. That is enough where all changes of a row take the same way, as they must. After a
/// restore with another number of subtasks nothing is known of the rows before it, and only the kinds are looked at.
pub struct ChangelogCheck {
    specification: ChangelogCheckSpecification,
    /// The rows that are there; by the first key where updates come alone, otherwise by all columns.
    rows: HashMap<String, Known>,
    /// Whether `rows` has all rows.
    is_complete: bool,
    parallelism: u32,
}

/// Rows that are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    row: String,
    count: u64,
    /// The values of each key.
    keys: Vec<String>,
}

/// The name of the state: the rows, each with the number of subtasks.
const ROWS: &str = "changelog-check";

impl ChangelogCheck {
    /// The operator of a subtask.
    pub fn new(specification: &ChangelogCheckSpecification) -> Self {
        Self { specification: specification.clone(), rows: HashMap::new(), is_complete: true, parallelism: 1 }
    }

    const fn replaces(&self) -> bool {
        let changelog = self.specification.changelog;
        changelog.key_only_deletes || changelog.update && !changelog.update_before
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::new(ErrorKind::InvalidJob, format!("the changelog of {}: {problem}", self.specification.edge))
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        let ModifyKinds { insert, update, delete, update_before, .. } = self.specification.changelog;
        let keys = self.specification.keys.iter().map(|(columns, text)| {
            let columns = columns.iter().map(|column| chunk.column(*column).cloned());
            let values = Chunk::new(columns.collect::<Result<Vec<_>>>()?, chunk.rows());
            Ok(text.lines(&values))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        for row in 0..chunk.rows() {
            let mut text = String::new();
            self.specification.row.write(chunk, row, &mut text);
            let kind = chunk.kinds().get(row);
            let is_known = match kind {
                RowKind::Insert => insert,
                RowKind::UpdateBefore => update && update_before,
                RowKind::UpdateAfter => update,
                RowKind::Delete => delete,
            };
            if !is_known {
                return Err(self.wrong(&format!("{text} is a change that the plan does not say")));
            }
            // Rows that are never taken back need not be kept.
            if self.specification.changelog.is_insert_only() || !self.is_complete {
                continue;
            }
            let values = text.split_off(2);
            let keys = keys.iter().filter_map(|lines| lines.get(row).cloned()).collect();
            self.change(kind, values, keys)?;
        }
        Ok(())
    }

    fn change(&mut self, kind: RowKind, row: String, keys: Vec<String>) -> Result<()> {
        let replaces = self.replaces();
        let place = match keys.first() {
            Some(key) if replaces => key.clone(),
            _ => row.clone(),
        };
        if kind.is_accumulation() {
            match self.rows.get_mut(&place) {
                Some(known) if !replaces => known.count += 1,
                _ => drop(self.rows.insert(place, Known { row, count: 1, keys })),
            }
            return Ok(());
        }
        match self.rows.get_mut(&place) {
            // Of a row that is deleted by its key, the rest is not said.
            Some(known) if known.row == row || self.specification.changelog.key_only_deletes => {
                known.count -= 1;
                if known.count == 0 {
                    self.rows.remove(&place);
                }
                Ok(())
            }
            Some(known) => {
                let last = known.row.clone();
                Err(self.wrong(&format!("{}{row} takes back a row that is {last} by now", kind.short())))
            }
            None => Err(self.wrong(&format!("{}{row} takes back a row that is not there", kind.short()))),
        }
    }

    fn check_keys(&self) -> Result<()> {
        for (index, (columns, _)) in self.specification.keys.iter().enumerate() {
            let mut first = HashMap::<&str, &str>::new();
            for known in self.rows.values() {
                let Some(key) = known.keys.get(index) else { continue };
                let other = first.insert(key, &known.row);
                let other = other.or_else(|| (known.count > 1).then_some(known.row.as_str()));
                if let Some(other) = other {
                    return Err(self.wrong(&format!(
                        "the columns {columns:?} are no key: there are {other} and {}",
                        known.row
                    )));
                }
            }
        }
        Ok(())
    }
}

impl OperatorHooks<Chunk> for ChangelogCheck {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if self.replaces() && self.specification.keys.is_empty() {
            return Err(self.wrong("updates come alone, and no columns are a key"));
        }
        self.parallelism = cx.info().parallelism;
        let stored = cx.take_list::<(u32, Option<Known>)>(ROWS)?;
        for (parallelism, known) in stored.into_iter().flatten() {
            self.is_complete &= parallelism == self.parallelism;
            let Some(known) = known else { continue };
            let place = known.keys.first().filter(|_| self.replaces()).unwrap_or(&known.row).clone();
            self.rows.insert(place, known);
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let incomplete = if self.is_complete { self.parallelism } else { 0 };
        let rows = self.rows.values().map(|known| (self.parallelism, Some(known.clone())));
        let items: Vec<_> = std::iter::once((incomplete, None)).chain(rows).collect();
        cx.list(ROWS, Redistribution::Split, &items)
    }

    fn end_of_data(&mut self, _: &mut Output<'_, Chunk>) -> Result<()> {
        if self.is_complete { self.check_keys() } else { Ok(()) }
    }
}

impl Operator<Chunk, Chunk> for ChangelogCheck {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for chunk in batch.drain() {
            self.chunk(&chunk)?;
            output.forward(&mut chunk.into_batch())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
