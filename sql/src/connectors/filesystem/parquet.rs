//! Files of Parquet to chunks, and chunks to files.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use millstream_connectors::files::{
    BulkDecoded, BulkDecoder, BulkFormat, BulkWriter, Encoder, FileBlock, Folders, FooterRead,
};

use super::columns::FileColumns;
use super::folders::{RowFolders, stored_columns};
use crate::chunk::Chunk;
use crate::formats::parquet::{NAME, ParquetBlock, ParquetFile, ParquetOptions, ParquetStep, ParquetWriter};

const KIND: &str = "Parquet files";

/// Files that are read.
#[derive(Clone)]
pub(super) struct ParquetFiles {
    options: ParquetOptions,
    columns: FileColumns,
}

impl ParquetFiles {
    pub(super) const fn new(options: ParquetOptions, columns: FileColumns) -> Self {
        Self { options, columns }
    }
}

impl BulkFormat for ParquetFiles {
    type Record = Chunk;
    type Footer = ParquetFile;
    type Decoder = ParquetFileDecoder;

    fn kind(&self) -> &'static str {
        KIND
    }

    fn footer(&self, size: u64, tail: Bytes) -> Result<FooterRead<ParquetFile>, String> {
        match ParquetFile::open(&self.options, &self.columns.stored(), size, tail)? {
            ParquetStep::Have(file) => Ok(FooterRead::Footer(file)),
            ParquetStep::Needs(ranges) => {
                let start = ranges.iter().map(|range| range.start).min();
                Ok(FooterRead::Needs(size.saturating_sub(start.unwrap_or_default())))
            }
            ParquetStep::End => Err("the footer is missing".to_owned()),
        }
    }

    fn blocks(&self, file: &ParquetFile) -> Vec<FileBlock> {
        file.row_groups().map(|(offset, rows)| FileBlock { offset, rows }).collect()
    }

    fn decoder(
        &self,
        name: &str,
        file: &Arc<ParquetFile>,
        block: usize,
        skip: u64,
    ) -> Result<ParquetFileDecoder, String> {
        let block = file.row_group(block, skip)?;
        Ok(ParquetFileDecoder { file: name.into(), block, columns: self.columns.clone() })
    }
}

/// Reads a row group.
pub(super) struct ParquetFileDecoder {
    file: Box<str>,
    block: ParquetBlock,
    columns: FileColumns,
}

impl BulkDecoder for ParquetFileDecoder {
    type Record = Chunk;

    fn decode(&mut self) -> Result<BulkDecoded<Chunk>, String> {
        Ok(match self.block.read()? {
            ParquetStep::Needs(ranges) => BulkDecoded::Needs(ranges),
            ParquetStep::End => BulkDecoded::End,
            ParquetStep::Have(rows) => {
                let chunk = self.columns.complete(&self.file, &rows).map_err(|error| error.to_string())?;
                BulkDecoded::Rows(chunk.into())
            }
        })
    }

    fn feed(&mut self, ranges: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<(), String> {
        self.block.feed(ranges, bytes)
    }
}

/// Files that are written.
#[derive(Clone)]
pub(super) struct ParquetFilesEncoder {
    options: ParquetOptions,
    /// The columns that are in the files, by position.
    stored: Arc<[usize]>,
    folders: RowFolders,
}

impl ParquetFilesEncoder {
    pub(super) fn new(options: ParquetOptions, stored: Vec<usize>, folders: RowFolders) -> Self {
        Self { options, stored: stored.into(), folders }
    }
}

impl Encoder for ParquetFilesEncoder {
    type Record = Chunk;

    fn kind(&self) -> &'static str {
        KIND
    }

    fn extension(&self) -> &str {
        NAME
    }

    fn encode(&mut self, _: &[Chunk], _: bool, _: &mut Vec<u8>) -> Result<(), String> {
        Err("rows of Parquet are written by what writes a whole file".to_owned())
    }

    fn bulk_writer(&self) -> Result<Option<Box<dyn BulkWriter<Record = Chunk>>>, String> {
        let file = ParquetWriter::new(&self.options)?;
        Ok(Some(Box::new(ParquetFileWriter { file, stored: self.stored.clone() })))
    }

    fn is_partitioned(&self) -> bool {
        self.folders.is_partitioned()
    }

    fn partition(&self, records: &[Chunk]) -> Result<Folders<Chunk>, String> {
        self.folders.deal_out(records)
    }
}

/// Writes one file.
struct ParquetFileWriter {
    file: ParquetWriter,
    stored: Arc<[usize]>,
}

impl BulkWriter for ParquetFileWriter {
    type Record = Chunk;

    fn write(&mut self, records: &[Chunk], bytes: &mut Vec<u8>) -> Result<(), String> {
        records.iter().try_for_each(|chunk| self.file.write(&stored_columns(chunk, &self.stored)?, bytes))
    }

    fn pending_bytes(&self) -> u64 {
        self.file.pending_bytes()
    }

    fn finish(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        self.file.finish(bytes)
    }
}
