//! What comes before anything is read: checks, positions, and the plan by which tables are read.

use futures::StreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::{BinlogStreamRequest, Conn};

use super::catalog::{FoundTable, find_table};
use super::checks::{Server, check_server};
use super::chunks::{current_position, plan};
use super::database::{Mysql, Tables};
use super::options::StartupMode;
use super::position::BinlogPosition;
use super::session::{close, connect, query, quote_literal, server_error, text, within};
use super::settings::Settings;
use super::{MysqlSplit, Position};
use crate::cdc::database;
use crate::cdc::progress::{Part, TableProgress};

type Prepared = database::Prepared<Mysql>;

/// Where the first event of a file is.
const BEGINNING: u64 = 4;

/// Sees to what must be there. `token` tells this attempt from others.
pub(super) async fn prepare(settings: Settings, split: MysqlSplit, token: u64) -> Result<Prepared> {
    settings.check()?;
    let mut session = connect(&settings).await?;
    let server = check_server(&mut session, &settings).await?;
    // Before the tables are looked at: what is changed meanwhile is in the log then.
    let start = match &split.position {
        None => Some(start_of(&mut session, &settings, token).await?),
        Some(_) => None,
    };
    let mut found = Vec::new();
    for table in &settings.tables {
        let table = find_table(&mut session, &settings, server, table).await?;
        settings.check.as_ref().map_or(Ok(()), |check| check(&table.progress.table))?;
        found.push(table);
    }
    let split = match start {
        Some(start) => begin(&mut session, &settings, found, start).await?,
        None => go_on(&mut session, &settings, server, split, found).await?,
    };
    close(session).await;
    let tables = Tables {
        tables: split.tables.iter().map(|table| table.table.clone()).collect(),
        server_id: settings.server_id.unwrap_or_else(|| drawn_server_id(token)),
    };
    let export = split.has_unread_parts().then_some(());
    Ok(Prepared { split, tables, export })
}

/// A number that no other replica is likely to have.
fn drawn_server_id(token: u64) -> u32 {
    const LOWEST: u32 = 1 << 30;
    LOWEST + u32::try_from(token % u64::from(LOWEST)).unwrap_or_default()
}

/// From where changes are read by a job that has no snapshot.
async fn start_of(session: &mut Conn, settings: &Settings, token: u64) -> Result<BinlogPosition> {
    let start = match &settings.startup {
        StartupMode::Initial | StartupMode::LatestOffset => current_position(session).await?,
        StartupMode::EarliestOffset => {
            let files = log_files(session).await?;
            let (oldest, _) = files.into_iter().next().ok_or_else(no_files)?;
            BinlogPosition::new(oldest, BEGINNING)
        }
        StartupMode::SpecificOffset(position) => {
            let files = log_files(session).await?;
            check_position(&files, position).map_err(|problem| {
                Error::new(ErrorKind::InvalidJob, format!("it cannot be started at {position}: {problem}"))
            })?;
            position.clone()
        }
        StartupMode::Timestamp(millis) => file_of(session, settings, *millis, token).await?,
    };
    tracing::info!(position = %start, mode = ?settings.startup, "changes are read from here on");
    Ok(start)
}

/// The files of the binary log with their sizes, the oldest first.
async fn log_files(session: &mut Conn) -> Result<Vec<(String, u64)>> {
    let rows = query(session, "the files of the binary log cannot be listed", "SHOW BINARY LOGS").await?;
    Ok(rows.iter().map(|row| (text(row, 0), text(row, 1).parse().unwrap_or_default())).collect())
}

fn no_files() -> Error {
    Error::new(ErrorKind::InvalidJob, "the server has no files of a binary log")
}

/// Whether the server still has what comes after a position; otherwise what is wrong.
fn check_position(files: &[(String, u64)], position: &BinlogPosition) -> std::result::Result<(), String> {
    let oldest = files.first().map_or("none", |(name, _)| name.as_str());
    match files.iter().find(|(name, _)| **name == *position.file) {
        None => Err(format!(
            "the server has no file `{}` of its binary log, and the oldest one is `{oldest}`",
            position.file
        )),
        Some((_, size)) if *size < position.position => Err(format!(
            "the file has no more than {size} bytes: it is one of another server, or the log was begun anew"
        )),
        Some(_) => Ok(()),
    }
}

/// The beginning of the newest file that was begun before a time. Its earlier changes are left out later.
async fn file_of(session: &mut Conn, settings: &Settings, millis: i64, token: u64) -> Result<BinlogPosition> {
    let files = log_files(session).await?;
    let oldest = files.first().map(|(name, _)| name.clone()).ok_or_else(no_files)?;
    for (name, _) in files.into_iter().rev() {
        if begun_at(settings, &name, token).await? <= millis {
            return Ok(BinlogPosition::new(name, BEGINNING));
        }
    }
    tracing::warn!(file = %oldest, "the binary log does not go back to the time that is to be started at");
    Ok(BinlogPosition::new(oldest, BEGINNING))
}

/// When a file of the binary log was begun, in milliseconds since 1970: what its first event says.
async fn begun_at(settings: &Settings, file: &str, token: u64) -> Result<i64> {
    let what = format!("the beginning of `{file}` cannot be read");
    let failed = |error| server_error(&what, error);
    let request = BinlogStreamRequest::new(settings.server_id.unwrap_or_else(|| drawn_server_id(token)))
        .with_filename(file.as_bytes())
        .with_pos(BEGINNING);
    let mut stream = connect(settings).await?.get_binlog_stream(request).await.map_err(failed)?;
    let first = async {
        while let Some(event) = stream.next().await {
            let header = event.map_err(failed)?.header();
            // One that only says which file comes has no time.
            if header.timestamp() > 0 {
                return Ok::<_, Error>(Some(i64::from(header.timestamp()) * 1_000));
            }
        }
        Ok(None)
    };
    let found = within(settings.connect_timeout, first).await.transpose()?.flatten();
    let _ = stream.close().await;
    found.ok_or_else(|| Error::new(ErrorKind::External, format!("{what}: it has no event with a time")))
}

/// Begins without a snapshot of the job.
async fn begin(
    session: &mut Conn,
    settings: &Settings,
    found: Vec<FoundTable>,
    start: BinlogPosition,
) -> Result<MysqlSplit> {
    let mut split = MysqlSplit { position: Some(Position { log: start, changes: 0 }), tables: Vec::new() };
    for FoundTable { mut progress, is_ordered_by_index } in found {
        if settings.startup == StartupMode::Initial {
            // Where no index has the order, each range would cost a look at the whole table.
            if is_ordered_by_index {
                plan(session, settings, &mut progress).await?;
            }
            progress.parts.push(Part { to: None, read_at: None, last: None });
            tracing::info!(table = %progress.table, chunks = progress.parts.len(), "rows that are there are read");
        }
        split.tables.push(progress);
    }
    Ok(split)
}

fn restore<T>(problem: String) -> Result<T> {
    Err(Error::new(ErrorKind::Restore, problem))
}

/// Goes on from a snapshot of the job.
async fn go_on(
    session: &mut Conn,
    settings: &Settings,
    server: Server,
    mut split: MysqlSplit,
    found: Vec<FoundTable>,
) -> Result<MysqlSplit> {
    let position = split.position.clone().unwrap_or(Position { log: BinlogPosition::default(), changes: 0 });
    let remedy = "start the job without a snapshot, and let the server keep its binary log for longer (`binlog_expire_logs_seconds`, \
                  `expire_logs_days`)";
    if let Err(problem) = check_position(&log_files(session).await?, &position.log) {
        return restore(format!(
            "the snapshot needs the binary log from {} on: {problem}. What came since is lost: {remedy}",
            position.log
        ));
    }
    check_gtid(session, server, &position.log).await?;
    let (is_reading, known) = (split.has_unread_parts(), std::mem::take(&mut split.tables));
    // Which changes of a transaction have been read is counted over the tables of the source.
    if position.changes > 0 && known.len() != found.len() {
        let problem =
            "the list of tables has changed, and the snapshot was taken in the middle of a transaction";
        return restore(format!("{problem}: restore another one, with the list as it was"));
    }
    for FoundTable { progress, .. } in found {
        let table = &progress.table;
        let of_table =
            known.iter().find(|known| known.table.schema == table.schema && known.table.name == table.name);
        match of_table {
            None if settings.startup == StartupMode::Initial => {
                let remedy = "read it with a source of its own, or start the job without a snapshot";
                return restore(format!(
                    "table {table} was not captured when the snapshot was taken: {remedy}"
                ));
            }
            None => split.tables.push(progress),
            Some(known) if known.key != progress.key && !known.parts.is_empty() => {
                let remedy = "start the job without a snapshot";
                return restore(format!("the primary key of table {table} is not what it was: {remedy}"));
            }
            Some(known) if is_reading && !known.table.has_same_columns(table) => {
                let (was, is) = (known.table.column_names(), table.column_names());
                let remedy = "undo it, or start the job without a snapshot";
                return restore(format!(
                    "the columns of table {table} have changed while its rows were read, from ({was}) to ({is}): {remedy}"
                ));
            }
            Some(known) => split.tables.push(TableProgress { key: progress.key, ..known.clone() }),
        }
    }
    tracing::info!(position = %position.log, changes = position.changes, rows = is_reading, "reading goes on from here");
    Ok(split)
}

/// Whether the transaction before a position is the one that was read there: otherwise the log is another server's, or was begun anew.
async fn check_gtid(session: &mut Conn, server: Server, position: &BinlogPosition) -> Result<()> {
    let Some(gtid) = &position.gtid else { return Ok(()) };
    let what = "the GTID of the position cannot be looked up";
    let has_it = if server.is_mariadb {
        let sql = format!("SELECT BINLOG_GTID_POS({}, {})", quote_literal(&position.file), position.position);
        let rows = query(session, what, &sql).await?;
        rows.first().is_some_and(|row| text(row, 0).split(',').any(|last| last == &**gtid))
    } else {
        let sql = format!("SELECT GTID_SUBSET({}, @@GLOBAL.gtid_executed)", quote_literal(gtid));
        query(session, what, &sql).await?.first().is_some_and(|row| text(row, 0) == "1")
    };
    if has_it {
        return Ok(());
    }
    let problem = format!(
        "the transaction {gtid}, which was read before {position}, is not there in the server's binary log"
    );
    let remedy = "it is another server, or its log was begun anew: restore with the server that the snapshot is of, or start the job \
                  without a snapshot";
    restore(format!("{problem}: {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_that_the_server_does_not_have_are_refused() {
        let files = [("bin.000002".to_owned(), 500), ("bin.000003".to_owned(), 200)];
        let check = |file: &str, position| check_position(&files, &BinlogPosition::new(file, position));
        assert_eq!(check("bin.000002", 500), Ok(()));
        assert!(check("bin.000001", 4).unwrap_err().contains("the oldest one is `bin.000002`"));
        assert!(check("bin.000003", 201).unwrap_err().contains("200 bytes"));
    }

    #[test]
    fn numbers_of_replicas_are_drawn_within_bounds() {
        for token in [0, 7, u64::MAX] {
            assert!((1 << 30..=u32::MAX >> 1).contains(&drawn_server_id(token)), "{token}");
        }
    }
}
