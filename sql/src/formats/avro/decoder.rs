//! Messages and container files to rows.

use std::sync::Arc;

use super::AvroOptions;
use super::container::{Header, block_length, header_length};
use super::input::Input;
use super::plan::{RecordPlan, resolve_record};
use super::schema::{Schema, Type};
use crate::chunk::{ChunkBuilder, ColumnBuilder, RowKind, ValueError};
use crate::types;

/// How many rows a block may have that take no bytes.
const EMPTY_ROWS: usize = 1 << 20;

/// Reads format `avro`.
pub struct AvroDecoder {
    /// What is read.
    columns: types::Schema,
    /// How messages are read.
    messages: Result<Records, String>,
    /// How the file at hand is read, once its header has been.
    file: Option<(Header, Records)>,
}

/// Records of one schema.
pub(super) struct Records {
    schema: Arc<Schema>,
    plan: RecordPlan,
}

impl Records {
    /// Records of this schema, read into these columns.
    ///
    /// # Errors
    /// If they do not fit.
    pub(super) fn new(schema: Schema, columns: &types::Schema) -> Result<Self, String> {
        Self::shared(Arc::new(schema), columns)
    }

    /// The same for a schema that others have, too.
    ///
    /// # Errors
    /// If they do not fit.
    pub(super) fn shared(schema: Arc<Schema>, columns: &types::Schema) -> Result<Self, String> {
        let plan = match schema.resolve(&schema.root) {
            Type::Record(record) => resolve_record(&schema, record, columns)?,
            other => return Err(format!("rows are records, and the schema is one of {}", other.describe())),
        };
        Ok(Self { schema, plan })
    }

    /// Appends the values of a record, one to each column.
    #[inline]
    pub(super) fn read(
        &self,
        input: &mut Input<'_>,
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        self.plan.read(&self.schema, input, columns)
    }
}

impl AvroDecoder {
    /// Reads `wanted` of the columns of `schema`.
    pub(in crate::formats) fn new(options: &AvroOptions, schema: &types::Schema, wanted: &[usize]) -> Self {
        let columns = schema.project(wanted);
        let messages = Records::new(options.rows.parsed.clone(), &columns);
        Self { columns, messages, file: None }
    }

    /// Appends the values of a message.
    pub(in crate::formats) fn decode(
        &self,
        message: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        let mut input = Input::new(message);
        let records = self.messages.as_ref().map_err(ValueError::new)?;
        records.read(&mut input, columns)?;
        if input.rest().is_empty() {
            return Ok(());
        }
        Err(ValueError::new(format!(
            "{} bytes are left behind the row: the message was not written with the schema of the table",
            input.rest().len()
        )))
    }

    /// How long the next part of a file is: its header, then blocks.
    pub(in crate::formats) fn part_length(&self, bytes: &[u8]) -> Option<usize> {
        if self.file.is_none() { header_length(bytes) } else { block_length(bytes) }
    }

    /// Reads the header of a file.
    pub(in crate::formats) fn header(&mut self, bytes: &[u8]) -> Result<(), ValueError> {
        let header = Header::parse(bytes).map_err(ValueError::new)?;
        let schema = Schema::parse(&header.schema).map_err(ValueError::new)?;
        let records = Records::new(schema, &self.columns).map_err(ValueError::new)?;
        self.file = Some((header, records));
        Ok(())
    }

    /// Appends the rows of a block.
    pub(in crate::formats) fn decode_block(
        &self,
        bytes: &[u8],
        rows: &mut ChunkBuilder,
    ) -> Result<usize, ValueError> {
        let Some((header, records)) = &self.file else {
            return Err(ValueError::new("a block before the header of its file"));
        };
        let block = header.block(bytes).map_err(ValueError::new)?;
        let unpacked = block.unpack(header).map_err(ValueError::new)?;
        let mut input = Input::new(&unpacked);
        if block.rows > unpacked.len().max(EMPTY_ROWS) {
            return Err(ValueError::new(format!("{} rows of {} bytes together", block.rows, unpacked.len())));
        }
        for _ in 0..block.rows {
            rows.append(RowKind::Insert, |columns| records.read(&mut input, columns))?;
        }
        if input.rest().is_empty() {
            return Ok(block.rows);
        }
        Err(ValueError::new(format!("{} bytes are left behind the rows of the block", input.rest().len())))
    }
}
