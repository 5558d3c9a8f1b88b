//! Chunks to files.

use std::sync::Arc;

use millstream_connectors::files::{Encoder, Folders};

use super::folders::{RowFolders, stored_columns};
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::formats::{Format, RowEncoder};
use crate::types::Schema;

/// Writes files of rows.
#[derive(Clone)]
pub(super) struct RowFilesEncoder {
    format: Format,
    encoder: RowEncoder,
    /// The columns that are in the files, by position.
    stored: Arc<[usize]>,
    folders: RowFolders,
}

impl RowFilesEncoder {
    /// `schema` has the columns that are in the files.
    pub(super) fn new(
        format: &Format,
        schema: &Schema,
        stored: Vec<usize>,
        folders: RowFolders,
    ) -> SqlResult<Self> {
        let encoder = format.encoder(schema)?;
        Ok(Self { format: format.clone(), encoder, stored: stored.into(), folders })
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
            self.encoder.encode_file(&stored_columns(chunk, &self.stored)?, starts_file, bytes)?;
            starts_file = false;
        }
        Ok(())
    }

    fn is_partitioned(&self) -> bool {
        self.folders.is_partitioned()
    }

    fn partition(&self, records: &[Chunk]) -> Result<Folders<Chunk>, String> {
        self.folders.deal_out(records)
    }
}
