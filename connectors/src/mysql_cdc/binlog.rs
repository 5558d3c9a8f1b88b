//! Reads the binary log.

use std::pin::pin;
use std::task::{Poll, Waker};

use futures::StreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::binlog::events::{self, EventData, OptionalMetadataField, TableMapEvent};
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{BinlogStream, BinlogStreamRequest};
use tokio::sync::mpsc;

use super::catalog::find_definition;
use super::changes::Changes;
use super::event::{Event, Header};
use super::mapping::{MappedTable, WireType};
use super::position::BinlogPosition;
use super::session::{close, connect, server_error, within};
use super::settings::Settings;
use super::types::MysqlType;
use crate::cdc::reader::{self, Ended};

type Items = reader::Items<MysqlType, BinlogPosition>;

/// So many items come at a time at most.
const BATCH_ITEMS: usize = 1_000;
/// So many of the server's heartbeats may be missing.
const MISSED_HEARTBEATS: u32 = 4;

/// The types of events that are looked at, by their [numbers](https://mariadb.com/docs/server/reference/clientserver-protocol/replication-protocol/2-binlog-event-header).
mod event_type {
    pub(super) const QUERY: u8 = 2;
    pub(super) const ROTATE: u8 = 4;
    pub(super) const FORMAT_DESCRIPTION: u8 = 15;
    pub(super) const XID: u8 = 16;
    pub(super) const TABLE_MAP: u8 = 19;
    pub(super) const ROWS_V1: std::ops::RangeInclusive<u8> = 23..=25;
    pub(super) const INCIDENT: u8 = 26;
    pub(super) const HEARTBEAT: u8 = 27;
    pub(super) const ROWS_V2: std::ops::RangeInclusive<u8> = 30..=32;
    pub(super) const GTID: u8 = 33;
    pub(super) const ANONYMOUS_GTID: u8 = 34;
    pub(super) const XA_PREPARE: u8 = 38;
    pub(super) const PARTIAL_UPDATE_ROWS: u8 = 39;
    pub(super) const TRANSACTION_PAYLOAD: u8 = 40;
    pub(super) const MARIADB_GTID: u8 = 162;
    /// Statements and rows that MariaDB has compressed.
    pub(super) const MARIADB_COMPRESSED: std::ops::RangeInclusive<u8> = 165..=171;
}

/// Reads the log until something fails.
pub(super) async fn read_stream(
    settings: Settings,
    mut changes: Changes,
    server_id: u32,
    items: mpsc::Sender<Items>,
    waker: Waker,
) -> Result<Ended> {
    let start = changes.reached().clone();
    let what = format!("the binary log cannot be read from {start} on");
    let failed = |error| server_error(&what, error);
    let mut session = connect(&settings).await?;
    // MariaDB sends GTIDs to those alone that say that they know them. How often something comes if nothing happens is in nanoseconds;
    // MySQL has renamed it.
    let nanos = settings.heartbeat.as_nanos();
    let variables = format!(
        "SET @mariadb_slave_capability = 4, @master_heartbeat_period = {nanos}, @source_heartbeat_period = {nanos}"
    );
    session.query_drop(variables).await.map_err(failed)?;
    let request =
        BinlogStreamRequest::new(server_id).with_filename(start.file.as_bytes()).with_pos(start.position);
    let mut stream = session.get_binlog_stream(request).await.map_err(failed)?;
    tracing::info!(position = %start, server_id, "the stream of changes is read");
    let patience = settings.heartbeat.saturating_mul(MISSED_HEARTBEATS).max(settings.connect_timeout);
    let mut reader = EventReader { has_format: false, payload_end: None };
    loop {
        let mut batch = Items { items: Vec::new(), bytes: 0, sent: BinlogPosition::default() };
        // All that is there, and the first of it when it comes.
        let Some(mut next) = within(patience, stream.next()).await else {
            let seconds = patience.as_secs_f64();
            let problem = format!("{what}: nothing has come for {seconds} s, not even heartbeats");
            return Err(Error::new(ErrorKind::External, problem));
        };
        loop {
            let Some(event) = next else {
                return Err(Error::new(ErrorKind::External, "the server has ended the binary log"));
            };
            let event = event.map_err(failed)?;
            batch.bytes += u64::from(event.header().event_size());
            let (header, event) = reader.read(&stream, &event, &changes)?;
            changes.read(header, event, |item| batch.items.push(item))?;
            for (index, statement, table) in changes.take_redefined() {
                let mut session = connect(&settings).await?;
                let now = find_definition(&mut session, &table).await?;
                close(session).await;
                changes.redefine(index, &statement, now, |item| batch.items.push(item))?;
            }
            if batch.items.len() >= BATCH_ITEMS {
                break;
            }
            match futures::poll!(pin!(stream.next())) {
                Poll::Ready(event) => next = event,
                Poll::Pending => break,
            }
        }
        if batch.items.is_empty() {
            continue;
        }
        batch.sent = changes.reached().clone();
        let sent = items.send(batch).await;
        waker.wake_by_ref();
        sent.map_err(|_| Error::new(ErrorKind::Cancelled, "nobody takes the changes"))?;
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::External, "an event of the binary log cannot be read").caused_by(error)
}

/// Takes events apart.
struct EventReader {
    /// The log has said what its events look like, such as whether they end with checksums. The one that is before that only says which
    /// file comes, which is the one that was asked for.
    has_format: bool,
    /// Where the transaction ends whose compressed events come; they themselves have no place in the file.
    payload_end: Option<u32>,
}

impl EventReader {
    fn read(
        &mut self,
        stream: &BinlogStream,
        event: &events::Event,
        changes: &Changes,
    ) -> Result<(Header, Event)> {
        use event_type::{
            ANONYMOUS_GTID, FORMAT_DESCRIPTION, GTID, HEARTBEAT, INCIDENT, MARIADB_COMPRESSED, MARIADB_GTID,
            PARTIAL_UPDATE_ROWS, QUERY, ROTATE, ROWS_V1, ROWS_V2, TABLE_MAP, TRANSACTION_PAYLOAD, XA_PREPARE,
            XID,
        };
        /// Of events that are not in the file.
        const ARTIFICIAL: u16 = 0x20;
        let raw = event.header();
        let is_in_file = raw.log_pos() > 0 && raw.flags_raw() & ARTIFICIAL == 0;
        let end = is_in_file.then_some(raw.log_pos()).filter(|_| self.payload_end.is_none());
        let mut header = Header { timestamp: raw.timestamp(), end, size: raw.event_size() };
        let event = match raw.event_type_raw() {
            // It is sent again when reading begins in the middle of a file, and is not there then.
            FORMAT_DESCRIPTION => {
                self.has_format = true;
                header.end = None;
                Event::Other
            }
            ROTATE if !self.has_format => Event::Other,
            ROTATE => match data(event)? {
                Some(EventData::RotateEvent(rotate)) => {
                    Event::Rotate { file: rotate.name().into_owned(), position: rotate.position() }
                }
                _ => Event::Other,
            },
            // It says where the log is, which is known.
            HEARTBEAT => {
                header.end = None;
                Event::Other
            }
            GTID | ANONYMOUS_GTID => Event::Begin { gtid: mysql_gtid(event)?, is_xa: false },
            MARIADB_GTID => mariadb_gtid(event)?,
            QUERY => match data(event)? {
                Some(EventData::QueryEvent(query)) => {
                    let text = query.query().into_owned();
                    if text == "COMMIT" {
                        header.end = header.end.or_else(|| self.payload_end.take());
                    }
                    Event::Statement { text, database: query.schema().into_owned() }
                }
                _ => Event::Other,
            },
            TRANSACTION_PAYLOAD => {
                self.payload_end = header.end.take();
                Event::Other
            }
            XID | XA_PREPARE => {
                header.end = header.end.or_else(|| self.payload_end.take());
                Event::Commit
            }
            TABLE_MAP => match data(event)? {
                Some(EventData::TableMapEvent(table)) => {
                    Event::TableMap { id: table.table_id(), table: mapped_table(&table)? }
                }
                _ => Event::Other,
            },
            raw if ROWS_V1.contains(&raw) || ROWS_V2.contains(&raw) || raw == PARTIAL_UPDATE_ROWS => {
                rows(stream, event, changes)?
            }
            raw if MARIADB_COMPRESSED.contains(&raw) => {
                let problem = "the binary log has compressed events, which are not read";
                let remedy = "run `SET GLOBAL log_bin_compress = OFF`, and start the job without a snapshot";
                return Err(Error::new(ErrorKind::InvalidInput, format!("{problem}: {remedy}")));
            }
            INCIDENT => {
                let problem = "the server says that events are missing in its binary log";
                return Err(Error::new(
                    ErrorKind::External,
                    format!("{problem}: start the job without a snapshot"),
                ));
            }
            _ => Event::Other,
        };
        Ok((header, event))
    }
}

fn data(event: &events::Event) -> Result<Option<EventData<'_>>> {
    event.read_data().map_err(unreadable)
}

fn rows(stream: &BinlogStream, event: &events::Event, changes: &Changes) -> Result<Event> {
    let Some(EventData::RowsEvent(rows)) = data(event)? else { return Ok(Event::Other) };
    let id = rows.table_id();
    // A number that says that there are no more rows.
    const NO_TABLE: u64 = 0x00FF_FFFF;
    if id == NO_TABLE || !changes.captures(id)? {
        return Ok(Event::Other);
    }
    let Some(table) = stream.get_tme(id) else {
        return Err(Error::new(
            ErrorKind::External,
            "the binary log has rows of a table that it has not described",
        ));
    };
    let rows = rows.rows(table).collect::<std::io::Result<Vec<_>>>().map_err(unreadable)?;
    Ok(Event::Rows { id, rows })
}

/// As `uuid:number`.
fn mysql_gtid(event: &events::Event) -> Result<Option<String>> {
    let Some(EventData::GtidEvent(gtid)) = data(event)? else { return Ok(None) };
    let digits: String = gtid.sid().iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    let uuid = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-");
    Ok(Some(format!("{uuid}:{}", gtid.gno())))
}

/// As `domain-server-number`.
fn mariadb_gtid(event: &events::Event) -> Result<Event> {
    const PREPARED_XA: u8 = 64;
    let short = || Error::new(ErrorKind::External, "a GTID of the binary log has no end");
    let (number, rest) = event.data().split_first_chunk().ok_or_else(short)?;
    let (domain, rest) = rest.split_first_chunk().ok_or_else(short)?;
    let flags = rest.first().ok_or_else(short)?;
    let (number, domain) = (u64::from_le_bytes(*number), u32::from_le_bytes(*domain));
    let gtid = format!("{domain}-{}-{number}", event.header().server_id());
    Ok(Event::Begin { gtid: Some(gtid), is_xa: flags & PREPARED_XA != 0 })
}

fn mapped_table(table: &TableMapEvent<'_>) -> Result<MappedTable> {
    let count = usize::try_from(table.columns_count()).unwrap_or_default();
    let column = |index| match table.get_column_type(index) {
        Ok(Some(column_type)) => wire_type(column_type),
        // Types that MariaDB alone has.
        Ok(None) | Err(_) => WireType::Other,
    };
    let mut names = None;
    for field in table.iter_optional_meta() {
        if let OptionalMetadataField::ColumnName(found) = field.map_err(unreadable)? {
            let found = found.iter_names().map(|name| name.map(|name| name.name().into_owned()));
            names = Some(found.collect::<std::io::Result<Vec<_>>>().map_err(unreadable)?);
        }
    }
    Ok(MappedTable {
        database: table.database_name().into_owned(),
        name: table.table_name().into_owned(),
        columns: (0..count).map(column).collect(),
        names,
    })
}

const fn wire_type(column_type: ColumnType) -> WireType {
    match column_type {
        ColumnType::MYSQL_TYPE_TINY => WireType::Integer(8),
        ColumnType::MYSQL_TYPE_SHORT => WireType::Integer(16),
        ColumnType::MYSQL_TYPE_INT24 => WireType::Integer(24),
        ColumnType::MYSQL_TYPE_LONG => WireType::Integer(32),
        ColumnType::MYSQL_TYPE_LONGLONG => WireType::Integer(64),
        ColumnType::MYSQL_TYPE_FLOAT => WireType::Float,
        ColumnType::MYSQL_TYPE_DOUBLE => WireType::Double,
        ColumnType::MYSQL_TYPE_NEWDECIMAL => WireType::Decimal,
        ColumnType::MYSQL_TYPE_VARCHAR
        | ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_GEOMETRY => WireType::Text,
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => WireType::Date,
        ColumnType::MYSQL_TYPE_TIME | ColumnType::MYSQL_TYPE_TIME2 => WireType::Time,
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => WireType::DateTime,
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => WireType::Timestamp,
        ColumnType::MYSQL_TYPE_YEAR => WireType::Year,
        ColumnType::MYSQL_TYPE_ENUM => WireType::Enum,
        ColumnType::MYSQL_TYPE_SET => WireType::Set,
        ColumnType::MYSQL_TYPE_BIT => WireType::Bit,
        ColumnType::MYSQL_TYPE_JSON => WireType::Json,
        _ => WireType::Other,
    }
}
