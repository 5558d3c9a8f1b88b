//! Records of Kafka to chunks.

use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_connectors::Gathered;
use millstream_connectors::kafka::{RecordDeserializer, RecordView};
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use super::columns::{Columns, Part};
use super::metadata::Metadata;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, Kinds, RowKind, ValueError, arrow_error};
use crate::error::{SqlError, SqlResult};
use crate::formats::{Format, RowDecoder};
use crate::types::{NamedField, Schema};

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
        is_upsert: bool,
    ) -> SqlResult<Self> {
        let mut key = columns.key.as_ref().map(ReadPart::new);
        let mut value = ReadPart::new(&columns.value);
        let (mut metadata, mut origins, mut of_format) = (Vec::new(), Vec::new(), Vec::new());
        for position in wanted {
            let column = table
                .columns
                .get(*position)
                .ok_or_else(|| SqlError::validation("a column that is not there"))?;
            let named = NamedField::new(column.name.clone(), column.field.clone());
            origins.push(match &column.source {
                ColumnSource::Metadata { key, .. } => match key.strip_prefix("value.") {
                    Some(key) => {
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
        let reading = Reading { key, value, metadata, columns: origins, is_upsert };
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
        let chunk = work.finish(&self.reading)?;
        Ok(chunk.map(|chunk| {
            let (rows, bytes) = (chunk.rows() as u64, chunk.bytes() as u64);
            Gathered { record: chunk, rows, bytes }
        }))
    }
}

/// Rows under construction.
struct Work {
    key: Option<(RowDecoder, ChunkBuilder)>,
    value: RowDecoder,
    rows: ChunkBuilder,
    metadata: Vec<ColumnBuilder>,
    /// How many records there are, those that could not be read included.
    records: u32,
    /// Which of them each row is from.
    record_of: Vec<u32>,
    /// What each row is, in a topic of the newest rows.
    kinds: Vec<RowKind>,
}

impl Work {
    fn new(reading: &Reading) -> SqlResult<Self> {
        let key = match &reading.key {
            Some(key) => Some((key.decoder()?, ChunkBuilder::new(&key.read))),
            None => None,
        };
        Ok(Self {
            key,
            value: reading.value.decoder()?,
            rows: ChunkBuilder::new(&reading.value.read),
            metadata: reading.metadata.iter().map(|(_, named)| ColumnBuilder::new(&named.field)).collect(),
            records: 0,
            record_of: Vec::new(),
            kinds: Vec::new(),
        })
    }

    /// Adds the rows of a record, all or none.
    fn add(&mut self, reading: &Reading, record: &RecordView<'_>) -> Result<(), String> {
        let is_deleted = record.value().is_none();
        if is_deleted && !reading.is_upsert {
            // As Flink's formats: a value that is not there has no row.
            return Ok(());
        }
        if let (Some((decoder, keys)), Some(part)) = (&mut self.key, &reading.key) {
            let Some(key) = record.key() else {
                return if reading.is_upsert {
                    Err("the key is missing: each record of 'upsert-kafka' needs one".to_owned())
                } else {
                    Ok(())
                };
            };
            let decoded = decoder.decode(key, keys).map_err(|error| part.text_of("key", error))?;
            if decoded != 1 {
                return Err(format!("key: {decoded} rows in place of one"));
            }
        }
        // From here on the record is counted: its key is there, whatever becomes of the rest.
        let number = self.records;
        self.records += 1;
        let mut metadata = Ok(());
        for ((kind, named), column) in reading.metadata.iter().zip(&mut self.metadata) {
            let appended =
                kind.append(record, column).map_err(|error| error.in_field(&named.name).to_string());
            metadata = metadata.and(appended);
        }
        metadata?;
        let count = match record.value() {
            Some(value) => {
                let decoded = self.value.decode(value, &mut self.rows);
                decoded.map_err(|error| reading.value.text_of("value", error))?
            }
            None => {
                let blank = |columns: &mut [ColumnBuilder]| {
                    columns.iter_mut().for_each(ColumnBuilder::append_placeholder);
                    Ok(())
                };
                self.rows.append(RowKind::Delete, blank).map_err(|error| error.to_string())?;
                1
            }
        };
        self.record_of.extend(std::iter::repeat_n(number, count));
        if reading.is_upsert {
            let kind = if is_deleted { RowKind::Delete } else { RowKind::UpdateAfter };
            self.kinds.extend(std::iter::repeat_n(kind, count));
        }
        Ok(())
    }

    /// The rows so far; `None` if there are none.
    fn finish(&mut self, reading: &Reading) -> Result<Option<Chunk>> {
        let records = std::mem::take(&mut self.records);
        let record_of = std::mem::take(&mut self.record_of);
        let kinds = std::mem::take(&mut self.kinds);
        if records == 0 {
            return Ok(None);
        }
        let values = self.rows.finish()?;
        let keys = self.key.as_mut().map(|(_, keys)| keys.finish()).transpose()?;
        let metadata = self.metadata.iter_mut().map(ColumnBuilder::finish).collect::<Result<Vec<_>>>()?;
        if record_of.is_empty() {
            return Ok(None);
        }
        // As a rule each record is a row.
        let is_aligned = record_of.len() == records as usize && record_of.iter().copied().eq(0..records);
        let positions = (!is_aligned).then(|| UInt32Array::from(record_of));
        let by_record = |column: &ArrayRef| match &positions {
            None => Ok(column.clone()),
            Some(positions) => take(column, positions, None).map_err(arrow_error),
        };
        let missing = || Error::new(ErrorKind::Internal, "a column of Kafka's that was not read");
        let columns = reading.columns.iter().map(|origin| match origin {
            Origin::Value(index) => values.column(*index).cloned(),
            Origin::Key(index) => by_record(keys.as_ref().ok_or_else(missing)?.column(*index)?),
            Origin::Metadata(index) => by_record(metadata.get(*index).ok_or_else(missing)?),
        });
        let chunk = values.with_columns(columns.collect::<Result<Vec<_>>>()?);
        Ok(Some(if reading.is_upsert {
            chunk.with_kinds(kinds.into_iter().collect::<Kinds>())
        } else {
            chunk
        }))
    }
}
