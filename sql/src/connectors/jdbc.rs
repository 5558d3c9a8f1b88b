//! `jdbc`: tables of SQLite and Postgres.
//!
//! As Flink's [JDBC](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/jdbc/) connector, over
//! [`JdbcSource`], [`JdbcLookup`] and [`JdbcSink`]: a table is read to its end, looked up in by keys, and written. With a
//! primary key rows replace each other, without one they are added.

mod columns;
mod lookup;
mod options;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use millstream_connectors::jdbc::{JdbcLookup, JdbcSink, JdbcSource};
use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::lookup::{LookupCache, LookupContext, LookupFactory, TableLookup};
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource};
use crate::catalog::Table;
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::plan::ColumnPath;
use crate::types::Schema;
use columns::{RowReader, check_types};
use lookup::DatabaseLookup;
use options::JdbcOptions;
use write::RowWriter;

pub(super) const CONNECTOR: Connector = Connector {
    name: "jdbc",
    lookup: Some(|cx, options| Ok(Box::new(JdbcTable::new(cx, options)?))),
    source: Some(|cx, options| Ok(Box::new(JdbcTable::new(cx, options)?))),
    sink: Some(|cx, options| Ok(Box::new(JdbcTable::new(cx, options)?))),
};

/// A table of a database.
struct JdbcTable {
    table: Arc<Table>,
    options: JdbcOptions,
}

impl JdbcTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        let table = cx.table.clone();
        let options = JdbcOptions::take(options)?;
        check_types(&table)?;
        options.connection.check().map_err(|error| SqlError::validation(error.to_string()))?;
        Ok(Self { table, options })
    }

    fn names(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().map(|column| self.table.column_name(*column).to_owned()).collect()
    }
}

impl TableSource for JdbcTable {
    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let mut wanted: Vec<usize> = cx.columns.iter().map(ColumnPath::root).collect();
        // Rows without columns are still counted: by one of them that is not used.
        if wanted.is_empty() {
            wanted.extend(self.table.stored_columns().first());
        }
        let rows = RowReader::new(cx.schema);
        let mut source = JdbcSource::with_rows(
            self.options.connection.clone(),
            &*self.options.table,
            self.names(&wanted),
            rows,
        );
        source = source.key(self.names(&self.table.primary_key));
        if let Some(partition) = &self.options.partition {
            source =
                source.partitioned(&*partition.column, partition.count, partition.lower, partition.upper);
        }
        if let Some(rows) = self.options.fetch_size {
            source = source.fetch_size(rows);
        }
        Ok(cx.environment.from_source(source))
    }
}

impl TableLookup for JdbcTable {
    fn cache(&self) -> LookupCache {
        self.options.lookup.cache.clone()
    }

    fn lookup(&self, cx: &LookupContext<'_>) -> SqlResult<LookupFactory> {
        let keys: Vec<usize> = cx.keys.iter().filter_map(|key| cx.columns.get(*key).copied()).collect();
        let connection = self.options.connection.clone().max_retries(self.options.lookup.max_retries);
        let lookup =
            JdbcLookup::new(connection, &*self.options.table, self.names(cx.columns), self.names(&keys));
        let key_schema = cx.schema.project(cx.keys);
        let function = DatabaseLookup::new(lookup, &key_schema, cx.schema);
        Ok(Arc::new(move || Box::new(function.clone())))
    }
}

impl TableSink for JdbcTable {
    fn changelog_mode(&self, _: &ChangelogMode) -> ChangelogMode {
        if self.table.primary_key.is_empty() {
            return ChangelogMode::insert_only();
        }
        ChangelogMode::upsert().with_key_only_deletes(true)
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let names: Vec<String> = schema.names().map(str::to_owned).collect();
        let key = self.names(&self.table.primary_key);
        let positions: Vec<usize> = key.iter().filter_map(|name| schema.position(name)).collect();
        if positions.len() != key.len() {
            return Err(SqlError::validation(format!(
                "table {}: not all columns of the primary key are written",
                self.table.path.quoted()
            )));
        }
        let options = &self.options;
        let connection = options.connection.clone().max_retries(options.sink_retries);
        let writer = RowWriter::new(schema, positions);
        let mut sink = JdbcSink::with_changes(connection, &*options.table, names, writer)
            .key(key)
            .delivery_guarantee(options.guarantee)
            .flush_interval(options.flush_interval);
        if let Some(rows) = options.flush_rows {
            sink = sink.flush_max_rows(rows);
        }
        let written = rows.sink_to(sink);
        Ok(match options.sink_parallelism {
            Some(parallelism) => written.parallelism(parallelism),
            None => written,
        })
    }
}
