//! Reads a file: its footer, and then a row group at a time, of which only the wanted columns are fetched.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch, new_null_array};
use bytes::Bytes;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};

use super::ParquetOptions;
use super::convert::convert;
use super::fit::Fit;
use crate::chunk::Chunk;
use crate::types::Schema;
use crate::types::zone::Zone;

/// What is known of a file once its footer has been read.
#[derive(Debug)]
pub struct ParquetFile {
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// Where each wanted column is among those that are decoded.
    positions: Vec<Option<usize>>,
    /// The wanted columns.
    columns: Schema,
    zone: Zone,
}

/// A row group that is read.
pub struct ParquetBlock {
    file: Arc<ParquetFile>,
    decoder: ParquetPushDecoder,
}

/// What there is of a file, or of a row group.
pub enum ParquetStep<T> {
    /// Nothing yet: the bytes of these ranges are needed.
    Needs(Vec<Range<u64>>),
    /// This.
    Have(T),
    /// There is no more.
    End,
}

impl ParquetFile {
    /// Reads the footer of a file of `size` bytes, the last of which are `tail`. Of the rows, `columns` are wanted, by their
    /// position in the table.
    ///
    /// # Errors
    /// What is wrong, if it is no such file, or has other columns.
    pub fn open(
        options: &ParquetOptions,
        columns: &[usize],
        size: u64,
        tail: Bytes,
    ) -> Result<ParquetStep<Self>, String> {
        let mut decoder = ParquetMetaDataPushDecoder::try_new(size)
            .map_err(text)?
            .with_page_index_policy(PageIndexPolicy::Skip);
        let start = size.saturating_sub(tail.len() as u64);
        decoder.push_range(start..size, tail).map_err(text)?;
        let metadata = match decoder.try_decode().map_err(text)? {
            DecodeResult::NeedsData(ranges) => return Ok(ParquetStep::Needs(ranges)),
            DecodeResult::Finished => return Ok(ParquetStep::End),
            DecodeResult::Data(metadata) => metadata,
        };
        metadata.row_groups().iter().try_for_each(check)?;
        Self::new(options, columns, Arc::new(metadata)).map(ParquetStep::Have)
    }

    fn new(
        options: &ParquetOptions,
        columns: &[usize],
        metadata: Arc<ParquetMetaData>,
    ) -> Result<Self, String> {
        let columns = options.schema.project(columns);
        // What other programs note of their own types says nothing about ours.
        let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let found = ArrowReaderMetadata::try_new(metadata.clone(), plain.clone()).map_err(text)?;
        let fit = Fit::new(found.parquet_schema(), found.schema().fields(), &columns)?;
        let mask = ProjectionMask::leaves(found.parquet_schema(), fit.leaves);
        let metadata = ArrowReaderMetadata::try_new(metadata, plain.with_schema(fit.arrays)).map_err(text)?;
        Ok(Self { metadata, mask, positions: fit.columns, columns, zone: options.timestamps.zone.clone() })
    }

    /// Where each row group begins, and how many rows it has.
    pub fn row_groups(&self) -> impl Iterator<Item = (u64, u64)> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups.map(|group| {
            let starts = group.columns().iter().map(|column| {
                column
                    .dictionary_page_offset()
                    .map_or(column.data_page_offset(), |start| start.min(column.data_page_offset()))
            });
            let start = starts.min().unwrap_or_default();
            (u64::try_from(start).unwrap_or_default(), u64::try_from(group.num_rows()).unwrap_or_default())
        })
    }

    /// Reads a row group, but for its first rows.
    ///
    /// # Errors
    /// What is wrong, if it cannot be read.
    pub fn row_group(self: &Arc<Self>, index: usize, skip: u64) -> Result<ParquetBlock, String> {
        let skip = usize::try_from(skip).map_err(|error| error.to_string())?;
        let decoder = ParquetPushDecoderBuilder::new_with_metadata(self.metadata.clone())
            .with_row_groups(vec![index])
            .with_projection(self.mask.clone())
            .with_batch_size(Chunk::ROWS)
            .with_offset(skip)
            .build();
        Ok(ParquetBlock { file: self.clone(), decoder: decoder.map_err(text)? })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Chunk, String> {
        let columns = self.positions.iter().zip(self.columns.iter()).map(|(position, named)| {
            let Some(position) = position else {
                return Ok(new_null_array(&named.field.data_type.arrow(), batch.num_rows()));
            };
            let array = batch.columns().get(*position).ok_or("a row group with too few columns")?;
            convert(array, &named.field, &self.zone)
                .map_err(|problem| format!("column `{}`: {problem}", named.name))
        });
        let columns = columns.collect::<Result<Vec<_>, String>>()?;
        debug_assert!(columns.iter().all(|column| column.len() == batch.num_rows()));
        Ok(Chunk::new(columns, batch.num_rows()))
    }
}

impl ParquetBlock {
    /// The next rows.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(&mut self) -> Result<ParquetStep<Chunk>, String> {
        Ok(match self.decoder.try_decode().map_err(text)? {
            DecodeResult::NeedsData(ranges) => ParquetStep::Needs(ranges),
            DecodeResult::Data(batch) => ParquetStep::Have(self.file.rows(&batch)?),
            DecodeResult::Finished => ParquetStep::End,
        })
    }

    /// Takes bytes that are needed.
    ///
    /// # Errors
    /// If they are not.
    pub fn feed(&mut self, ranges: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<(), String> {
        self.decoder.push_ranges(ranges, bytes).map_err(text)
    }
}

/// Numbers that mean nothing would be taken for granted later.
fn check(group: &RowGroupMetaData) -> Result<(), String> {
    let of_columns = group.columns().iter().flat_map(|column| {
        let dictionary = column.dictionary_page_offset().unwrap_or_default();
        [column.data_page_offset(), column.compressed_size(), column.num_values(), dictionary]
    });
    if of_columns.chain([group.num_rows()]).all(|number| number >= 0) {
        return Ok(());
    }
    Err("the footer is damaged: it has offsets or lengths below 0".to_owned())
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: ParquetError) -> String {
    error.to_string()
}
