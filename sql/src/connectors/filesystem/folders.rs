//! Which folder each row goes to.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, UInt32Array};
use millstream_connectors::files::Folders;

use super::Partitioning;
use crate::chunk::Chunk;
use crate::formats::write_text;
use crate::types::SqlType;

/// Deals rows out to the folders of their partitions.
#[derive(Clone)]
pub(super) struct RowFolders {
    /// The columns that are folders, by position.
    keys: Arc<[(usize, SqlType)]>,
    partitioning: Partitioning,
}

impl RowFolders {
    pub(super) fn new(keys: Vec<(usize, SqlType)>, partitioning: Partitioning) -> Self {
        Self { keys: keys.into(), partitioning }
    }

    pub(super) fn is_partitioned(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The rows by their folders.
    pub(super) fn deal_out(&self, records: &[Chunk]) -> Result<Folders<Chunk>, String> {
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

/// The columns of rows that are in the files, by position.
pub(super) fn stored_columns(chunk: &Chunk, stored: &[usize]) -> Result<Chunk, String> {
    let columns = stored.iter().map(|column| chunk.column(*column).cloned());
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    Ok(chunk.with_columns(columns))
}
