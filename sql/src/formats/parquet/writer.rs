//! Writes a file: row group by row group, and the footer at the end.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_schema::{DataType, FieldRef};
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::ParquetOptions;
use super::int96::Int96Column;
use super::layout::Leaf;
use super::timestamps::{Instants, is_utc};
use crate::chunk::Chunk;

/// Writes a file of the format.
///
/// ```
/// use millstream_sql::chunk::{ChunkBuilder, RowKind, Scalar};
/// use millstream_sql::connectors::Options;
/// use millstream_sql::formats::parquet::{ParquetFile, ParquetOptions, ParquetStep, ParquetWriter};
/// use millstream_sql::types::zone::Zone;
/// use millstream_sql::types::{Field, NamedField, Schema, SqlType};
///
/// let schema: Schema = [NamedField::new("id", Field::nullable(SqlType::Int))].into_iter().collect();
/// let mut rows = ChunkBuilder::new(&schema);
/// rows.append(RowKind::Insert, |columns| columns[0].append(Scalar::Integer(7))).unwrap();
/// let options = ParquetOptions::new(&mut Options::new([].into()), &schema, &Zone::UTC)?;
///
/// let mut file = Vec::new();
/// let mut writer = ParquetWriter::new(&options).unwrap();
/// writer.write(&rows.finish().unwrap(), &mut file).unwrap();
/// writer.finish(&mut file).unwrap();
///
/// let Ok(ParquetStep::Have(file)) = ParquetFile::open(&options, &[0], file.len() as u64, file.into()) else {
///     panic!("the whole file is there");
/// };
/// assert_eq!(file.row_groups().map(|(_, rows)| rows).collect::<Vec<_>>(), [1]);
/// # Ok::<(), millstream_sql::SqlError>(())
/// ```
pub struct ParquetWriter {
    options: ParquetOptions,
    /// Until the file is finished.
    file: Option<SerializedFileWriter<Vec<u8>>>,
    factory: ArrowRowGroupWriterFactory,
    /// The columns of the row group at hand.
    group: Option<Vec<LeafWriter>>,
    groups: usize,
    /// About how many bytes the row group at hand will have.
    group_bytes: u64,
}

/// A column of a row group.
enum LeafWriter {
    Array(Box<ArrowColumnWriter>),
    Int96(Int96Column),
}

impl ParquetWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// What is wrong with the columns.
    pub fn new(options: &ParquetOptions) -> Result<Self, String> {
        let layout = &options.layout;
        let file = SerializedFileWriter::new(Vec::new(), layout.root.clone(), options.properties.clone());
        let file = file.map_err(text)?;
        let factory = ArrowRowGroupWriterFactory::new(&file, layout.arrow.clone());
        Ok(Self {
            options: options.clone(),
            file: Some(file),
            factory,
            group: None,
            groups: 0,
            group_bytes: 0,
        })
    }

    /// Takes rows, and appends to `out` what of the file is certain by now.
    ///
    /// # Errors
    /// What is wrong, with the column.
    pub fn write(&mut self, rows: &Chunk, out: &mut Vec<u8>) -> Result<(), String> {
        if rows.is_empty() {
            return Ok(());
        }
        let layout = self.options.layout.clone();
        let mut group = match self.group.take() {
            Some(group) => group,
            None => self.begin_group()?,
        };
        let mut writers = group.iter_mut();
        let columns = rows.columns().iter().zip(layout.arrow.fields()).zip(&layout.leaves);
        for ((column, field), leaves) in columns {
            let of_column = writers.by_ref().take(leaves.len());
            self.write_column(column, field, leaves.iter().zip(of_column))
                .map_err(|problem| format!("column `{}`: {problem}", field.name()))?;
        }
        let bytes: usize = group.iter().map(LeafWriter::bytes).sum();
        self.group_bytes = bytes as u64;
        self.group = Some(group);
        if self.group_bytes >= self.options.block_size {
            self.end_group(out)?;
        }
        Ok(())
    }

    /// About how many bytes are still to come, but for the footer.
    pub const fn pending_bytes(&self) -> u64 {
        self.group_bytes
    }

    /// Appends the rest of the file.
    ///
    /// # Errors
    /// If it cannot be packed.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        self.end_group(out)?;
        match self.file.take() {
            Some(file) => out.append(&mut file.into_inner().map_err(text)?),
            None => return Err("the file has been finished".to_owned()),
        }
        Ok(())
    }

    fn begin_group(&self) -> Result<Vec<LeafWriter>, String> {
        let writers = self.factory.create_column_writers(self.groups).map_err(text)?;
        let leaves = self.options.layout.leaves.iter().flatten();
        let group = writers.into_iter().zip(leaves).map(|(writer, leaf)| match leaf {
            Leaf::Array => LeafWriter::Array(Box::new(writer)),
            Leaf::Int96 { .. } => LeafWriter::Int96(Int96Column::default()),
        });
        Ok(group.collect())
    }

    fn write_column<'a>(
        &self,
        column: &ArrayRef,
        field: &FieldRef,
        writers: impl Iterator<Item = (&'a Leaf, &'a mut LeafWriter)>,
    ) -> Result<(), String> {
        let timestamps = &self.options.timestamps;
        let column =
            if timestamps.int64.is_some() { &in_unit_of(column, field.data_type())? } else { column };
        // Each leaf has its array, also those of 96 bits, which are written from the column.
        let mut arrays = None;
        for (position, (leaf, writer)) in writers.enumerate() {
            match (leaf, writer) {
                (Leaf::Int96 { path, is_local }, LeafWriter::Int96(writer)) => {
                    let zone = is_local.then_some(&timestamps.zone).filter(|zone| !is_utc(zone));
                    writer.append(column, field.is_nullable(), path, zone)?;
                }
                (_, LeafWriter::Array(writer)) => {
                    if arrays.is_none() {
                        arrays = Some(compute_leaves(field, column).map_err(text)?);
                    }
                    let array = arrays.as_ref().and_then(|arrays| arrays.get(position));
                    writer.write(array.ok_or("a column with too few leaves")?).map_err(text)?;
                }
                (Leaf::Array, LeafWriter::Int96(_)) => return Err("a column with other leaves".to_owned()),
            }
        }
        Ok(())
    }

    /// Writes the row group at hand, if there is one.
    fn end_group(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        let (Some(group), Some(file)) = (self.group.take(), &mut self.file) else { return Ok(()) };
        write_group(file, group).map_err(text)?;
        out.append(file.inner_mut());
        self.groups += 1;
        self.group_bytes = 0;
        Ok(())
    }
}

fn write_group(file: &mut SerializedFileWriter<Vec<u8>>, group: Vec<LeafWriter>) -> Result<(), ParquetError> {
    let mut row_group = file.next_row_group()?;
    for leaf in group {
        match leaf {
            LeafWriter::Array(writer) => writer.close()?.append_to_row_group(&mut row_group)?,
            LeafWriter::Int96(column) => {
                let writer = row_group.next_column()?;
                let mut writer = writer.ok_or_else(|| ParquetError::General("too few columns".to_owned()))?;
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
    }
    row_group.close().map(drop)
}

impl LeafWriter {
    fn bytes(&self) -> usize {
        match self {
            Self::Array(writer) => writer.get_estimated_total_bytes(),
            Self::Int96(column) => column.bytes(),
        }
    }
}

/// The same column with its timestamps in the units of `wanted`, however deep they are.
fn in_unit_of(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, String> {
    let arrow = |error: arrow_schema::ArrowError| error.to_string();
    Ok(match wanted {
        DataType::Timestamp(unit, _) => match Instants::of(array) {
            Some(instants) => instants.to_unit(*unit)?.into_array(),
            None => array.clone(),
        },
        DataType::List(element) => {
            let list = array.as_list::<i32>();
            let values = in_unit_of(list.values(), element.data_type())?;
            let made =
                ListArray::try_new(element.clone(), list.offsets().clone(), values, list.nulls().cloned());
            Arc::new(made.map_err(arrow)?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let rows: ArrayRef = Arc::new(map.entries().clone());
            let rows = in_unit_of(&rows, entries.data_type())?.as_struct().clone();
            let nulls = map.nulls().cloned();
            let made = MapArray::try_new(entries.clone(), map.offsets().clone(), rows, nulls, *sorted);
            Arc::new(made.map_err(arrow)?)
        }
        DataType::Struct(fields) => {
            let rows = array.as_struct();
            let columns = rows.columns().iter().zip(fields);
            let columns = columns.map(|(column, field)| in_unit_of(column, field.data_type()));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            let made =
                StructArray::try_new_with_length(fields.clone(), columns, rows.nulls().cloned(), rows.len());
            Arc::new(made.map_err(arrow)?)
        }
        _ => array.clone(),
    })
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: ParquetError) -> String {
    error.to_string()
}
