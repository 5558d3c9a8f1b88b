//! `mysql-cdc`: the rows of a table of MySQL or MariaDB, and then all its changes.
//!
//! As Flink CDC's [mysql-cdc](https://nightlies.apache.org/flink/flink-cdc-docs-stable/docs/connectors/flink-sources/mysql-cdc/)
//! connector, over [`MysqlCdcSource`](millstream_connectors::mysql_cdc::MysqlCdcSource). What the table has in the database is
//! compared with its declaration whenever the job starts.

mod dialect;
mod options;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use millstream_connectors::mysql_cdc::SchemaChange;
use millstream_operators::Stream;

use super::cdc::{ChangeRows, Declared, RowShape};
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSource};
use crate::catalog::Table;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use dialect::MysqlDialect;
use options::CdcOptions;

pub(super) const CONNECTOR: Connector = Connector {
    name: "mysql-cdc",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(CdcTable::new(cx, options)?))),
    sink: None,
};

/// A table of MySQL.
struct CdcTable {
    table: Arc<Table>,
    options: CdcOptions,
    declared: Arc<Declared>,
}

impl CdcTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        let table = cx.table.clone();
        let options = CdcOptions::take(options, !table.primary_key.is_empty(), || cx.session.zone())?;
        let declared = Declared::new::<MysqlDialect>(&table, false)?;
        Ok(Self { table, options, declared: Arc::new(declared) })
    }
}

impl TableSource for CdcTable {
    fn changelog_mode(&self) -> ChangelogMode {
        if self.options.is_append_only { ChangelogMode::insert_only() } else { ChangelogMode::all() }
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let wanted: Vec<_> = cx.columns.iter().map(crate::plan::ColumnPath::root).collect();
        let dialect = MysqlDialect { zone: self.options.zone.clone() };
        let shape = RowShape::new(
            dialect,
            &self.table,
            &wanted,
            &self.options.database,
            self.options.is_append_only,
        )?;
        let (shape, declared) = (Arc::new(shape), self.declared.clone());
        let source = self
            .options
            .source()
            // Columns are found by their names, so that others may come up.
            .schema_change(SchemaChange::AllowAdded)
            .check_tables(move |table| declared.check::<MysqlDialect>(table))
            .with_deserializer(move || ChangeRows::new(shape.clone()));
        // Changes have one order.
        Ok(cx.environment.from_source(source).parallelism(1))
    }
}
