//! Writes the rows of one subtask.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use millstream_operators::sink::{Committer, SinkOutput, SinkWriter};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::guard::guarded;
use millstream_runtime::{Error, ErrorKind, Result};

use super::commit::{JdbcCommittable, JdbcCommitter};
use super::{Change, DeliveryGuarantee, ToChanges, Writing};
use crate::commits::Commits;
use crate::jdbc::mark::Mark;
use crate::jdbc::pool::Pool;
use crate::jdbc::session::Write;
use crate::jdbc::statement::WriteTarget;
use crate::jdbc::value::Value;
use crate::under_way::UnderWay;

/// Everything that was written so far.
type Written = Shared<BoxFuture<'static, Result<()>>>;

/// Writes the rows of one subtask.
pub struct JdbcWriter<S: ToChanges> {
    writing: Arc<Writing<S>>,
    target: Arc<WriteTarget>,
    pool: Pool,
    /// Changes that are not being written yet.
    changes: Vec<Change>,
    /// When the first of them came.
    since: Option<Duration>,
    /// Until all writing that has begun is done: one goes on after the other, so that changes of a row are in order.
    written: Option<Written>,
    under_way: UnderWay,
    /// The name of this writer in marks, and the number of what it writes next.
    name: Option<String>,
    sequence: u64,
    commits: Commits,
}

impl<S: ToChanges> JdbcWriter<S> {
    pub(super) fn new(writing: Arc<Writing<S>>) -> Self {
        Self {
            target: Arc::new(writing.target.clone()),
            pool: Pool::new(writing.connection.clone()),
            writing,
            changes: Vec::new(),
            since: None,
            written: None,
            under_way: UnderWay::default(),
            name: None,
            sequence: 0,
            commits: Commits::default(),
        }
    }

    fn is_exactly_once(&self) -> bool {
        self.writing.guarantee == DeliveryGuarantee::ExactlyOnce
    }

    /// What has come, each row that has a key once: as it is in the end.
    fn take_changes(&mut self) -> Vec<Change> {
        self.since = None;
        reduced(std::mem::take(&mut self.changes), &self.target.key)
    }

    /// Starts writing what has come, behind what is being written.
    fn flush_changes(&mut self, cx: &TaskContext) {
        if self.changes.is_empty() {
            return;
        }
        let (changes, before) = (self.take_changes(), self.written.take());
        let (pool, target) = (self.pool.clone(), self.target.clone());
        let work = async move {
            if let Some(before) = before {
                before.await?;
            }
            pool.ask(&Write { target: &target, changes: &changes, mark: None }).await
        };
        let work = guarded(work).boxed().shared();
        self.under_way.push(cx.spawn_io(work.clone()));
        self.written = Some(work);
    }

    /// Writes what has waited for long enough, and asks to be woken when the rest has.
    fn flush_if_due(&mut self, cx: &mut TaskContext) -> Result<()> {
        if !self.is_exactly_once() {
            let flushing = &self.writing.flushing;
            let is_full = flushing.max_rows > 0 && self.changes.len() >= flushing.max_rows;
            let waits = self.since.filter(|_| !flushing.interval.is_zero());
            let left =
                waits.map(|since| (since.saturating_add(flushing.interval)).saturating_sub(cx.monotonic()));
            if is_full || left.is_some_and(|left| left.is_zero()) {
                self.flush_changes(cx);
            } else if let Some(left) = left {
                cx.wake_after(left);
            }
        }
        if self.under_way.is_too_much()? {
            cx.set_blocked();
        }
        Ok(())
    }
}

/// The last change of each row, in the order of the first: a statement may change a row once only.
fn reduced(changes: Vec<Change>, key: &[usize]) -> Vec<Change> {
    if key.is_empty() {
        return changes;
    }
    let mut last: HashMap<Vec<u8>, usize> = HashMap::with_capacity(changes.len());
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    let mut text = Vec::new();
    for change in changes {
        text.clear();
        match &change {
            Change::Upsert(row) => key.iter().for_each(|column| append(row.get(*column), &mut text)),
            Change::Delete(values) => values.iter().for_each(|value| append(Some(value), &mut text)),
        }
        match last.get(&text).and_then(|place| kept.get_mut(*place)) {
            Some(known) => *known = change,
            None => {
                last.insert(text.clone(), kept.len());
                kept.push(change);
            }
        }
    }
    kept
}

/// A value as bytes that no other value has.
fn append(value: Option<&Value>, into: &mut Vec<u8>) {
    let (kind, bytes): (u8, &[u8]) = match value {
        None | Some(Value::Null) => (0, &[]),
        Some(Value::Integer(value)) => (1, &value.to_le_bytes()),
        Some(Value::Float(value)) => (2, &value.to_bits().to_le_bytes()),
        Some(Value::Text(text)) => (3, text.as_bytes()),
        Some(Value::Bytes(bytes)) => (4, bytes),
    };
    into.push(kind);
    into.extend_from_slice(&bytes.len().to_le_bytes());
    into.extend_from_slice(bytes);
}

impl<S: ToChanges> SinkWriter for JdbcWriter<S> {
    type Record = S::Record;
    type State = ();
    type Committable = JdbcCommittable;

    fn write(&mut self, batch: &mut Batch<S::Record>, output: &mut SinkOutput<'_>) -> Result<()> {
        let cx = output.context();
        for record in batch.drain() {
            self.writing.records.changes(record, &mut self.changes).map_err(|problem| {
                let table = &self.target.table.table;
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("a record cannot be written to table '{table}': {problem}"),
                )
            })?;
            let flushing = &self.writing.flushing;
            if !self.is_exactly_once() && flushing.max_rows > 0 && self.changes.len() >= flushing.max_rows {
                self.flush_changes(cx);
            }
        }
        if self.since.is_none() && !self.changes.is_empty() {
            self.since = Some(cx.monotonic());
        }
        self.flush_if_due(cx)
    }

    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        self.flush_if_due(output.context())
    }

    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<JdbcCommittable>>> + Send + 'static {
        let mut committables = Vec::new();
        if self.is_exactly_once() {
            if !self.changes.is_empty() {
                let writer = self
                    .name
                    .get_or_insert_with(|| format!("{:016x}{:016x}", cx.random().next(), cx.random().next()));
                self.sequence += 1;
                let (sink, writer) = (self.writing.sink().to_owned(), writer.clone());
                let mark = Mark { sink, writer, sequence: self.sequence };
                committables.push(JdbcCommittable { mark, changes: self.take_changes() });
            }
        } else {
            self.flush_changes(cx);
        }
        // The rows of a key may come to another subtask after a restore: what was committed before must be written before
        // anything that comes now is, and all subtasks take part in this checkpoint.
        let (written, earlier) = (self.written.clone(), self.commits.begun());
        async move {
            earlier.done().await?;
            if let Some(written) = written {
                written.await?;
            }
            Ok(committables)
        }
    }

    fn state(&self) {}

    fn committer(&self) -> impl Committer<JdbcCommittable> {
        JdbcCommitter::new(self.pool.clone(), self.target.clone(), self.commits.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upsert(key: i64, value: &str) -> Change {
        Change::Upsert(vec![key.into(), value.into()])
    }

    #[test]
    fn of_each_row_the_last_change_is_left() {
        let delete = |key: i64| Change::Delete(vec![key.into()]);
        let changes =
            vec![upsert(1, "a"), upsert(2, "b"), upsert(1, "c"), delete(2), delete(3), upsert(3, "d")];
        assert_eq!(reduced(changes.clone(), &[0]), [upsert(1, "c"), delete(2), upsert(3, "d")]);
        assert_eq!(reduced(changes.clone(), &[]), changes);
    }
}
