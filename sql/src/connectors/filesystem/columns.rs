//! The columns of a table that is read: from files, and from where those are.

use std::sync::Arc;

use arrow_array::{ArrayRef, UInt32Array};
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use super::Partitioning;
use crate::chunk::{Chunk, ColumnBuilder, Scalar, arrow_error};
use crate::eval::row_field;
use crate::types::NamedField;
use crate::types::zone::Zone;

/// Where a column comes from.
#[derive(Clone, Debug)]
pub(super) enum FileColumn {
    /// From the rows.
    Stored {
        /// The position among the columns of the files.
        position: usize,
        /// The field in it, by the positions of the fields on the way; empty for the whole column.
        fields: Vec<usize>,
    },
    /// From the folder that the file is in.
    Partition(NamedField),
    /// The file's path.
    Path(NamedField),
    /// The file's name without its path.
    Name(NamedField),
}

/// The columns that are read, by position. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct FileColumns {
    columns: Arc<[FileColumn]>,
    partitioning: Partitioning,
}

impl FileColumns {
    pub(super) fn new(columns: Vec<FileColumn>, partitioning: Partitioning) -> Self {
        Self { columns: columns.into(), partitioning }
    }

    /// The columns of the files that are read, by position, each once.
    pub(super) fn stored(&self) -> Vec<usize> {
        let mut stored = Vec::new();
        for column in self.columns.iter() {
            if let FileColumn::Stored { position, .. } = column
                && !stored.contains(position)
            {
                stored.push(*position);
            }
        }
        stored
    }

    /// The rows with all columns, of a file whose rows have those that are [stored](Self::stored).
    pub(super) fn complete(&self, file: &str, rows: &Chunk) -> Result<Chunk> {
        let stored = self.stored();
        let columns = self.columns.iter().map(|column| match column {
            FileColumn::Stored { position, fields } => {
                let index = stored.iter().position(|stored| stored == position).unwrap_or(usize::MAX);
                fields
                    .iter()
                    .try_fold(rows.column(index)?.clone(), |column, field| row_field(&column, *field))
            }
            FileColumn::Partition(field) => constant(file, field, self.partition(file, field)?, rows.rows()),
            FileColumn::Path(field) => constant(file, field, Some(file.to_owned()), rows.rows()),
            FileColumn::Name(field) => {
                let name = file.rsplit('/').next().unwrap_or_default().to_owned();
                constant(file, field, Some(name), rows.rows())
            }
        });
        Ok(rows.with_columns(columns.collect::<Result<Vec<_>>>()?))
    }

    fn partition(&self, file: &str, field: &NamedField) -> Result<Option<String>> {
        self.partitioning.value(file, &field.name).ok_or_else(|| {
            let problem = format!(
                "`{file}` is in no folder `{}=…`, though the table is partitioned by that column",
                field.name
            );
            Error::new(ErrorKind::InvalidInput, problem)
        })
    }
}

/// A column of one value.
fn constant(file: &str, field: &NamedField, text: Option<String>, rows: usize) -> Result<ArrayRef> {
    let mut column = ColumnBuilder::new(&field.field);
    let value = match &text {
        None => Ok(Scalar::Null),
        Some(text) => Scalar::of_text(&field.field.data_type, text, &Zone::UTC),
    };
    column.append_result(value).map_err(|error| {
        let problem = format!("`{file}`: the folder of {}", error.in_field(&field.name));
        Error::new(ErrorKind::InvalidInput, problem)
    })?;
    let positions = UInt32Array::from(vec![0; rows]);
    take(&column.finish()?, &positions, None).map_err(arrow_error)
}
