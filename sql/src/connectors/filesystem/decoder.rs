//! Files to chunks.

use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_connectors::files::{Decoder, Format as FileFormat, Gathered, RowError};
use millstream_runtime::{Error, ErrorKind, Result};

use super::{Columns, Partitioning};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, Scalar, ValueError, arrow_error};
use crate::formats::{Format, RowDecoder};
use crate::types::zone::Zone;
use crate::types::{NamedField, Schema};

/// Where a column comes from.
#[derive(Clone, Debug)]
pub(super) enum FileColumn {
    /// From the rows: the position among the columns of the files.
    Stored(usize),
    /// From the folder that the file is in.
    Partition(NamedField),
    /// The file's path.
    Path(NamedField),
    /// The file's name without its path.
    Name(NamedField),
}

/// Files of rows.
#[derive(Clone)]
pub(super) struct RowFiles {
    format: Format,
    /// All columns of the files.
    schema: Schema,
    columns: Columns,
    partitioning: Partitioning,
}

impl RowFiles {
    pub(super) fn new(
        format: Format,
        schema: Schema,
        columns: Vec<FileColumn>,
        partitioning: Partitioning,
    ) -> Self {
        Self { format, schema, columns: columns.into(), partitioning }
    }
}

impl FileFormat for RowFiles {
    type Record = Chunk;
    type Decoder = RowFileDecoder;

    fn kind(&self) -> &'static str {
        self.format.files()
    }

    fn has_header(&self) -> bool {
        self.format.has_file_header()
    }

    fn decoder(&self, whole: bool) -> RowFileDecoder {
        self.decoder_of("", whole)
    }

    fn decoder_of(&self, file: &str, _: bool) -> RowFileDecoder {
        let stored: Vec<usize> = self
            .columns
            .iter()
            .filter_map(|column| match column {
                FileColumn::Stored(position) => Some(*position),
                _ => None,
            })
            .collect();
        RowFileDecoder {
            decoder: self.format.decoder(&self.schema, &stored),
            rows: ChunkBuilder::new(&self.schema.project(&stored)),
            names: self.schema.project(&stored),
            columns: self.columns.clone(),
            partitioning: self.partitioning.clone(),
            file: file.into(),
            decoded: 0,
            rest: None,
        }
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(Chunk::ROWS)
    }
}

/// Reads one split of a file.
pub(super) struct RowFileDecoder {
    decoder: RowDecoder,
    rows: ChunkBuilder,
    /// The columns that come from rows.
    names: Schema,
    columns: Columns,
    partitioning: Partitioning,
    file: Arc<str>,
    /// How many rows the last part had.
    decoded: usize,
    /// What was gathered and is too much for one chunk.
    rest: Option<Chunk>,
}

impl Decoder for RowFileDecoder {
    type Record = Chunk;

    fn header(&mut self, row: &[u8]) -> std::result::Result<(), RowError> {
        self.decoder.header(row).map_err(|error| row_error(&error))
    }

    #[inline]
    fn row_length(&mut self, bytes: &[u8]) -> Option<usize> {
        self.decoder.part_length(bytes)
    }

    #[inline]
    fn decode(&mut self, row: &[u8]) -> std::result::Result<Option<Chunk>, RowError> {
        let appended = self.decoder.decode_part(row, &mut self.rows);
        self.decoded =
            appended.map_err(|error| row_error(&error.named(|column| self.names.names().nth(column))))?;
        Ok(None)
    }

    fn decoded_rows(&self) -> usize {
        // A part that holds none costs something, too.
        self.decoded.max(1)
    }

    fn gathered(&mut self) -> Result<Option<Gathered<Chunk>>> {
        // A part of a file may have more rows than a chunk.
        let all = match self.rest.take() {
            Some(rest) => rest,
            None => self.rows.finish()?,
        };
        if all.is_empty() {
            return Ok(None);
        }
        let most = 2 * Chunk::ROWS;
        let rows = if all.rows() > most { all.slice(0, Chunk::ROWS) } else { all.clone() };
        self.rest = (all.rows() > most).then(|| all.slice(Chunk::ROWS, all.rows() - Chunk::ROWS));
        let mut stored = rows.columns().iter();
        let columns = self.columns.iter().map(|column| match column {
            FileColumn::Stored(_) => stored
                .next()
                .cloned()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "a chunk of a file with too few columns")),
            FileColumn::Partition(field) => self.constant(field, self.partition(field)?, rows.rows()),
            FileColumn::Path(field) => self.constant(field, Some(self.file.to_string()), rows.rows()),
            FileColumn::Name(field) => {
                let name = self.file.rsplit('/').next().unwrap_or_default().to_owned();
                self.constant(field, Some(name), rows.rows())
            }
        });
        let chunk = rows.with_columns(columns.collect::<Result<Vec<_>>>()?);
        let (rows, bytes) = (chunk.rows() as u64, chunk.bytes() as u64);
        Ok(Some(Gathered { record: chunk, rows, bytes }))
    }
}

impl RowFileDecoder {
    fn partition(&self, field: &NamedField) -> Result<Option<String>> {
        self.partitioning.value(&self.file, &field.name).ok_or_else(|| {
            let Self { file, .. } = self;
            let problem = format!(
                "`{file}` is in no folder `{}=…`, though the table is partitioned by that column",
                field.name
            );
            Error::new(ErrorKind::InvalidInput, problem)
        })
    }

    /// A column of one value.
    fn constant(&self, field: &NamedField, text: Option<String>, rows: usize) -> Result<ArrayRef> {
        let mut column = ColumnBuilder::new(&field.field);
        let value = match &text {
            None => Ok(Scalar::Null),
            Some(text) => Scalar::of_text(&field.field.data_type, text, &Zone::UTC),
        };
        column.append_result(value).map_err(|error| {
            let problem = format!("`{}`: the folder of {}", self.file, error.in_field(&field.name));
            Error::new(ErrorKind::InvalidInput, problem)
        })?;
        let positions = UInt32Array::from(vec![0; rows]);
        take(&column.finish()?, &positions, None).map_err(arrow_error)
    }
}

fn row_error(error: &ValueError) -> RowError {
    RowError { column: error.path().map(str::to_owned), problem: error.problem().to_owned() }
}
