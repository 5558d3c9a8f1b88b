//! Tables in which rows are looked up by keys, as Flink's `LookupTableSource`.

mod options;

use std::time::Duration;

use futures::future::BoxFuture;
use millstream_runtime::Result;

use crate::catalog::Table;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::types::Schema;

pub(crate) use options::LookupOptions;

/// A table that rows are looked up in.
pub trait TableLookup: Send + Sync {
    /// Which of the rows that were found are kept, and for how long.
    fn cache(&self) -> LookupCache;

    /// What finds rows; each subtask makes its function from it.
    ///
    /// # Errors
    /// If the table cannot be looked up in by these columns.
    fn lookup(&self, cx: &LookupContext<'_>) -> SqlResult<LookupFactory>;
}

/// Makes the function of a subtask.
pub type LookupFactory = std::sync::Arc<dyn Fn() -> Box<dyn LookupFunction> + Send + Sync>;

/// What is known when a table is looked up in.
pub struct LookupContext<'a> {
    /// The table.
    pub table: &'a Table,
    /// The columns of the table that are wanted of each row, by position.
    pub columns: &'a [usize],
    /// Their names and types.
    pub schema: &'a Schema,
    /// Those among them that rows are found by.
    pub keys: &'a [usize],
}

/// Finds rows by keys, for one subtask. As Flink's `LookupFunction` and `AsyncLookupFunction`, for many keys at once.
pub trait LookupFunction: Send + 'static {
    /// Finds the rows of keys. `keys` has a row for each, with the columns of [`LookupContext::keys`]; none of them is
    /// NULL, and no two are equal.
    ///
    /// The future runs on the I/O pool; several may run at a time. It must not block its thread.
    fn lookup(&mut self, keys: Chunk) -> BoxFuture<'static, Result<FoundRows>>;

    /// All rows of the table, for [`LookupCache::Full`].
    fn load(&mut self) -> BoxFuture<'static, Result<Chunk>>;
}

/// The rows of some keys.
#[derive(Clone, Debug)]
pub struct FoundRows {
    /// The rows, with the columns of [`LookupContext::schema`]; those of a key stand next to each other.
    pub rows: Chunk,
    /// Of each row, the number of its key, never falling.
    pub key_of: Vec<u32>,
}

/// Which rows are kept, as `lookup.cache` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupCache {
    /// None: each row that comes is looked up.
    None,
    /// Those that have been found.
    Partial(PartialCache),
    /// All rows of the table, which are read anew now and then.
    Full {
        /// After how long.
        reload_interval: Duration,
        /// Whether that is from the start of one reading to that of the next, not from its end.
        fixed_rate: bool,
    },
}

/// How long rows are kept that were found. Rows leave that were not wanted for longest when there are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialCache {
    /// How many rows there are at most.
    pub max_rows: Option<u64>,
    /// How long after they were found.
    pub expire_after_write: Option<Duration>,
    /// How long after they were wanted last.
    pub expire_after_access: Option<Duration>,
    /// Whether it is kept that a key has no rows.
    pub cache_missing_key: bool,
}
