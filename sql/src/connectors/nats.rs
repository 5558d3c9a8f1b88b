//! `nats`: streams of NATS JetStream.
//!
//! Flink has no such connector: its options are named as those of `kafka` where they mean the same. A message has the columns of a
//! row in its payload; what the stream knows of it beside is metadata. Over [`NatsSource`] and [`NatsSink`].

mod metadata;
mod options;
mod rows;
#[cfg(test)]
mod tests;
mod writing;

use std::sync::Arc;

use millstream_connectors::nats::{BadMessage, NatsSink, NatsSource};
use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::watermark::chunk_strategy;
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource};
use crate::catalog::{ColumnSource, Table};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
use crate::types::Schema;
use options::{NatsOptions, SinkOptions, SourceOptions};
use rows::NatsRows;
use writing::RowSerializer;

pub(super) const CONNECTOR: Connector = Connector {
    name: "nats",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(NatsTable::new(cx, options)?))),
    sink: Some(|cx, options| Ok(Box::new(NatsTable::new(cx, options)?))),
};

/// The columns that are in payloads, and how.
#[derive(Clone, Debug)]
struct Payload {
    format: Format,
    /// The columns by their positions in the table.
    positions: Vec<usize>,
    /// The same with their types.
    schema: Schema,
}

impl Payload {
    fn new(table: &Table, options: &mut Options) -> SqlResult<Self> {
        let is_physical = |position: &usize| {
            table.columns.get(*position).is_some_and(|column| matches!(column.source, ColumnSource::Physical))
        };
        let positions: Vec<_> = (0..table.columns.len()).filter(is_physical).collect();
        let schema = table.schema().project(&positions);
        let name = options.require("format")?;
        let format = Format::of_part("", &name, options, &schema)?;
        if matches!(format, Format::Confluent(_)) {
            return Err(SqlError::unsupported(format!(
                "the format '{}', which needs a schema registry, is not supported by the connector 'nats'",
                format.name()
            )));
        }
        if format.has_file_header() && format.name() == "csv" {
            return Err(SqlError::validation("'csv.has-header': messages of NATS have no header"));
        }
        Ok(Self { format, positions, schema })
    }
}

/// A table of one or several streams.
struct NatsTable {
    table: Arc<Table>,
    payload: Payload,
    nats: NatsOptions,
    source: SourceOptions,
    sink: SinkOptions,
}

impl NatsTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        let table = cx.table.clone();
        let nats = NatsOptions::take(options)?;
        let payload = Payload::new(&table, options)?;
        let (source, sink) = (SourceOptions::take(options)?, SinkOptions::take(options)?);
        if !table.primary_key.is_empty() && payload.format.changelog_mode().is_insert_only() {
            return Err(SqlError::validation(format!(
                "The NATS table {} with '{}' format doesn't support defining PRIMARY KEY constraint on the table, because it \
                 can't guarantee the semantic of primary key.",
                table.path.quoted(),
                payload.format.name()
            )));
        }
        Ok(Self { table, payload, nats, source, sink })
    }
}

impl TableSource for NatsTable {
    fn changelog_mode(&self) -> ChangelogMode {
        self.payload.format.changelog_mode()
    }

    fn makes_watermarks(&self) -> bool {
        true
    }

    fn aligns_watermarks(&self) -> bool {
        true
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let wanted: Vec<_> = cx.columns.iter().map(crate::plan::ColumnPath::root).collect();
        let rows = NatsRows::new(&self.payload, &self.table, &wanted)?;
        let rows = match cx.watermarks {
            Some(watermarks) if watermarks.is_on_event() => rows.one_by_one(),
            _ => rows,
        };
        let (first, others) = self.nats.streams_to_read()?;
        let mut source = NatsSource::with_deserializer(self.nats.connection.clone(), first, rows)
            .subjects(self.nats.subjects.iter().cloned())
            .starting_position(self.source.start)
            .on_lost_messages(self.source.on_lost);
        for stream in others {
            source = source.stream(stream);
        }
        if let Some(stop) = self.source.stop {
            source = source.bounded(stop);
        }
        if self.payload.format.ignores_parse_errors() {
            source = source.on_error(BadMessage::Skip);
        }
        let rows = match cx.watermarks {
            Some(watermarks) => {
                cx.environment.from_source_with_watermarks(source, chunk_strategy(watermarks))
            }
            None => cx.environment.from_source(source),
        };
        Ok(match self.source.parallelism {
            Some(parallelism) => rows.parallelism(parallelism),
            None => rows,
        })
    }
}

impl TableSink for NatsTable {
    fn changelog_mode(&self, _: &ChangelogMode) -> ChangelogMode {
        self.payload.format.changelog_mode()
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let (stream, subject) = self.nats.target()?;
        let serializer = RowSerializer::new(&self.payload, &self.table, schema)?;
        let sink = NatsSink::with_serializer(self.nats.connection.clone(), stream, subject, serializer)
            .delivery_guarantee(self.sink.guarantee);
        let sink = if self.sink.republishes_unknown { sink.republish_unknown() } else { sink };
        let written = rows.sink_to(sink);
        Ok(match self.sink.parallelism {
            Some(parallelism) => written.parallelism(parallelism),
            None => written,
        })
    }
}
