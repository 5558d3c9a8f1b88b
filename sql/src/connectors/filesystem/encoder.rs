//! Chunks to files.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, UInt32Array};
use millstream_connectors::files::{Encoder, Folders};

use super::Partitioning;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::formats::{Format, RowEncoder, write_text};
use crate::types::{Schema, SqlType};

/// Writes files of rows.
#[derive(Clone)]
pub(super) struct RowFilesEncoder {
    format: Format,
    encoder: RowEncoder,
    /// The columns that are in the files, by position.
    stored: Arc<[usize]>,
    /// The columns that are folders, by position.
    keys: Arc<[(usize, SqlType)]>,
    partitioning: Partitioning,
}

impl RowFilesEncoder {
    /// `schema` has the columns that are in the files.
    pub(super) fn new(
        format: &Format,
        schema: &Schema,
        stored: Vec<usize>,
        keys: Vec<(usize, SqlType)>,
        partitioning: Partitioning,
    ) -> SqlResult<Self> {
        let encoder = format.encoder(schema)?;
        Ok(Self { format: format.clone(), encoder, stored: stored.into(), keys: keys.into(), partitioning })
    }

    /// The folder of a row.
    fn folder(&self, chunk: &Chunk, row: usize, value: &mut String, out: &mut String) -> Result<(), String> {
        out.clear();
        for (index, (position, data_type)) in self.keys.iter().enumerate() {
            let column = chunk.column(*position).map_err(|error| error.to_string())?;
            value.clear();
            let value = if column.is_null(row) {
                None
            } else {
                write_text(column, row, data_type, value)
                    .ok_or("a column of another type than the table's")?;
                Some(&**value)
            };
            self.partitioning.write(index, value, out);
        }
        Ok(())
    }
}

impl Encoder for RowFilesEncoder {
    type Record = Chunk;

    fn kind(&self) -> &'static str {
        self.format.files()
    }

    fn extension(&self) -> &str {
        self.format.name()
    }

    fn encode(&mut self, records: &[Chunk], starts_file: bool, bytes: &mut Vec<u8>) -> Result<(), String> {
        let mut starts_file = starts_file;
        for chunk in records.iter().filter(|chunk| !chunk.is_empty()) {
            let columns = self.stored.iter().map(|column| chunk.column(*column).cloned());
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
            self.encoder.encode_file(&chunk.with_columns(columns), starts_file, bytes)?;
            starts_file = false;
        }
        Ok(())
    }

    fn is_partitioned(&self) -> bool {
        !self.keys.is_empty()
    }

    fn partition(&self, records: &[Chunk]) -> Result<Folders<Chunk>, String> {
        let mut folders = BTreeMap::<String, Vec<Chunk>>::new();
        let (mut value, mut folder) = (String::new(), String::new());
        for chunk in records {
            let mut rows = BTreeMap::<String, Vec<u32>>::new();
            for row in 0..chunk.rows() {
                self.folder(chunk, row, &mut value, &mut folder)?;
                let position = u32::try_from(row).map_err(|error| error.to_string())?;
                match rows.get_mut(&folder) {
                    Some(positions) => positions.push(position),
                    None => drop(rows.insert(folder.clone(), vec![position])),
                }
            }
            for (folder, positions) in rows {
                let part = chunk.take(&UInt32Array::from(positions)).map_err(|error| error.to_string())?;
                folders.entry(folder).or_default().push(part);
            }
        }
        Ok(folders.into_iter().collect())
    }
}
