//! Records of Kafka to chunks.

mod work;

use std::sync::Arc;

use millstream_connectors::Gathered;
use millstream_connectors::kafka::{RecordDeserializer, RecordPreparation, RecordView};
use millstream_runtime::Result;
use parking_lot::Mutex;

use super::super::metadata::MetadataKey;
use super::columns::{Columns, Part};
use super::metadata::{Metadata, check_of_format};
use super::schemas::Schemas;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::formats::{Format, RowDecoder};
use crate::types::zone::Zone;
use crate::types::{NamedField, Schema, SqlType};
use work::Work;

/// Where a column of a chunk comes from, by its place among those of the same kind.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Key(usize),
    /// Columns of the value, and behind them the metadata of its format.
    Value(usize),
    Metadata(usize),
}

/// What is read of records.
struct Reading {
    key: Option<ReadPart>,
    value: ReadPart,
    /// What Kafka knows beside, with the columns for it.
    metadata: Vec<(Metadata, NamedField)>,
    columns: Vec<Origin>,
    /// Metadata that are instants and are declared as TIMESTAMP, by the places of their columns: they are on the clock of the
    /// session.
    on_clock: Vec<usize>,
    zone: Zone,
    is_upsert: bool,
}

/// What is read of a key or value.
struct ReadPart {
    format: Format,
    /// All columns in it.
    schema: Schema,
    /// Those that are read, by their positions in it.
    wanted: Vec<usize>,
    /// The keys of what the format knows beside.
    metadata: Vec<String>,
    /// The columns that are read, those of metadata last.
    read: Schema,
}

impl ReadPart {
    fn new(part: &Part) -> Self {
        Self {
            format: part.format.clone(),
            schema: part.schema.clone(),
            wanted: Vec::new(),
            metadata: Vec::new(),
            read: std::iter::empty().collect(),
        }
    }

    /// The place among the columns that are read of a column of the table, where it is in this part.
    fn place_of(&mut self, part: &Part, position: usize) -> Option<usize> {
        let index = part.positions.iter().position(|in_part| *in_part == position)?;
        Some(self.wanted.iter().position(|wanted| *wanted == index).unwrap_or_else(|| {
            self.wanted.push(index);
            self.wanted.len() - 1
        }))
    }

    fn decoder(&self) -> SqlResult<RowDecoder> {
        if self.metadata.is_empty() {
            return Ok(self.format.decoder(&self.schema, &self.wanted));
        }
        let keys: Vec<&str> = self.metadata.iter().map(String::as_str).collect();
        self.format.decoder_with_metadata(&self.schema, &self.wanted, &keys)
    }

    fn text_of(&self, part: &str, error: ValueError) -> String {
        format!("{part}: {}", error.named(|column| self.read.names().nth(column)))
    }
}

/// Makes chunks of the records of a partition.
pub(super) struct KafkaRows {
    reading: Arc<Reading>,
    /// After each record, so that a watermark can come behind it.
    one_by_one: bool,
    /// Made anew in each reader.
    work: Mutex<Option<Work>>,
}

impl Clone for KafkaRows {
    fn clone(&self) -> Self {
        Self { reading: self.reading.clone(), one_by_one: self.one_by_one, work: Mutex::default() }
    }
}

impl KafkaRows {
    /// For the columns of a table at these positions.
    pub(super) fn new(
        columns: &Columns,
        table: &Table,
        wanted: &[usize],
        zone: Zone,
        is_upsert: bool,
    ) -> SqlResult<Self> {
        let mut key = columns.key.as_ref().map(ReadPart::new);
        let mut value = ReadPart::new(&columns.value);
        let (mut metadata, mut origins, mut of_format) = (Vec::new(), Vec::new(), Vec::new());
        let mut on_clock = Vec::new();
        for position in wanted {
            let column = table
                .columns
                .get(*position)
                .ok_or_else(|| SqlError::validation("a column that is not there"))?;
            let named = NamedField::new(column.name.clone(), column.field.clone());
            let is_metadata = matches!(column.source, ColumnSource::Metadata { .. });
            if is_metadata && matches!(column.field.data_type, SqlType::Timestamp(..)) {
                on_clock.push(origins.len());
            }
            origins.push(match &column.source {
                ColumnSource::Metadata { key, .. } => match key.strip_prefix("value.") {
                    Some(key) => {
                        check_of_format(&columns.value.format, key, &named)?;
                        of_format.push((origins.len(), key.to_owned(), named));
                        Origin::Value(usize::MAX)
                    }
                    None => {
                        metadata.push((Metadata::to_read(key, column)?, named));
                        Origin::Metadata(metadata.len() - 1)
                    }
                },
                _ => {
                    let in_key = |key: &mut Option<ReadPart>| {
                        let (part, read) = (columns.key.as_ref()?, key.as_mut()?);
                        read.place_of(part, *position).map(Origin::Key)
                    };
                    let in_value =
                        |value: &mut ReadPart| value.place_of(&columns.value, *position).map(Origin::Value);
                    // Where a column is in both, the value says it; a row that is deleted has no value.
                    let found = if is_upsert {
                        in_key(&mut key).or_else(|| in_value(&mut value))
                    } else {
                        in_value(&mut value).or_else(|| in_key(&mut key))
                    };
                    found.ok_or_else(|| {
                        SqlError::validation(format!(
                            "column '{}' is neither in the key nor in the value",
                            column.name
                        ))
                    })?
                }
            });
        }
        if let Some(key) = &mut key {
            key.read = key.schema.project(&key.wanted);
        }
        let of_value = value.wanted.len();
        for (index, (place, key, _)) in of_format.iter().enumerate() {
            if let Some(origin) = origins.get_mut(*place) {
                *origin = Origin::Value(of_value + index);
            }
            value.metadata.push(key.clone());
        }
        let beside: Schema = of_format.into_iter().map(|(.., named)| named).collect();
        value.read = value.schema.project(&value.wanted).concat(&beside);
        let reading = Reading { key, value, metadata, columns: origins, on_clock, zone, is_upsert };
        // What is wrong with the metadata of a format is said before the job starts.
        reading.value.decoder()?;
        Ok(Self { reading: Arc::new(reading), one_by_one: false, work: Mutex::default() })
    }

    /// One chunk a record.
    pub(super) fn one_by_one(self) -> Self {
        Self { one_by_one: true, ..self }
    }
}

impl RecordDeserializer for KafkaRows {
    type Record = Chunk;

    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<Chunk>, String> {
        let work = self.work.get_mut();
        let work = match work {
            Some(work) => work,
            None => work.insert(Work::new(&self.reading).map_err(|error| error.to_string())?),
        };
        work.add(&self.reading, record)?;
        if !self.one_by_one {
            return Ok(None);
        }
        work.finish(&self.reading).map_err(|error| error.to_string())
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        let Some(work) = self.work.get_mut() else { return Ok(None) };
        Ok(work.finish(&self.reading)?.map(Gathered::from))
    }

    fn preparation(&self) -> Option<Arc<dyn RecordPreparation>> {
        let key = self.reading.key.as_ref().and_then(|key| key.format.schemas());
        let schemas = Schemas { key, value: self.reading.value.format.schemas() };
        (schemas.key.is_some() || schemas.value.is_some()).then(|| Arc::new(schemas) as _)
    }
}
