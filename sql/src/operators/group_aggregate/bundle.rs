//! Mini-batch: the groups that the rows of a bundle touch, with their results before it.
//!
//! As Flink's `MiniBatchGroupAggFunction`, the change of a group is what its result was before the bundle against what it
//! is after it. Rows go into the state as they come: what is kept of a bundle is the results from before it.

use std::hash::BuildHasherDefault;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use hashbrown::HashSet;
use millstream_runtime::Result;
use millstream_state::StableHasher;
use millstream_state::rows::{RowRef, RowStore};

use crate::chunk::{Chunk, KeyLayout, arrow_error};
use crate::operators::accumulators::Accumulator;
use crate::operators::bundle::order::BundleOrder;
use crate::operators::bundle::{BundleSize, ColumnParts, key_columns};

/// The groups that have been touched.
pub(super) struct TouchedGroups {
    pub(super) size: BundleSize,
    order: BundleOrder,
    known: HashSet<RowRef, BuildHasherDefault<StableHasher>>,
    groups: Vec<RowRef>,
    begins: Vec<bool>,
    keys: ColumnParts,
    /// For each call, its results.
    before: ColumnParts,
}

/// What a bundle has touched, in the order in which it is emitted.
pub(super) struct Touched {
    pub(super) groups: Vec<RowRef>,
    /// Whether a group had no row before.
    pub(super) begins: Vec<bool>,
    pub(super) keys: Vec<ArrayRef>,
    /// For each call, the results before the bundle.
    pub(super) before: Vec<ArrayRef>,
}

impl TouchedGroups {
    /// In bundles of so many rows at most.
    pub(super) fn new(keys: &KeyLayout, calls: usize, rows: u64) -> Self {
        Self {
            size: BundleSize::new(rows),
            order: BundleOrder::new(keys.fields()),
            known: HashSet::default(),
            groups: Vec::new(),
            begins: Vec::new(),
            keys: ColumnParts::new(keys.columns().len()),
            before: ColumnParts::new(calls),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Notes the groups of a chunk's rows, before these go into them. `begins` says of a row whether its group has no row.
    pub(super) fn touch(
        &mut self,
        layout: &KeyLayout,
        chunk: &Chunk,
        groups: &[RowRef],
        begins: impl Fn(usize, RowRef) -> bool,
        accumulators: &[Box<dyn Accumulator>],
        store: &RowStore,
    ) -> Result<()> {
        let (mut rows, first) = (Vec::new(), self.groups.len());
        for (row, group) in groups.iter().enumerate() {
            if self.known.insert(*group) {
                rows.push(u32::try_from(row).unwrap_or(u32::MAX));
                self.begins.push(begins(row, *group));
                self.groups.push(*group);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.keys.push(key_columns(layout, chunk, &UInt32Array::from(rows))?);
        let groups = self.groups.get(first..).unwrap_or_default();
        let results = accumulators.iter().map(|accumulator| accumulator.results(store, groups));
        self.before.push(results.collect::<Result<Vec<_>>>()?);
        Ok(())
    }

    /// What the bundle has touched; it is empty then.
    pub(super) fn take(&mut self) -> Result<Option<Touched>> {
        self.size.reset();
        self.known.clear();
        let (groups, begins) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.begins));
        if groups.is_empty() {
            return Ok(None);
        }
        let (keys, before) = (self.keys.take()?, self.before.take()?);
        let positions = self.order.positions(&keys, groups.len())?;
        let at = positions.iter().map(|position| *position as usize);
        let ordered = at.clone().filter_map(|at| groups.get(at).copied()).collect();
        let begins = at.filter_map(|at| begins.get(at).copied()).collect();
        let positions = UInt32Array::from(positions);
        let taken = |columns: Vec<ArrayRef>| {
            let columns = columns.iter().map(|column| take(column, &positions, None).map_err(arrow_error));
            columns.collect::<Result<Vec<_>>>()
        };
        Ok(Some(Touched { groups: ordered, begins, keys: taken(keys)?, before: taken(before)? }))
    }
}
