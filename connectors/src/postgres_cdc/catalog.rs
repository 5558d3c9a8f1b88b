//! What the server's catalogs say: of the server, of tables, and of the publication.

use millstream_runtime::{Error, ErrorKind, Result};
use tokio_postgres::Client;

use super::options::{ChangelogMode, StartupMode};
use super::session::{query, value};
use super::settings::{Settings, TableName, quote_identifier, quote_literal};
use super::types::PostgresType;
use super::{CapturedColumn, CapturedTable, TableProgress};
use crate::cdc::key::KeyOrder;
use crate::cdc::progress::KeyColumn;

/// A table, and what must be known to read it.
pub(super) struct FoundTable {
    /// Without parts.
    pub(super) progress: TableProgress,
    pub(super) reading: TableReading,
}

/// How the rows of a table are read.
#[derive(Clone)]
pub struct TableReading {
    /// Whether the index of the primary key has the order that its rows are read in.
    pub(super) is_ordered_by_index: bool,
    /// Whether its rows are in partitions.
    pub(super) is_partitioned: bool,
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}

/// Checks what the server must be like.
pub(super) async fn check_server(client: &Client, settings: &Settings) -> Result<()> {
    let sql = "SELECT current_setting('server_version_num'), current_setting('wal_level'), \
               current_setting('server_encoding'), pg_is_in_recovery()";
    let rows = query(client, "the server's settings cannot be read", sql).await?;
    let answer = rows.first();
    let column = |index| answer.and_then(|row| value(row, index)).unwrap_or_default();
    let place = settings.place();
    if column(0).parse::<u32>().unwrap_or_default() < 120_000 {
        return Err(invalid(format!(
            "{place}: the server is older than Postgres 12, which is the oldest supported"
        )));
    }
    if column(1) != "logical" {
        let remedy = "set it to `logical` in postgresql.conf and restart the server";
        return Err(invalid(format!(
            "{place}: `wal_level` is `{}`, which has no changes of rows: {remedy}",
            column(1)
        )));
    }
    if settings.startup == StartupMode::Initial && column(2) != "UTF8" {
        let remedy = "keys are ordered by their bytes in UTF-8. Start it with another `StartupMode`";
        return Err(invalid(format!(
            "{place}: tables of a database in {} cannot be read from the start: {remedy}",
            column(2)
        )));
    }
    if column(3) == "t" {
        return Err(invalid(format!("{place}: the server is a standby: read from the primary")));
    }
    Ok(())
}

/// What the catalogs say of a table.
pub(super) async fn find_table(client: &Client, settings: &Settings, name: &TableName) -> Result<FoundTable> {
    let what = format!("table {}.{} cannot be looked up", name.schema, name.name);
    let sql = format!(
        "SELECT c.oid, c.relkind, c.relreplident, c.relpersistence FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relname = {} AND c.relkind IN ('r', 'p')",
        quote_literal(&name.schema),
        quote_literal(&name.name)
    );
    let rows = query(client, &what, &sql).await?;
    let Some(found) = rows.first() else {
        let problem = format!(
            "{} has no table {}.{}: check `table_list` (in SQL 'schema-name' and 'table-name')",
            settings.place(),
            name.schema,
            name.name
        );
        return Err(invalid(problem));
    };
    let column = |index| value(found, index).unwrap_or_default();
    let (oid, kind, identity) = (column(0), column(1), column(2));
    if column(3) != "p" {
        let problem = "is temporary or unlogged: its changes are not in the write-ahead log. `ALTER TABLE … SET LOGGED` puts them there";
        return Err(invalid(format!("table {}.{} {problem}", name.schema, name.name)));
    }
    let (key, is_ordered_by_index) = find_key(client, &what, oid).await?;
    let columns = find_columns(client, &what, oid, &key).await?;
    let table = CapturedTable { schema: name.schema.clone(), name: name.name.clone(), columns };
    check_identity(settings, &table, &key, identity)?;
    if kind == "p" {
        check_partitions(client, &what, &table, oid, identity).await?;
    }
    let reading = TableReading { is_ordered_by_index, is_partitioned: kind == "p" };
    Ok(FoundTable { progress: TableProgress { table, key, parts: Vec::new() }, reading })
}

/// What changes of the table must tell of rows as they were.
fn check_identity(
    settings: &Settings,
    table: &CapturedTable,
    key: &[KeyColumn],
    identity: &str,
) -> Result<()> {
    if settings.startup == StartupMode::Initial {
        if key.is_empty() {
            let remedy = "add one, or start with another `StartupMode`, which reads changes alone";
            return Err(invalid(format!(
                "table {table} has no primary key, so that its rows cannot be read in parts: {remedy}"
            )));
        }
        if !matches!(identity, "d" | "f") {
            let remedy = format!("ALTER TABLE {table} REPLICA IDENTITY FULL");
            let problem =
                "has a replica identity other than its primary key, by which its rows are told apart";
            return Err(invalid(format!("table {table} {problem}: run `{remedy}`")));
        }
    }
    if settings.changelog == ChangelogMode::All && identity != "f" {
        tracing::warn!(
            %table,
            "the table has no REPLICA IDENTITY FULL: the first update or delete will fail the job, unless the changelog mode is `Upsert`"
        );
    }
    Ok(())
}

/// What is logged of a row as it was is the partition's affair, and what the server says that it has sent is the table's.
async fn check_partitions(
    client: &Client,
    what: &str,
    table: &CapturedTable,
    oid: &str,
    identity: &str,
) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::regclass FROM pg_catalog.pg_partition_tree({oid}) p JOIN pg_catalog.pg_class c ON c.oid = p.relid \
         WHERE p.isleaf AND c.relreplident <> {} LIMIT 1",
        quote_literal(identity)
    );
    let rows = query(client, what, &sql).await?;
    let Some(partition) = rows.first().and_then(|row| value(row, 0)) else { return Ok(()) };
    let problem =
        format!("partition {partition} of table {table} has another replica identity than the table");
    let remedy =
        format!("run `ALTER TABLE … REPLICA IDENTITY FULL` for {table} and for each of its partitions");
    Err(invalid(format!("{problem}, so that rows as they were cannot be told from their keys: {remedy}")))
}

/// The primary key of a table, and whether its index has the order in which rows are read.
async fn find_key(client: &Client, what: &str, oid: &str) -> Result<(Vec<KeyColumn>, bool)> {
    // Strings are in the order of their bytes where the collation is C, by name or by default.
    let sql = format!(
        "SELECT a.attname, a.atttypid, COALESCE(o.collname IN ('C', 'POSIX') OR \
           (o.collname = 'default' AND d.datcollate IN ('C', 'POSIX') \
            AND COALESCE(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'), FALSE) \
         FROM pg_catalog.pg_index i \
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
         LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation \
         JOIN pg_catalog.pg_database d ON d.datname = current_database() \
         WHERE i.indrelid = {oid} AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place"
    );
    let rows = query(client, what, &sql).await?;
    let (mut key, mut is_ordered) = (Vec::new(), true);
    for row in &rows {
        let name = value(row, 0).unwrap_or_default().to_owned();
        let type_oid = value(row, 1).and_then(|oid| oid.parse().ok()).unwrap_or_default();
        let (column, is_indexed) = key_column(name, type_oid, value(row, 2) == Some("t"));
        is_ordered &= is_indexed;
        key.push(column);
    }
    Ok((key, is_ordered))
}

/// How a column of a key is ordered, and whether an index of it has that order.
fn key_column(name: String, type_oid: u32, has_c_collation: bool) -> (KeyColumn, bool) {
    const INT8: u32 = 20;
    const INT2: u32 = 21;
    const INT4: u32 = 23;
    const TEXT: u32 = 25;
    const OID: u32 = 26;
    const VARCHAR: u32 = 1043;
    const UUID: u32 = 2950;
    let quoted = quote_identifier(&name);
    let (order, expression, literal_type, is_indexed) = match type_oid {
        INT8 | INT2 | INT4 | OID => (KeyOrder::Integer, quoted, "int8", true),
        UUID => (KeyOrder::Bytes, quoted, "uuid", true),
        TEXT | VARCHAR if has_c_collation => (KeyOrder::Bytes, quoted, "text", true),
        TEXT | VARCHAR => (KeyOrder::Bytes, format!("{quoted} COLLATE \"C\""), "text", false),
        // `format` writes values as the stream of changes has them; a cast to text would not, of booleans for instance.
        _ => (KeyOrder::Bytes, format!("pg_catalog.format('%s', {quoted}) COLLATE \"C\""), "text", false),
    };
    (KeyColumn { name, order, expression, literal_type: literal_type.to_owned() }, is_indexed)
}

async fn find_columns(
    client: &Client,
    what: &str,
    oid: &str,
    key: &[KeyColumn],
) -> Result<Vec<CapturedColumn>> {
    let sql = format!(
        "SELECT attname, atttypid, atttypmod FROM pg_catalog.pg_attribute \
         WHERE attrelid = {oid} AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
    );
    let rows = query(client, what, &sql).await?;
    let column = |row| {
        let name = value(row, 0).unwrap_or_default().to_owned();
        let is_primary_key = key.iter().any(|column| column.name == name);
        let oid = value(row, 1).and_then(|oid| oid.parse().ok()).unwrap_or_default();
        let modifier = value(row, 2).and_then(|modifier| modifier.parse().ok()).unwrap_or(-1);
        CapturedColumn { name, data_type: PostgresType { oid, modifier }, is_primary_key }
    };
    Ok(rows.iter().map(column).collect())
}
