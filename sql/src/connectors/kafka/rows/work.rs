//! Rows under construction, of the records of a partition.

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_connectors::kafka::RecordView;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::metadata::on_clock;
use super::{Origin, Reading};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, Kinds, RowKind, arrow_error};
use crate::error::SqlResult;
use crate::formats::RowDecoder;

/// Rows under construction.
pub(super) struct Work {
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
    pub(super) fn new(reading: &Reading) -> SqlResult<Self> {
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
    pub(super) fn add(&mut self, reading: &Reading, record: &RecordView<'_>) -> Result<(), String> {
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
    pub(super) fn finish(&mut self, reading: &Reading) -> Result<Option<Chunk>> {
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
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        for place in &reading.on_clock {
            if let Some(column) = columns.get_mut(*place) {
                *column = on_clock(column, &reading.zone);
            }
        }
        let chunk = values.with_columns(columns);
        Ok(Some(if reading.is_upsert {
            chunk.with_kinds(kinds.into_iter().collect::<Kinds>())
        } else {
            chunk
        }))
    }
}
