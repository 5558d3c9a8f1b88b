//! All rows of a table, read anew now and then: as Flink's `FullCacheLookupFunction` with a `PeriodicCacheReloadTrigger`.

use std::time::Duration;

use arrow_array::{Array, UInt32Array};
use hashbrown::HashMap;
use millstream_runtime::Result;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;

use super::answer::{Answer, Span};
use super::request::Request;
use super::specification::LookupJoinSpecification;
use crate::chunk::{Chunk, Grouping};
use crate::connectors::lookup::LookupFunction;

/// The table, as it was when it was read last.
pub(super) struct FullTable {
    loaded: Option<Loaded>,
    loading: Option<IoHandle<Chunk>>,
    interval: Duration,
    fixed_rate: bool,
    /// When it is read next.
    due: Option<Duration>,
}

/// Rows in the order of their keys, and where those of a key are.
struct Loaded {
    rows: Chunk,
    index: HashMap<Box<[u8]>, Span>,
}

impl FullTable {
    pub(super) const fn new(interval: Duration, fixed_rate: bool) -> Self {
        Self { loaded: None, loading: None, interval, fixed_rate, due: None }
    }

    pub(super) const fn is_loaded(&self) -> bool {
        self.loaded.is_some()
    }

    /// Reads the table when it is time to. Until it is read, the rows that were there before are joined with.
    pub(super) fn see_to_reload(
        &mut self,
        specification: &LookupJoinSpecification,
        function: &mut dyn LookupFunction,
        cx: &mut TaskContext,
    ) -> Result<()> {
        let now = cx.monotonic();
        if let Some(rows) = self.loading.as_ref().and_then(IoHandle::take) {
            self.loading = None;
            self.loaded = Some(Loaded::new(specification, &rows?)?);
            if !self.fixed_rate {
                self.due = Some(now.saturating_add(self.interval));
            }
        }
        if self.loading.is_none() {
            if self.due.is_none_or(|due| now >= due) {
                self.due = Some(now.saturating_add(self.interval));
                self.loading = Some(cx.spawn_io(function.load()));
            } else if let Some(due) = self.due {
                cx.wake_after(due.saturating_sub(now));
            }
        }
        Ok(())
    }

    /// The rows that belong to those of a request.
    pub(super) fn answer(
        &self,
        specification: &LookupJoinSpecification,
        request: &Request,
    ) -> Result<Answer> {
        let groups = request.grouping.firsts().len();
        let mut of_group = vec![Span::default(); groups];
        let Some(loaded) = &self.loaded else {
            return Ok(Answer { rows: Chunk::empty(&specification.fetched), of_group });
        };
        let mut positions = Vec::new();
        for (group, slot) in (0_u32..).zip(&mut of_group) {
            if !request.can_match(group as usize) {
                continue;
            }
            if let Some(span) = loaded.index.get(request.key(group)) {
                *slot = Span::new(positions.len(), span.rows().len());
                positions.extend(span.rows().map(|row| row as u32));
            }
        }
        Ok(Answer { rows: loaded.rows.take(&UInt32Array::from(positions))?, of_group })
    }
}

impl Loaded {
    fn new(specification: &LookupJoinSpecification, rows: &Chunk) -> Result<Self> {
        let layout = &specification.table_layout;
        let keys = layout.keys(rows.columns(), rows.rows())?;
        let mut grouping = Grouping::default();
        grouping.group(&keys);
        let mut of_group: Vec<Vec<u32>> = vec![Vec::new(); grouping.firsts().len()];
        for (row, group) in (0_u32..).zip(grouping.groups()) {
            if let Some(members) = of_group.get_mut(*group as usize) {
                members.push(row);
            }
        }
        let key_columns = layout.columns().iter().map(|column| rows.column(*column));
        let key_columns = key_columns.collect::<Result<Vec<_>>>()?;
        let (mut order, mut index) = (Vec::with_capacity(rows.rows()), HashMap::new());
        for (first, members) in grouping.firsts().iter().zip(of_group) {
            if key_columns.iter().any(|column| column.is_null(*first as usize)) {
                continue;
            }
            index.insert(Box::from(keys.bytes(*first as usize)), Span::new(order.len(), members.len()));
            order.extend(members);
        }
        Ok(Self { rows: rows.take(&UInt32Array::from(order))?, index })
    }
}
