//! Reads the rows of tables in ranges of their primary keys, over several sessions at once. As Flink CDC's
//! incremental snapshots, but all of them read one snapshot of the database.

use std::pin::pin;
use std::task::Waker;

use futures::StreamExt;
use millstream_runtime::Result;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::catalog::TableReading;
use super::copy_text::CopyText;
use super::lsn::Lsn;
use super::session::{close, connect, drive, query, sql_error, value};
use super::settings::{Settings, TableName, quote_identifier, quote_literal};
use super::slot::Export;
use super::types::PostgresType;
use super::{CapturedTable, TableProgress};
use crate::cdc::chunks::{Chunk, ChunkRows, ChunkSender, Chunks, take_chunk};
use crate::cdc::key::Key;
use crate::cdc::progress::{KeyColumn, Part};

/// Begins to read a snapshot.
async fn begin(client: &Client, export: &str) -> Result<()> {
    let sql = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}",
        quote_literal(export)
    );
    client
        .batch_execute(&sql)
        .await
        .map_err(|error| sql_error("the exported snapshot cannot be read", &error))
}

/// Cuts tables into ranges of keys.
pub(super) async fn plan(
    client: &Client,
    settings: &Settings,
    export: &Export,
    tables: &mut [TableProgress],
    readings: &[TableReading],
) -> Result<()> {
    begin(client, &export.name).await?;
    for (table, reading) in tables.iter_mut().zip(readings) {
        // Where no index has the order, each range would cost a look at the whole table.
        if reading.is_ordered_by_index {
            let what = format!("table {} cannot be cut into chunks", table.table);
            let rows = query(client, &what, &bounds_sql(table, reading, settings.chunk_rows)).await?;
            let key = |row| {
                (0..table.key.len()).map(|index| value(row, index).unwrap_or_default().to_owned()).collect()
            };
            table.parts =
                rows.iter().map(|row| Part { to: Some(Key(key(row))), read_at: None, last: None }).collect();
        }
        table.parts.push(Part { to: None, read_at: None, last: None });
        tracing::info!(table = %table.table, chunks = table.parts.len(), "rows that are there are read");
    }
    client.batch_execute("COMMIT").await.map_err(|error| sql_error("the plan cannot be ended", &error))
}

fn source_of(table: &CapturedTable, is_partitioned: bool) -> String {
    let name = TableName { schema: table.schema.clone(), name: table.name.clone() }.quoted();
    // Tables that inherit have changes of their own.
    if is_partitioned { name } else { format!("ONLY {name}") }
}

fn order(key: &[KeyColumn]) -> String {
    key.iter().map(|column| column.expression.as_str()).collect::<Vec<_>>().join(", ")
}

/// The last keys of all chunks but the last one.
fn bounds_sql(table: &TableProgress, reading: &TableReading, chunk_rows: u64) -> String {
    let columns: Vec<_> = table.key.iter().map(|column| quote_identifier(&column.name)).collect();
    let (columns, order) = (columns.join(", "), order(&table.key));
    format!(
        "SELECT {columns} FROM (SELECT {columns}, row_number() OVER (ORDER BY {order}) AS \"row number of chunks\" FROM {}) AS numbered \
         WHERE \"row number of chunks\" % {chunk_rows} = 0 ORDER BY {order}",
        source_of(&table.table, reading.is_partitioned)
    )
}

/// A comparison of the key of rows with a key.
fn compared(key: &[KeyColumn], operator: &str, with: &Key) -> String {
    let literal = |(column, value): (&KeyColumn, &String)| {
        format!("{}::pg_catalog.{}", quote_literal(value), column.literal_type)
    };
    let literals: Vec<_> = key.iter().zip(&with.0).map(literal).collect();
    format!("({}) {operator} ({})", order(key), literals.join(", "))
}

/// Reads the rows after `from` up to and with `to`.
pub(super) fn chunk_sql(
    table: &TableProgress,
    is_partitioned: bool,
    from: Option<&Key>,
    to: Option<&Key>,
) -> String {
    let columns: Vec<_> = table.table.columns.iter().map(|column| quote_identifier(&column.name)).collect();
    let bounds =
        [from.map(|from| compared(&table.key, ">", from)), to.map(|to| compared(&table.key, "<=", to))];
    let bounds: Vec<_> = bounds.into_iter().flatten().collect();
    let bounds = if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) };
    format!(
        "COPY (SELECT {} FROM {}{bounds} ORDER BY {}) TO STDOUT",
        columns.join(", "),
        source_of(&table.table, is_partitioned),
        order(&table.key)
    )
}

/// Reads chunks until there are none.
pub(super) async fn read_chunks(
    settings: Settings,
    export: String,
    lsn: Lsn,
    chunks: Chunks<PostgresType>,
    rows: mpsc::Sender<ChunkRows<PostgresType, Lsn>>,
    waker: Waker,
) -> Result<()> {
    let (client, mut connection) = connect(&settings).await?;
    let work = async {
        begin(&client, &export).await?;
        while let Some(chunk) = take_chunk(&chunks) {
            read_chunk(&client, &chunk, ChunkSender::new(&chunk, lsn, &rows, &waker)).await?;
        }
        Ok(())
    };
    drive(&mut connection, work).await?;
    close(client, connection).await;
    Ok(())
}

async fn read_chunk(
    client: &Client,
    chunk: &Chunk<PostgresType>,
    mut sender: ChunkSender<'_, PostgresType, Lsn>,
) -> Result<()> {
    let what = || format!("rows of table {} cannot be read", chunk.captured);
    let failed = |error| sql_error(&what(), &error);
    let mut pieces = pin!(client.copy_out(chunk.sql.as_str()).await.map_err(failed)?);
    let mut copy = CopyText::default();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(failed)?;
        sender.count(piece.len());
        copy.feed(piece, chunk.captured.columns.len(), |values| {
            sender.push(values);
            Ok(())
        })?;
        sender.pass_on().await?;
    }
    copy.end()?;
    sender.finish().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cdc::chunks::unread_chunks;
    use crate::cdc::key::KeyOrder;
    use crate::postgres_cdc::CapturedColumn;

    fn table() -> TableProgress {
        let column = |name: &str, is_primary_key| CapturedColumn {
            name: name.into(),
            data_type: PostgresType { oid: 25, modifier: -1 },
            is_primary_key,
        };
        let key = |name: &str, order, expression: &str, literal_type: &str| KeyColumn {
            name: name.into(),
            order,
            expression: expression.into(),
            literal_type: literal_type.into(),
        };
        TableProgress {
            table: CapturedTable {
                schema: "public".into(),
                name: "odd \"name".into(),
                columns: vec![column("id", true), column("who", true), column("Note", false)],
            },
            key: vec![
                key("id", KeyOrder::Integer, "\"id\"", "int8"),
                key("who", KeyOrder::Bytes, "\"who\" COLLATE \"C\"", "text"),
            ],
            parts: Vec::new(),
        }
    }

    #[test]
    fn what_is_left_of_each_part_is_read() {
        let key = |id: &str| Key(vec![id.into(), "o'neil\\".into()]);
        let mut table = table();
        table.parts = vec![
            Part { to: Some(key("1")), read_at: Some(Lsn(1)), last: None },
            Part { to: Some(key("9")), read_at: None, last: None },
            Part { to: None, read_at: None, last: Some((key("10"), Lsn(2))) },
        ];
        let chunks = unread_chunks(&[table], |_, table, from, to| chunk_sql(table, false, from, to));
        let sql: Vec<_> = chunks.into_iter().map(|chunk| chunk.sql).collect();
        let select = "COPY (SELECT \"id\", \"who\", \"Note\" FROM ONLY \"public\".\"odd \"\"name\" WHERE ";
        let order = " ORDER BY \"id\", \"who\" COLLATE \"C\") TO STDOUT";
        let after = |id: &str| {
            format!(
                "(\"id\", \"who\" COLLATE \"C\") > ('{id}'::pg_catalog.int8,  E'o''neil\\\\'::pg_catalog.text)"
            )
        };
        let up_to = after("9").replace('>', "<=");
        assert_eq!(
            sql,
            [format!("{select}{} AND {up_to}{order}", after("1")), format!("{select}{}{order}", after("10"))]
        );
    }
}
