//! What the bytes of the files at hand are made with.

use std::collections::BTreeMap;

use crate::files::encode::{BulkWriter, Encoder};

/// The encoder of a writer, and what writes the files at hand if its format is one of bulk.
pub(super) struct Encoding<E: Encoder> {
    encoder: E,
    /// By the folders of the files.
    bulk: BTreeMap<String, Box<dyn BulkWriter<Record = E::Record>>>,
}

impl<E: Encoder> Encoding<E> {
    pub(super) fn new(encoder: E) -> Self {
        Self { encoder, bulk: BTreeMap::new() }
    }

    /// How many bytes of the file at hand in a folder are roughly still to come, of the records it was given.
    pub(super) fn pending_bytes(&self, folder: &str) -> u64 {
        self.bulk.get(folder).map_or(0, |writer| writer.pending_bytes())
    }

    /// Appends records to the file at hand in a folder, which they may begin.
    pub(super) fn encode(
        &mut self,
        folder: &str,
        records: &[E::Record],
        starts_file: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), String> {
        if starts_file && let Some(writer) = self.encoder.bulk_writer()? {
            self.bulk.insert(folder.to_owned(), writer);
        }
        match self.bulk.get_mut(folder) {
            Some(writer) => writer.write(records, bytes),
            None => self.encoder.encode(records, starts_file, bytes),
        }
    }

    /// Appends what the file at hand in a folder ends with.
    pub(super) fn finish(&mut self, folder: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
        match self.bulk.remove(folder) {
            Some(mut writer) => writer.finish(bytes),
            None => Ok(()),
        }
    }
}
