//! `postgres-cdc`: the rows of a table of Postgres, and then all its changes.
//!
//! As Flink CDC's [postgres-cdc](https://nightlies.apache.org/flink/flink-cdc-docs-stable/docs/connectors/flink-sources/postgres-cdc/)
//! connector, over
//! [`PostgresCdcSource`](millstream_connectors::postgres_cdc::PostgresCdcSource). What the table has in the database is compared with its declaration whenever the job
//! starts.

mod dialect;
mod options;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use millstream_connectors::postgres_cdc::SchemaChange;
use millstream_operators::Stream;

use super::cdc::{ChangeRows, Declared, RowShape};
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSource};
use crate::catalog::Table;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use dialect::PostgresDialect;
use options::{CdcOptions, Changelog};

pub(super) const CONNECTOR: Connector = Connector {
    name: "postgres-cdc",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(CdcTable::new(cx, options)?))),
    sink: None,
};

/// A table of Postgres.
struct CdcTable {
    table: Arc<Table>,
    options: CdcOptions,
    declared: Arc<Declared>,
}

impl CdcTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        let table = cx.table.clone();
        let options = CdcOptions::take(options, !table.primary_key.is_empty())?;
        let declared = Declared::new::<PostgresDialect>(&table, options.changelog == Changelog::Upsert)?;
        Ok(Self { table, options, declared: Arc::new(declared) })
    }
}

impl TableSource for CdcTable {
    fn changelog_mode(&self) -> ChangelogMode {
        match self.options.changelog {
            Changelog::All => ChangelogMode::all(),
            Changelog::Upsert => ChangelogMode::upsert().with_key_only_deletes(true),
            Changelog::AppendOnly => ChangelogMode::insert_only(),
        }
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let wanted: Vec<_> = cx.columns.iter().map(crate::plan::ColumnPath::root).collect();
        let is_append_only = self.options.changelog == Changelog::AppendOnly;
        let shape =
            RowShape::new(PostgresDialect, &self.table, &wanted, &self.options.database, is_append_only)?;
        let (shape, declared) = (Arc::new(shape), self.declared.clone());
        let source = self
            .options
            .source()
            // Columns are found by their names, so that others may come up.
            .schema_change(SchemaChange::AllowAdded)
            .check_tables(move |table| declared.check::<PostgresDialect>(table))
            .with_deserializer(move || ChangeRows::new(shape.clone()));
        // Changes have one order.
        Ok(cx.environment.from_source(source).parallelism(1))
    }
}
