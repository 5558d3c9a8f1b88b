//! Rows to messages.

use super::super::input::{write_bytes, write_long};
use super::super::writer::{ColumnWriter, writers};
use super::ConfluentOptions;
use crate::chunk::Chunk;
use crate::formats::registry::{SchemaRegistration, write_id};

/// Writes a format with a registry, once the schema has its number.
#[derive(Clone, Debug)]
pub struct ConfluentEncoder {
    options: ConfluentOptions,
    registration: SchemaRegistration,
}

impl ConfluentEncoder {
    /// Writes rows of the table.
    pub(in crate::formats) fn new(options: &ConfluentOptions) -> Self {
        Self { options: options.clone(), registration: SchemaRegistration::default() }
    }

    /// What will have the number of the schema.
    pub(in crate::formats) fn set_registration(&mut self, registration: SchemaRegistration) {
        self.registration = registration;
    }

    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let id = self.registration.id().ok_or("the schema has not been registered")?;
        let writers = writers(chunk.columns(), &self.options.columns)
            .ok_or("a column of another type than the table's")?;
        write_id(id, out);
        if self.options.is_changelog {
            write_change(chunk.kinds().get(row).is_accumulation(), &writers, row, out);
        } else {
            writers.iter().for_each(|writer| writer.write(row, out));
        }
        Ok(())
    }
}

/// Appends a change: of a row that is there now, or of one that is gone.
fn write_change(is_there: bool, writers: &[ColumnWriter<'_>], row: usize, out: &mut Vec<u8>) {
    let write_row = |is_row: bool, out: &mut Vec<u8>| {
        // The place in the union with null.
        write_long(i64::from(is_row), out);
        if is_row {
            writers.iter().for_each(|writer| writer.write(row, out));
        }
    };
    write_row(!is_there, out);
    write_row(is_there, out);
    write_long(1, out);
    write_bytes(if is_there { b"c" } else { b"d" }, out);
}
