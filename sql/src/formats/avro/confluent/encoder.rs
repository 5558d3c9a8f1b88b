//! Rows to values.

use super::super::input::{write_bytes, write_long};
use super::super::writer::{ColumnWriter, writers};
use super::RegisteredAvro;
use crate::chunk::Chunk;

impl RegisteredAvro {
    /// Appends the value of a row's message.
    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let writers =
            writers(chunk.columns(), &self.columns).ok_or("a column of another type than the table's")?;
        if self.is_changelog {
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
