//! Rows of a database, found by keys.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_connectors::jdbc::JdbcLookup;
use millstream_runtime::{Error, ErrorKind, Result};

use super::columns::RowReader;
use super::write::ValueWriter;
use crate::chunk::Chunk;
use crate::connectors::lookup::{FoundRows, LookupFunction};
use crate::types::Schema;

/// Looks up in a table of a database.
#[derive(Clone)]
pub(super) struct DatabaseLookup {
    lookup: JdbcLookup,
    keys: Arc<ValueWriter>,
    rows: RowReader,
}

impl DatabaseLookup {
    pub(super) fn new(lookup: JdbcLookup, keys: &Schema, rows: &Schema) -> Self {
        Self { lookup, keys: Arc::new(ValueWriter::new(keys)), rows: RowReader::new(rows) }
    }
}

fn unreadable(problem: String) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("a row that was looked up cannot be read: {problem}"))
}

impl LookupFunction for DatabaseLookup {
    fn lookup(&mut self, keys: Chunk) -> BoxFuture<'static, Result<FoundRows>> {
        let Self { lookup, keys: writer, rows } = self.clone();
        async move {
            let values = (0..keys.rows()).map(|row| writer.row(&keys, row));
            let values = values.collect::<Result<Vec<_>, String>>();
            let values = values.map_err(|problem| {
                Error::new(ErrorKind::Internal, format!("a key cannot be looked up: {problem}"))
            })?;
            let found = lookup.lookup(values).await?;
            let key_of = found.iter().map(|(key, _)| *key).collect();
            let rows = rows.chunk(found.iter().map(|(_, row)| row)).map_err(unreadable)?;
            Ok(FoundRows { rows, key_of })
        }
        .boxed()
    }

    fn load(&mut self) -> BoxFuture<'static, Result<Chunk>> {
        let Self { lookup, rows, .. } = self.clone();
        async move { rows.chunk(lookup.all().await?.iter()).map_err(unreadable) }.boxed()
    }
}
