//! Rows that are written down, found by keys.

use std::sync::Arc;

use arrow_array::UInt32Array;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use hashbrown::HashMap;
use millstream_runtime::Result;

use super::rows::Script;
use super::{ChangelogMode, TestRows};
use crate::chunk::{Chunk, KeyLayout};
use crate::connectors::lookup::{
    FoundRows, LookupCache, LookupContext, LookupFactory, LookupFunction, TableLookup,
};
use crate::error::{SqlError, SqlResult};

/// A table of rows that are written down.
pub(super) struct ValuesLookup {
    pub(super) lines: TestRows,
    pub(super) mode: ChangelogMode,
    pub(super) cache: LookupCache,
}

impl TableLookup for ValuesLookup {
    fn cache(&self) -> LookupCache {
        self.cache.clone()
    }

    fn lookup(&self, cx: &LookupContext<'_>) -> SqlResult<LookupFactory> {
        let stored = cx.table.stored_columns();
        let schema = cx.table.schema().project(&stored);
        let place = |column: &usize| stored.iter().position(|stored| stored == column);
        let wanted: Vec<usize> = cx.columns.iter().filter_map(place).collect();
        let rows = Script::parse(&self.lines, &schema, &wanted, &self.mode)?.rows;
        if rows.kinds().iter(rows.rows()).any(|kind| !kind.is_accumulation()) {
            return Err(SqlError::unsupported(format!(
                "table {} has rows that are taken back, and is looked up in",
                cx.table.path.quoted()
            ))
            .with_hint("write only the rows that are left"));
        }
        let rows = Chunk::new(rows.columns().to_vec(), rows.rows());
        let fields = cx.keys.iter().map(|key| cx.schema.field(*key)).collect();
        let layout = KeyLayout::of_bytes(cx.keys.to_vec(), fields);
        let keys = layout.keys(rows.columns(), rows.rows());
        let keys = keys.map_err(|error| SqlError::validation(error.to_string()))?;
        let mut index = HashMap::<Box<[u8]>, Vec<u32>>::new();
        for row in 0..rows.rows() {
            index.entry(keys.bytes(row).into()).or_default().push(row as u32);
        }
        let of_keys = KeyLayout::of_bytes((0..cx.keys.len()).collect(), layout.fields().to_vec());
        let table = Arc::new(Table { rows, index, keys: of_keys });
        Ok(Arc::new(move || Box::new(Function(table.clone()))))
    }
}

struct Table {
    rows: Chunk,
    index: HashMap<Box<[u8]>, Vec<u32>>,
    keys: KeyLayout,
}

impl Table {
    fn find(&self, keys: &Chunk) -> Result<FoundRows> {
        let bytes = self.keys.keys(keys.columns(), keys.rows())?;
        let (mut positions, mut key_of) = (Vec::new(), Vec::new());
        for key in 0..keys.rows() {
            let found = self.index.get(bytes.bytes(key)).map(Vec::as_slice).unwrap_or_default();
            positions.extend_from_slice(found);
            key_of.extend(std::iter::repeat_n(key as u32, found.len()));
        }
        Ok(FoundRows { rows: self.rows.take(&UInt32Array::from(positions))?, key_of })
    }
}

struct Function(Arc<Table>);

impl LookupFunction for Function {
    fn lookup(&mut self, keys: Chunk) -> BoxFuture<'static, Result<FoundRows>> {
        ready(self.0.find(&keys)).boxed()
    }

    fn load(&mut self) -> BoxFuture<'static, Result<Chunk>> {
        ready(Ok(self.0.rows.clone())).boxed()
    }
}
