//! DISTINCT in aggregates: arguments that have been seen, and how often.
//!
//! Calls with the same arguments share what is kept of them, with a count for each filter, as Flink's shared distinct
//! views do.

mod expiry;

use arrow_array::Array;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::KeyGroups;
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Ttl, Upserted};
use millstream_state::snapshot::part::StateMeta;

use crate::chunk::{Chunk, KeyLayout};
use crate::operators::accumulators::{ADD, RETRACT, SKIP, Sign};
use crate::operators::time_to_live::seconds;
use crate::plan::AggregateCall;
use crate::types::Schema;

/// The arguments of one or more calls, with the group that they were seen in.
pub(super) struct DistinctArguments {
    name: String,
    arguments: Vec<usize>,
    /// Group and arguments.
    keys: KeyLayout,
    /// The group alone.
    group: KeyLayout,
    key_groups: Option<KeyGroups>,
    /// The filters of the calls; each has a count of its own.
    filters: Vec<Option<usize>>,
    store: Option<RowStore>,
    upserted: Vec<Upserted>,
    /// Rows that may have no count any more.
    unused: Vec<RowRef>,
}

/// The bytes of a count.
const COUNT: usize = 8;

impl DistinctArguments {
    /// What the calls of an aggregate need, and for each call which of it and which of its counts.
    pub(super) fn of(
        group: &KeyLayout,
        calls: &[AggregateCall],
        input: &Schema,
    ) -> (Vec<Self>, Vec<Option<(usize, usize)>>) {
        let mut all: Vec<Self> = Vec::new();
        let of_calls = calls.iter().map(|call| {
            if !call.distinct {
                return None;
            }
            let position =
                all.iter().position(|known| known.arguments == call.arguments).unwrap_or_else(|| {
                    let columns: Vec<usize> =
                        group.columns().iter().chain(&call.arguments).copied().collect();
                    let fields = columns.iter().map(|column| input.field(*column)).collect();
                    all.push(Self {
                        name: format!("distinct-{}", all.len()),
                        arguments: call.arguments.clone(),
                        keys: KeyLayout::new(columns, fields),
                        group: group.clone(),
                        key_groups: None,
                        filters: Vec::new(),
                        store: None,
                        upserted: Vec::new(),
                        unused: Vec::new(),
                    });
                    all.len() - 1
                });
            let arguments = all.get_mut(position)?;
            let variant =
                arguments.filters.iter().position(|filter| *filter == call.filter).unwrap_or_else(|| {
                    arguments.filters.push(call.filter);
                    arguments.filters.len() - 1
                });
            Some((position, variant))
        });
        let of_calls = of_calls.collect();
        (all, of_calls)
    }

    pub(super) fn open(
        &mut self,
        cx: &mut OpenContext<'_>,
        expires: bool,
        meta: impl Fn(&str, String) -> StateMeta,
    ) -> Result<()> {
        let fields: Vec<_> = self.keys.fields().iter().map(|field| field.data_type.to_string()).collect();
        let meta = meta(&self.name, format!("counts[{}] of ({})", self.filters.len(), fields.join(", ")));
        let layout = RowLayout::new(self.keys.kind(), &vec![0; COUNT * self.filters.len()], RowsPerKey::One);
        let mut store = RowStore::new(meta, cx.info().groups, cx.info().range(), layout)
            .with_ttl(expires.then_some(Ttl::NEVER));
        store.set_now(seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(&self.name) {
            store.restore_all(stored)?;
        }
        self.store = Some(store);
        self.key_groups = Some(cx.info().groups);
        Ok(())
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// What each row does where equal arguments count once: only the first that comes and the last that goes count.
    /// `began` says when the group of each row began, where groups expire.
    pub(super) fn signs(
        &mut self,
        variant: usize,
        chunk: &Chunk,
        signs: &[Sign],
        began: Option<&[u32]>,
    ) -> Result<Vec<Sign>> {
        let store = self
            .store
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a DISTINCT that is not open"))?;
        let arguments =
            self.arguments.iter().map(|argument| chunk.column(*argument)).collect::<Result<Vec<_>>>()?;
        let keys = self.keys.keys(chunk.columns(), chunk.rows())?;
        let mut hashes = Vec::new();
        self.group.hash(chunk.columns(), chunk.rows(), &mut hashes)?;
        // Rows come to the subtask by their group: their arguments must be kept in its key group.
        if let Some(groups) = self.key_groups {
            for (hash, own) in hashes.iter_mut().zip(keys.hashes()) {
                *hash = groups.hash_in_group_of(*hash, *own);
            }
        }
        self.upserted.clear();
        store.upsert(&hashes, &keys.column(), &mut self.upserted)?;
        if let Some(began) = began {
            self.restart(began)?;
        }
        let store = self
            .store
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a DISTINCT that is not open"))?;
        let at = variant * COUNT;
        let mut counted = Vec::with_capacity(signs.len());
        for (row, (sign, upserted)) in signs.iter().zip(&self.upserted).enumerate() {
            if *sign == SKIP || arguments.iter().any(|argument| argument.is_null(row)) {
                counted.push(SKIP);
                self.unused.extend(upserted.is_new.then_some(upserted.row));
                continue;
            }
            let fixed = store.fixed_mut(upserted.row);
            let Some(count) = fixed.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) else { continue };
            let before = i64::from_le_bytes(*count);
            let after = before + i64::from(*sign);
            *count = after.to_le_bytes();
            self.unused.extend((after == 0).then_some(upserted.row));
            counted.push(match (before, after) {
                (0, 1) => ADD,
                (1, 0) => RETRACT,
                _ => SKIP,
            });
        }
        Ok(counted)
    }

    /// Forgets arguments that have no count any more.
    pub(super) fn remove_unused(&mut self) -> Result<()> {
        let store = self
            .store
            .as_mut()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a DISTINCT that is not open"))?;
        self.unused.sort_unstable();
        self.unused.dedup();
        for row in self.unused.drain(..) {
            if store.fixed(row).iter().all(|byte| *byte == 0) {
                store.remove(row);
            }
        }
        Ok(())
    }
}
