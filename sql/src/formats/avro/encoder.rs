//! Rows to messages and container files.

use super::AvroOptions;
use super::container::Header;
use crate::chunk::Chunk;

/// About how long the rows of a block are, in bytes, before they are packed.
const BLOCK: usize = 64 << 10;

/// Writes format `avro`.
#[derive(Clone)]
pub struct AvroEncoder {
    options: AvroOptions,
    /// The header of all files that are written, once one has been begun.
    header: Option<Header>,
    block: Vec<u8>,
}

impl AvroEncoder {
    /// Writes rows of the table.
    pub(in crate::formats) fn new(options: &AvroOptions) -> Self {
        Self { options: options.clone(), header: None, block: Vec::new() }
    }

    /// Appends the message of a row.
    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let writers = self.options.rows.writers(chunk)?;
        writers.iter().for_each(|writer| writer.write(row, out));
        Ok(())
    }

    /// Appends rows as blocks of a file, with its header if they begin it.
    pub(in crate::formats) fn encode_file(
        &mut self,
        chunk: &Chunk,
        starts_file: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let writers = self.options.rows.writers(chunk)?;
        let (mut row, mut starts_file) = (0, starts_file);
        while row < chunk.rows() {
            let first = row;
            self.block.clear();
            while row < chunk.rows() && self.block.len() < BLOCK {
                writers.iter().for_each(|writer| writer.write(row, &mut self.block));
                row += 1;
            }
            let (options, block) = (&self.options, &self.block);
            let header =
                self.header.get_or_insert_with(|| Header::new(&options.rows.json, options.codec, block));
            if std::mem::take(&mut starts_file) {
                header.write(out);
            }
            header.write_block(row - first, &self.block, out)?;
        }
        Ok(())
    }
}
