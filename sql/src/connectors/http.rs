//! `http` and `websocket`: what servers send, and tables whose rows are sent to a URL.
//!
//! Over [`HttpSource`], [`WebSocketSource`] and [`WebhookSink`]. Flink has no such connectors of its own; the options of sinks are
//! named as those of its [asynchronous sinks](https://cwiki.apache.org/confluence/display/FLINK/FLIP-171%3A+Async+Sink). A message
//! is a row, or what a format of changes says; an array of JSON has a row in each element.

mod columns;
mod options;
mod rows;
#[cfg(test)]
mod tests;
mod writing;

use std::time::Duration;

use millstream_connectors::http::{
    BadMessage, BatchFormat, HttpSource, MessageDeserializer, Rejection, WebSocketSource, WebhookSink,
};
use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
use crate::types::Schema;
use columns::MessageColumns;
use options::{ScanMode, ServerOptions, SinkOptions, SourceOptions};
use rows::MessageRows;
use writing::RowMessages;

pub(super) const HTTP: Connector = Connector {
    name: "http",
    lookup: None,
    source: Some(|cx, options| {
        let table = HttpTable::new(cx, options)?;
        match table.mode {
            Some(_) => Ok(Box::new(table)),
            None => Err(SqlError::validation(
                "One or more required options are missing. Missing required options are: scan.mode",
            )
            .with_hint(options::MODES)),
        }
    }),
    sink: Some(|cx, options| Ok(Box::new(HttpTable::new(cx, options)?))),
};

pub(super) const WEBSOCKET: Connector = Connector {
    name: "websocket",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(WebSocketTable::new(cx, options)?))),
    sink: None,
};

/// A table that is read from a server, or sent to one.
struct HttpTable {
    server: ServerOptions,
    columns: MessageColumns,
    /// How it is read; `None` if it is written alone.
    mode: Option<ScanMode>,
    source: SourceOptions,
    request_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    sink: SinkOptions,
}

impl HttpTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        Ok(Self {
            server: ServerOptions::take(options, ["http", "https"])?,
            mode: ScanMode::take(options)?,
            source: SourceOptions::take(options)?,
            request_timeout: options.duration("scan.request.timeout")?,
            idle_timeout: options.duration("scan.idle-timeout")?,
            sink: SinkOptions::take(options)?,
            columns: MessageColumns::take(cx.table, options)?,
        })
    }

    fn source<D: MessageDeserializer<Record = Chunk>>(&self, mode: ScanMode, rows: D) -> HttpSource<D> {
        let url = self.server.url.as_str();
        let source = match mode {
            ScanMode::EventStream => HttpSource::event_stream(url),
            ScanMode::Lines => HttpSource::lines(url),
            ScanMode::Poll(interval) => HttpSource::poll(url, interval),
        };
        let mut source = source
            .deserializer(rows)
            .reconnect(self.source.reconnect.clone())
            .idle_timeout(self.idle_timeout)
            .on_error(bad_message(&self.columns.format));
        for (name, value) in &self.server.headers {
            source = source.header(name, value);
        }
        if let Some(path) = &self.server.root_certificates {
            source = source.root_certificates(path);
        }
        if let Some(timeout) = self.server.connect_timeout {
            source = source.connect_timeout(timeout);
        }
        if let Some(timeout) = self.request_timeout {
            source = source.request_timeout(timeout);
        }
        match self.source.ends_on_close {
            Some(ends) => source.end_on_close(ends),
            None => source,
        }
    }
}

impl TableSource for HttpTable {
    fn changelog_mode(&self) -> ChangelogMode {
        self.columns.format.changelog_mode()
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let mode = self.mode.ok_or_else(|| SqlError::validation("'scan.mode' is not set"))?;
        let rows = MessageRows::new(&self.columns, cx, matches!(mode, ScanMode::Poll(_)))?;
        Ok(cx.environment.from_source(self.source(mode, rows)))
    }
}

impl TableSink for HttpTable {
    fn changelog_mode(&self, _: &ChangelogMode) -> ChangelogMode {
        self.columns.format.changelog_mode()
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let options = &self.sink;
        let serializer = RowMessages::new(&self.columns, schema)?;
        let mut sink = WebhookSink::with_serializer(self.server.url.as_str(), serializer)
            .method(options.method)
            .max_in_flight(options.in_flight)
            .retry(options.retry.clone())
            .delivery_guarantee(options.guarantee)
            .on_rejection(if options.skips_rejected { Rejection::Skip } else { Rejection::Fail });
        for (name, value) in &self.server.headers {
            sink = sink.header(name, value);
        }
        if options.batch_size > 1 || options.batch_format.is_some() {
            let is_json = matches!(self.columns.format, Format::Json(_) | Format::Changelog(_));
            let format = if is_json { BatchFormat::JsonArray } else { BatchFormat::Lines };
            sink = sink.batch(options.batch_format.unwrap_or(format), options.batch_size);
        }
        if let Some(bytes) = options.batch_bytes {
            sink = sink.batch_bytes(bytes);
        }
        if let Some(interval) = options.flush_interval {
            sink = sink.flush_interval(interval);
        }
        if let Some(timeout) = options.request_timeout {
            sink = sink.request_timeout(timeout);
        }
        if let Some(path) = &self.server.root_certificates {
            sink = sink.root_certificates(path);
        }
        if let Some(timeout) = self.server.connect_timeout {
            sink = sink.connect_timeout(timeout);
        }
        if let Some(name) = &options.key_header {
            sink = sink.idempotency_key_header(name);
        }
        let sent = rows.sink_to(sink);
        Ok(match options.parallelism {
            Some(parallelism) => sent.parallelism(parallelism),
            None => sent,
        })
    }
}

/// A table of the messages of a WebSocket.
struct WebSocketTable {
    server: ServerOptions,
    columns: MessageColumns,
    source: SourceOptions,
    subscription: Option<String>,
    ping_interval: Option<Duration>,
}

impl WebSocketTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        Ok(Self {
            server: ServerOptions::take(options, ["ws", "wss"])?,
            source: SourceOptions::take(options)?,
            subscription: options.take("subscribe.message"),
            ping_interval: options.duration("ping.interval")?,
            columns: MessageColumns::take(cx.table, options)?,
        })
    }
}

impl TableSource for WebSocketTable {
    fn changelog_mode(&self) -> ChangelogMode {
        self.columns.format.changelog_mode()
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let mut source = WebSocketSource::new(self.server.url.as_str())
            .deserializer(MessageRows::new(&self.columns, cx, false)?)
            .reconnect(self.source.reconnect.clone())
            .end_on_close(self.source.ends_on_close.unwrap_or(false))
            .on_error(bad_message(&self.columns.format));
        for (name, value) in &self.server.headers {
            source = source.header(name, value);
        }
        if let Some(message) = &self.subscription {
            source = source.subscribe(message);
        }
        if let Some(path) = &self.server.root_certificates {
            source = source.root_certificates(path);
        }
        if let Some(timeout) = self.server.connect_timeout {
            source = source.connect_timeout(timeout);
        }
        if let Some(interval) = self.ping_interval {
            source = source.ping_interval((!interval.is_zero()).then_some(interval));
        }
        Ok(cx.environment.from_source(source))
    }
}

const fn bad_message(format: &Format) -> BadMessage {
    if format.ignores_parse_errors() { BadMessage::Skip } else { BadMessage::Fail }
}
