//! Points in time of 96 bits, which the arrow writer does not have: the nanoseconds of a day, and the day by Julian count.
//!
//! Values are collected with their levels, which say where in a row they are (Dremel), until a row group is written.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use parquet::data_type::{Int96, Int96Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use super::timestamps::{Instants, per_second};
use crate::types::zone::Zone;

/// The Julian day of 1970-01-01.
const EPOCH_DAY: i64 = 2_440_588;
const SECONDS_PER_DAY: i64 = 86_400;

/// One column of a row group.
#[derive(Debug, Default)]
pub(super) struct Int96Column {
    values: Vec<Int96>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    most: Levels,
}

/// How deep a value is.
#[derive(Clone, Copy, Debug, Default)]
struct Levels {
    definition: i16,
    repetition: i16,
}

impl Int96Column {
    /// Adds the values of a column that a [path](super::layout::Leaf) leads to; `zone` is the clock of those that are local.
    pub(super) fn append(
        &mut self,
        column: &ArrayRef,
        nullable: bool,
        path: &[usize],
        zone: Option<&Zone>,
    ) -> Result<(), String> {
        let node = Node::of(column, nullable, path, zone)?;
        self.most = node.depth();
        (0..column.len()).try_for_each(|row| self.push(&node, row, Levels::default(), 0))
    }

    /// How many bytes it takes in memory, which is more than in a file.
    pub(super) const fn bytes(&self) -> usize {
        self.values.len() * size_of::<Int96>() + (self.definition.len() + self.repetition.len()) * 2
    }

    /// Writes it.
    pub(super) fn write(&self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let definition = (self.most.definition > 0).then_some(self.definition.as_slice());
        let repetition = (self.most.repetition > 0).then_some(self.repetition.as_slice());
        writer.typed::<Int96Type>().write_batch(&self.values, definition, repetition).map(drop)
    }

    /// Adds a value at `index` of a node, or that there is none. `at` is where it is, and `depth` how many arrays it is in.
    fn push(&mut self, node: &Node, index: usize, at: Levels, depth: i16) -> Result<(), String> {
        if node.nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
            if !node.nullable {
                return Err("NULL, but it is NOT NULL".to_owned());
            }
            self.mark(at);
            return Ok(());
        }
        let definition = at.definition + i16::from(node.nullable);
        match &node.kind {
            Kind::Leaf(instants) => {
                let value = instants.values.get(index).copied().unwrap_or_default();
                self.values.push(int96(value, per_second(instants.unit))?);
                self.mark(Levels { definition, ..at });
            }
            Kind::Row(child) => self.push(child, index, Levels { definition, ..at }, depth)?,
            Kind::List(offsets, child) => {
                let bounds = (offsets.get(index), offsets.get(index + 1));
                let (Some(start), Some(end)) = bounds else {
                    return Err("an array without an end".to_owned());
                };
                if start == end {
                    self.mark(Levels { definition, ..at });
                }
                for element in *start..*end {
                    let repetition = if element == *start { at.repetition } else { depth + 1 };
                    let at = Levels { definition: definition + 1, repetition };
                    let element = usize::try_from(element).map_err(|error| error.to_string())?;
                    self.push(child, element, at, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn mark(&mut self, at: Levels) {
        self.definition.push(at.definition);
        self.repetition.push(at.repetition);
    }
}

/// An array on the way to the values.
struct Node {
    nullable: bool,
    nulls: Option<NullBuffer>,
    kind: Kind,
}

enum Kind {
    Leaf(Instants),
    Row(Box<Node>),
    /// Of an ARRAY, MAP or MULTISET.
    List(OffsetBuffer<i32>, Box<Node>),
}

impl Node {
    fn of(array: &dyn Array, nullable: bool, path: &[usize], zone: Option<&Zone>) -> Result<Self, String> {
        let other = || format!("a column of {} where there should be a timestamp", array.data_type());
        let kind = match array.data_type() {
            DataType::Struct(fields) => {
                let (step, path) = path.split_first().ok_or_else(other)?;
                let field = fields.get(*step).ok_or_else(other)?;
                let child = array.as_struct().columns().get(*step).ok_or_else(other)?;
                Kind::Row(Box::new(Self::of(child, field.is_nullable(), path, zone)?))
            }
            DataType::List(element) => {
                let list = array.as_list::<i32>();
                let child = Self::of(list.values(), element.is_nullable(), path, zone)?;
                Kind::List(list.offsets().clone(), Box::new(child))
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let (step, path) = path.split_first().ok_or_else(other)?;
                let field = map.entries().fields().get(*step).ok_or_else(other)?;
                let child = map.entries().columns().get(*step).ok_or_else(other)?;
                Kind::List(map.offsets().clone(), Box::new(Self::of(child, field.is_nullable(), path, zone)?))
            }
            _ => {
                let instants = Instants::of(array).ok_or_else(other)?;
                Kind::Leaf(zone.map_or_else(|| Ok(instants.clone()), |zone| instants.to_instants(zone))?)
            }
        };
        Ok(Self { nullable, nulls: array.nulls().cloned(), kind })
    }

    /// The levels of a value that is there.
    fn depth(&self) -> Levels {
        let below = match &self.kind {
            Kind::Leaf(_) => Levels::default(),
            Kind::Row(child) => child.depth(),
            Kind::List(_, child) => {
                let below = child.depth();
                Levels { definition: below.definition + 1, repetition: below.repetition + 1 }
            }
        };
        Levels { definition: below.definition + i16::from(self.nullable), ..below }
    }
}

/// A point in time in 96 bits.
fn int96(value: i64, per_second: i64) -> Result<Int96, String> {
    let per_day = SECONDS_PER_DAY * per_second;
    let nanos = value.rem_euclid(per_day) * (1_000_000_000 / per_second);
    let day = u32::try_from(value.div_euclid(per_day) + EPOCH_DAY)
        .map_err(|_| format!("the timestamp {value} is before the first Julian day, or too late"))?;
    let mut int96 = Int96::new();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the two halves of a positive number"
    )]
    int96.set_data(nanos as u32, (nanos >> 32) as u32, day);
    Ok(int96)
}
