//! Groups that are told apart by a number, and of which no snapshot ever sees anything.

use millstream_runtime::Result;
use millstream_state::rows::{KeyColumn, KeyKind, RowLayout, RowRef, RowStore, RowsPerKey, Upserted};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{KeyGroups, Shape, stable_hash};

/// Rows for accumulators.
pub(in crate::operators) struct NumberedRows {
    pub(in crate::operators) store: RowStore,
    /// The row of each number.
    pub(in crate::operators) rows: Vec<RowRef>,
}

impl NumberedRows {
    /// None yet; `initial` is the fixed part of a new one.
    pub(in crate::operators) fn new(initial: &[u8]) -> Self {
        let meta = StateMeta {
            name: "numbered".to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text("number"),
            value: Shape::from_text("accumulators"),
        };
        let one = KeyGroups::new(1);
        let layout = RowLayout::new(KeyKind::U64, initial, RowsPerKey::One);
        Self { store: RowStore::new(meta, one, one.range_of(0, 1), layout), rows: Vec::new() }
    }

    /// Makes rows until there are so many.
    ///
    /// # Errors
    /// If they take more memory than a store can have.
    pub(in crate::operators) fn reach(&mut self, count: usize) -> Result<()> {
        if count <= self.rows.len() {
            return Ok(());
        }
        let more: Vec<u64> = (self.rows.len() as u64..count as u64).collect();
        let hashes: Vec<u64> = more.iter().map(stable_hash).collect();
        let mut made: Vec<Upserted> = Vec::with_capacity(more.len());
        self.store.upsert(&hashes, &KeyColumn::U64(&more), &mut made)?;
        self.rows.extend(made.into_iter().map(|made| made.row));
        Ok(())
    }
}
