//! `kafka` and `upsert-kafka`: topics of Kafka.
//!
//! As Flink's [kafka](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/kafka/) and
//! [upsert-kafka](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/upsert-kafka/) connectors, over
//! [`KafkaSource`] and [`KafkaSink`]. A record has its columns in its value, in its key, or in both (`key.fields`,
//! `value.fields-include`); what Kafka knows of it beside is metadata. A topic of `upsert-kafka` has the newest row of each
//! primary key; a record without a value deletes it.

mod columns;
mod metadata;
mod options;
mod rows;
mod schemas;
#[cfg(test)]
mod tests;
mod writing;

use std::sync::Arc;

use millstream_connectors::kafka::{BadRecord, KafkaSink, KafkaSource};
use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::watermark::chunk_strategy;
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource};
use crate::catalog::Table;
use crate::chunk::{Chunk, RowKind};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
use crate::types::zone::Zone;
use columns::Columns;
use options::{KafkaOptions, SinkOptions, SourceOptions};
use rows::KafkaRows;
use writing::RowSerializer;

pub(super) const KAFKA: Connector = Connector {
    name: "kafka",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(KafkaTable::new(cx, options, false)?))),
    sink: Some(|cx, options| Ok(Box::new(KafkaTable::new(cx, options, false)?))),
};

pub(super) const UPSERT_KAFKA: Connector = Connector {
    name: "upsert-kafka",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(KafkaTable::new(cx, options, true)?))),
    sink: Some(|cx, options| Ok(Box::new(KafkaTable::new(cx, options, true)?))),
};

/// A table of one or several topics.
struct KafkaTable {
    table: Arc<Table>,
    columns: Columns,
    kafka: KafkaOptions,
    source: SourceOptions,
    sink: SinkOptions,
    /// The clock of the session.
    zone: Zone,
    is_upsert: bool,
}

impl KafkaTable {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options, is_upsert: bool) -> SqlResult<Self> {
        let table = cx.table.clone();
        let kafka = KafkaOptions::take(options, &table.path.to_string())?;
        let columns = Columns::new(&table, options, is_upsert)?;
        let source = SourceOptions::take(options, &kafka, is_upsert)?;
        let sink = SinkOptions::take(options, is_upsert, columns.key.is_some())?;
        let value = columns.value_format();
        if is_upsert && !value.changelog_mode().is_insert_only() {
            return Err(SqlError::validation(format!(
                "'upsert-kafka' connector doesn't support '{}' as value format, because '{}' is not in insert-only mode.",
                value.name(),
                value.name()
            )));
        }
        if !is_upsert && !table.primary_key.is_empty() && value.changelog_mode().is_insert_only() {
            return Err(SqlError::validation(format!(
                "The Kafka table {} with '{}' format doesn't support defining PRIMARY KEY constraint on the table, because it \
                 can't guarantee the semantic of primary key.",
                table.path.quoted(),
                value.name()
            ))
            .with_hint("use the connector 'upsert-kafka' for rows that replace each other by their key"));
        }
        let zone = Zone::or_greenwich(&cx.session.build_context().time_zone);
        Ok(Self { table, columns, kafka, source, sink, zone, is_upsert })
    }
}

impl TableSource for KafkaTable {
    fn changelog_mode(&self) -> ChangelogMode {
        if self.is_upsert {
            let kinds = [RowKind::UpdateAfter, RowKind::Delete];
            return ChangelogMode::of(kinds).with_key_only_deletes(true);
        }
        self.columns.value_format().changelog_mode()
    }

    fn makes_watermarks(&self) -> bool {
        true
    }

    fn aligns_watermarks(&self) -> bool {
        true
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let wanted: Vec<_> = cx.columns.iter().map(crate::plan::ColumnPath::root).collect();
        let columns = self.columns.connected()?;
        let rows = KafkaRows::new(&columns, &self.table, &wanted, self.zone.clone(), self.is_upsert)?;
        let rows = match cx.watermarks {
            Some(watermarks) if watermarks.is_on_event() => rows.one_by_one(),
            _ => rows,
        };
        let mut source = KafkaSource::with_deserializer(&*self.kafka.servers, self.kafka.topics()?, rows)
            .group_id(&self.kafka.group)
            .starting_offsets(self.source.start.clone())
            .partition_discovery_interval(self.source.discovery);
        if let Some(stop) = &self.source.stop {
            source = source.bounded(stop.clone());
        }
        for (name, value) in self.kafka.of_source() {
            source = source.property(name, value);
        }
        if self.columns.ignores_parse_errors() {
            source = source.on_error(BadRecord::Skip);
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

impl TableSink for KafkaTable {
    fn changelog_mode(&self, _: &ChangelogMode) -> ChangelogMode {
        if self.is_upsert { ChangelogMode::upsert() } else { self.columns.value_format().changelog_mode() }
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let topic = self.kafka.topic_to_write()?;
        let columns = self.columns.connected()?;
        let serializer =
            RowSerializer::new(&columns, &self.table, schema, &topic, &self.zone, self.is_upsert)?;
        let mut sink = KafkaSink::with_serializer(&*self.kafka.servers, topic, serializer)
            .delivery_guarantee(self.sink.guarantee);
        if let Some(prefix) = &self.sink.prefix {
            sink = sink.transactional_id_prefix(prefix);
        }
        if self.sink.is_fixed {
            sink = sink.fixed_partitioner();
        }
        for (name, value) in self.kafka.of_sink() {
            sink = sink.property(name, value);
        }
        let written = rows.sink_to(sink);
        Ok(match self.sink.parallelism {
            Some(parallelism) => written.parallelism(parallelism),
            None => written,
        })
    }
}
