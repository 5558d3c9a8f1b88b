//! Reads the rows of tables in ranges of their primary keys, over several sessions at once. As Flink CDC's
//! incremental snapshots, but the position of each range in the binary log is exact, so that nothing is to be merged.

use std::task::Waker;

use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::sync::mpsc;

use super::options::SnapshotLocking;
use super::position::BinlogPosition;
use super::session::{close, connect, query, quote_literal, server_error, text};
use super::settings::{Settings, quote_identifier, quoted};
use super::types::{Kind, MysqlType};
use super::value::of_row;
use super::{CapturedTable, TableProgress};
use crate::cdc::chunks::{Chunk, ChunkRows, ChunkSender, Chunks, take_chunk};
use crate::cdc::key::{Key, KeyOrder};
use crate::cdc::progress::{KeyColumn, Part};

/// Cuts a table into ranges of keys: each query looks for the last key of the next one.
pub(super) async fn plan(session: &mut Conn, settings: &Settings, table: &mut TableProgress) -> Result<()> {
    let what = format!("table {} cannot be cut into chunks", table.table);
    let mut last: Option<Key> = None;
    loop {
        let rows = query(session, &what, &bound_sql(table, last.as_ref(), settings.chunk_rows)).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let key = Key((0..table.key.len()).map(|index| text(row, index)).collect());
        if last.as_ref() == Some(&key) {
            return Err(Error::new(
                ErrorKind::External,
                format!("{what}: the server gives the same key again"),
            ));
        }
        table.parts.push(Part { to: Some(key.clone()), read_at: None, last: None });
        last = Some(key);
    }
}

fn order(key: &[KeyColumn]) -> String {
    key.iter().map(|column| column.expression.as_str()).collect::<Vec<_>>().join(", ")
}

/// The last key of the range of so many rows that begins after a key. Those of bytes are answered as a key has them.
fn bound_sql(table: &TableProgress, after: Option<&Key>, rows: u64) -> String {
    let column = |column: &KeyColumn| match column.order {
        KeyOrder::Binary => format!("HEX({})", column.expression),
        KeyOrder::Integer | KeyOrder::Bytes => column.expression.clone(),
    };
    let columns: Vec<_> = table.key.iter().map(column).collect();
    let after =
        after.map(|after| format!(" WHERE {}", compared(&table.key, ">", ">", after))).unwrap_or_default();
    format!(
        "SELECT {} FROM {}{after} ORDER BY {} LIMIT 1 OFFSET {}",
        columns.join(", "),
        quoted(&table.table),
        order(&table.key),
        rows - 1
    )
}

fn literal(order: KeyOrder, value: &str) -> String {
    match order {
        KeyOrder::Integer if value.parse::<i128>().is_ok() => value.to_owned(),
        KeyOrder::Integer => quote_literal(value),
        KeyOrder::Binary => format!("X'{value}'"),
        KeyOrder::Bytes => {
            let digits: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
            format!("X'{digits}'")
        }
    }
}

/// A comparison of the key of rows with a key, column by column: servers do not look up ranges of tuples in an index. `strict` is for
/// all columns but the last, for which it is `operator`.
fn compared(key: &[KeyColumn], strict: &str, operator: &str, with: &Key) -> String {
    let mut columns = key.iter().zip(&with.0).rev();
    let compare = |(column, value): (&KeyColumn, &String), operator: &str| {
        format!("{} {operator} {}", column.expression, literal(column.order, value))
    };
    let Some(last) = columns.next() else { return "TRUE".to_owned() };
    let mut condition = compare(last, operator);
    for column in columns {
        // The first comparison says nothing new; it is what an index is looked up by.
        let (bound, beyond, same) =
            (compare(column, &format!("{strict}=")), compare(column, strict), compare(column, "="));
        condition = format!("({bound} AND ({beyond} OR ({same} AND {condition})))");
    }
    condition
}

/// Reads the rows after `from` up to and with `to`.
pub(super) fn chunk_sql(table: &TableProgress, from: Option<&Key>, to: Option<&Key>) -> String {
    let columns: Vec<_> = table.table.columns.iter().map(|column| quote_identifier(&column.name)).collect();
    let bounds = [
        from.map(|from| compared(&table.key, ">", ">", from)),
        to.map(|to| compared(&table.key, "<", "<=", to)),
    ];
    let bounds: Vec<_> = bounds.into_iter().flatten().collect();
    let bounds = if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) };
    format!(
        "SELECT {} FROM {}{bounds} ORDER BY {}",
        columns.join(", "),
        quoted(&table.table),
        order(&table.key)
    )
}

/// Reads chunks until there are none.
pub(super) async fn read_chunks(
    settings: Settings,
    tables: Vec<CapturedTable>,
    chunks: Chunks<MysqlType>,
    rows: mpsc::Sender<ChunkRows<MysqlType, BinlogPosition>>,
    waker: Waker,
) -> Result<()> {
    let mut session = connect(&settings).await?;
    let mut locked = None;
    while let Some(chunk) = take_chunk(&chunks) {
        let read_at = match &locked {
            Some(read_at) => BinlogPosition::clone(read_at),
            None => match begin(&mut session, settings.locking).await? {
                // Each chunk has a short transaction of its own.
                Some(read_at) => read_at,
                // One lock is enough: all that this session reads is as of then.
                None => locked.insert(begin_locked(&mut session, &settings, &tables).await?).clone(),
            },
        };
        read_chunk(&mut session, &chunk, ChunkSender::new(&chunk, read_at, &rows, &waker)).await?;
        if locked.is_none() {
            query(&mut session, "reading a chunk cannot be ended", "COMMIT").await?;
        }
    }
    close(session).await;
    Ok(())
}

const CANNOT_BEGIN: &str = "a snapshot of the rows cannot be begun";

/// Begins a snapshot, and says up to where the binary log is in it; `None` if the server does not say it.
async fn begin(session: &mut Conn, locking: SnapshotLocking) -> Result<Option<BinlogPosition>> {
    if locking == SnapshotLocking::Tables {
        return Ok(None);
    }
    query(session, CANNOT_BEGIN, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    query(session, CANNOT_BEGIN, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
    let found = query(session, CANNOT_BEGIN, "SHOW STATUS LIKE 'binlog_snapshot_%'").await?;
    let value = |name: &str| {
        let row = found.iter().find(|row| text(row, 0).eq_ignore_ascii_case(name));
        row.map(|row| text(row, 1)).filter(|value| !value.is_empty())
    };
    let position = value("binlog_snapshot_file")
        .zip(value("binlog_snapshot_position").and_then(|position| position.parse().ok()))
        .map(|(file, position)| BinlogPosition::new(file, position));
    if position.is_none() {
        query(session, CANNOT_BEGIN, "ROLLBACK").await?;
    }
    Ok(position)
}

/// Begins a snapshot while another session keeps others from writing into the tables. Whoever has written into them has ended
/// then, in the binary log and in the tables.
async fn begin_locked(
    session: &mut Conn,
    settings: &Settings,
    tables: &[CapturedTable],
) -> Result<BinlogPosition> {
    let mut locker = connect(settings).await?;
    let locks: Vec<_> = tables.iter().map(|table| format!("{} READ", quoted(table))).collect();
    let what = "the tables cannot be locked for the beginning of a snapshot";
    query(&mut locker, what, &format!("LOCK TABLES {}", locks.join(", "))).await?;
    query(session, CANNOT_BEGIN, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    query(session, CANNOT_BEGIN, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
    let position = current_position(session).await;
    query(&mut locker, "the tables cannot be unlocked", "UNLOCK TABLES").await?;
    close(locker).await;
    position
}

/// Where the binary log is written now.
pub(super) async fn current_position(session: &mut Conn) -> Result<BinlogPosition> {
    let what = "the position in the binary log cannot be read";
    // What the statement is called depends on the server: MySQL has renamed it, and dropped the old name.
    let rows = match session.query::<mysql_async::Row, _>("SHOW MASTER STATUS").await {
        Err(mysql_async::Error::Server(error)) if error.code == 1064 => {
            query(session, what, "SHOW BINARY LOG STATUS").await?
        }
        rows => rows.map_err(|error| server_error(what, error))?,
    };
    let found = rows.first().map(|row| (text(row, 0), text(row, 1).parse()));
    match found {
        Some((file, Ok(position))) if !file.is_empty() => Ok(BinlogPosition::new(file, position)),
        _ => Err(Error::new(ErrorKind::InvalidJob, format!("{what}: the server has no binary log"))),
    }
}

async fn read_chunk(
    session: &mut Conn,
    chunk: &Chunk<MysqlType>,
    mut sender: ChunkSender<'_, MysqlType, BinlogPosition>,
) -> Result<()> {
    let what = || format!("rows of table {} cannot be read", chunk.captured);
    let failed = |error| server_error(&what(), error);
    let kinds: Vec<Kind> = chunk.captured.columns.iter().map(|column| column.data_type.kind()).collect();
    // By a prepared statement: values come in their own form, and a FLOAT with all its digits.
    let mut rows = session.exec_iter(&*chunk.sql, ()).await.map_err(failed)?;
    while let Some(row) = rows.next().await.map_err(failed)? {
        let mut values = Vec::with_capacity(kinds.len());
        for ((value, kind), column) in row.unwrap().into_iter().zip(&kinds).zip(&chunk.captured.columns) {
            let value = of_row(kind, value).map_err(|problem| {
                let problem =
                    format!("{}, column `{}` ({}): {problem}", what(), column.name, column.data_type);
                Error::new(ErrorKind::InvalidInput, problem)
            })?;
            sender.count(value.bytes().map_or(1, |bytes| bytes.len()));
            values.push(value);
        }
        sender.push(values);
        sender.pass_on().await?;
    }
    drop(rows);
    sender.finish().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql_cdc::CapturedColumn;

    fn table() -> TableProgress {
        let column = |name: &str| CapturedColumn {
            name: name.into(),
            data_type: MysqlType { column_type: "int".into(), character_set: None },
            is_primary_key: true,
        };
        let key = |name: &str, order| KeyColumn {
            name: name.into(),
            order,
            expression: quote_identifier(name),
            literal_type: String::new(),
        };
        TableProgress {
            table: CapturedTable {
                schema: "shop".into(),
                name: "odd `name".into(),
                columns: vec![column("a"), column("b")],
            },
            key: vec![key("a", KeyOrder::Integer), key("b", KeyOrder::Bytes)],
            parts: Vec::new(),
        }
    }

    #[test]
    fn ranges_are_compared_column_by_column() {
        let (from, to) = (Key(vec!["1".into(), "o'".into()]), Key(vec!["9".into(), "Z".into()]));
        assert_eq!(
            chunk_sql(&table(), Some(&from), Some(&to)),
            "SELECT `a`, `b` FROM `shop`.`odd ``name` \
             WHERE (`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` > X'6F27'))) \
             AND (`a` <= 9 AND (`a` < 9 OR (`a` = 9 AND `b` <= X'5A'))) ORDER BY `a`, `b`"
        );
        assert_eq!(
            bound_sql(&table(), None, 100),
            "SELECT `a`, `b` FROM `shop`.`odd ``name` ORDER BY `a`, `b` LIMIT 1 OFFSET 99"
        );
    }
}
