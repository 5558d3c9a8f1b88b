//! Tables whose values are made up: what `datagen` and `faker` have in common.
//!
//! A value is a function of the seed, the row's number and the field, so that it is the same at any parallelism, after a
//! restore, and whichever other columns a query reads.

use std::sync::Arc;

use millstream_operators::Stream;
use millstream_runtime::{Error, ErrorKind, Result};

use super::random::Random;
use super::{GeneratedRows, Options, RowGenerator, ScanContext};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, RowKind, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// What is known of a row when its values are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowContext {
    pub number: u64,
    /// The wall clock, in milliseconds since 1970-01-01 UTC.
    pub now: i64,
}

/// Makes values that are made of no others.
pub(super) trait Leaf: Send + Sync + 'static {
    /// Appends a value.
    fn append(
        &self,
        column: &mut ColumnBuilder,
        random: &mut Random,
        row: RowContext,
    ) -> Result<(), ValueError>;
}

/// Makes the values of a field.
#[derive(Debug)]
pub(super) struct FieldGenerator<L> {
    /// Its number among all fields of the table.
    pub id: u64,
    /// How likely NULL is, from 0 to 1.
    pub null_rate: f64,
    pub shape: Shape<L>,
}

/// What values are made of.
#[derive(Debug)]
pub(super) enum Shape<L> {
    Leaf(L),
    Array(Length, Box<FieldGenerator<L>>),
    Map(Length, Box<FieldGenerator<L>>, Box<FieldGenerator<L>>),
    /// The count of an element is 1.
    Multiset(Length, Box<FieldGenerator<L>>),
    Row(Vec<(Arc<str>, FieldGenerator<L>)>),
}

/// How many elements there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    pub most: u64,
    /// Whether there may be less, down to 1.
    pub varies: bool,
}

impl Length {
    pub fn draw(self, random: &mut Random) -> u64 {
        if self.varies && self.most > 1 { 1 + random.below(self.most) } else { self.most }
    }
}

impl<L: Leaf> FieldGenerator<L> {
    /// Appends the value of a field of the table.
    fn append_field(&self, column: &mut ColumnBuilder, seed: u64, row: RowContext) -> Result<(), ValueError> {
        let mut random = Random::of_value(seed, row.number, self.id);
        if self.null_rate > 0.0 && random.happens(self.null_rate) {
            return column.append_null();
        }
        match &self.shape {
            // Fields of a row are numbered too.
            Shape::Row(fields) => column.append_row(|columns| {
                fields.iter().zip(columns).try_for_each(|((name, field), column)| {
                    field.append_field(column, seed, row).map_err(|error| error.in_field(name))
                })
            }),
            _ => self.append_value(column, &mut random, row),
        }
    }

    /// Appends a value whose random numbers follow those of others.
    fn append_value(
        &self,
        column: &mut ColumnBuilder,
        random: &mut Random,
        row: RowContext,
    ) -> Result<(), ValueError> {
        match &self.shape {
            Shape::Leaf(leaf) => leaf.append(column, random, row),
            Shape::Array(length, element) => column.append_array(|elements| {
                (0..length.draw(random)).try_for_each(|_| element.append_element(elements, random, row))
            }),
            Shape::Multiset(length, element) => column.append_map(|elements, counts| {
                (0..length.draw(random)).try_for_each(|_| {
                    element.append_element(elements, random, row)?;
                    counts.append(crate::chunk::Scalar::Integer(1))
                })
            }),
            Shape::Map(length, key, value) => column.append_map(|keys, values| {
                (0..length.draw(random)).try_for_each(|_| {
                    key.append_element(keys, random, row)?;
                    value.append_element(values, random, row)
                })
            }),
            Shape::Row(fields) => column.append_row(|columns| {
                fields.iter().zip(columns).try_for_each(|((name, field), column)| {
                    field.append_element(column, random, row).map_err(|error| error.in_field(name))
                })
            }),
        }
    }

    fn append_element(
        &self,
        column: &mut ColumnBuilder,
        random: &mut Random,
        row: RowContext,
    ) -> Result<(), ValueError> {
        if self.null_rate > 0.0 && random.happens(self.null_rate) {
            return column.append_null();
        }
        self.append_value(column, random, row)
    }
}

/// The option `null-rate` of a field.
pub(super) fn null_rate(options: &mut Options, prefix: &str, nullable: bool) -> SqlResult<f64> {
    let key = format!("{prefix}.null-rate");
    let rate: f64 = options.parse(&key, "a number from 0 to 1")?.unwrap_or_default();
    if !(0.0..=1.0).contains(&rate) {
        return Err(SqlError::validation(format!(
            "Invalid value '{rate}' for option '{key}': it must be a number from 0 to 1"
        )));
    }
    if rate > 0.0 && !nullable {
        return Err(SqlError::validation(format!("option '{key}' wants NULLs in a field that is NOT NULL")));
    }
    Ok(rate)
}

/// A table whose values are made up.
pub(super) struct GeneratedTable<L> {
    /// What jobs call the source.
    pub kind: &'static str,
    pub seed: u64,
    /// All columns that are not computed, by their position in the table.
    pub columns: Vec<(usize, Arc<FieldGenerator<L>>)>,
    pub rows: Option<u64>,
    pub per_second: f64,
    pub parallelism: Option<u32>,
}

impl<L: Leaf> GeneratedTable<L> {
    /// Takes the options that both connectors have.
    pub fn new(
        kind: &'static str,
        columns: Vec<(usize, Arc<FieldGenerator<L>>)>,
        options: &mut Options,
    ) -> SqlResult<Self> {
        let per_second: u64 = options.parse("rows-per-second", "a number")?.unwrap_or(10_000);
        if per_second == 0 {
            return Err(SqlError::validation("Option 'rows-per-second' must be above 0"));
        }
        let parallelism = options.parse("scan.parallelism", "a number")?;
        if parallelism == Some(0) {
            return Err(SqlError::validation("Option 'scan.parallelism' must be above 0"));
        }
        #[allow(clippy::cast_precision_loss, reason = "a rate need not be that exact")]
        Ok(Self {
            kind,
            seed: options.parse("seed", "a number")?.unwrap_or_default(),
            columns,
            rows: options.parse("number-of-rows", "a number")?,
            per_second: per_second as f64,
            parallelism,
        })
    }

    /// The rows, in the columns that are read.
    pub fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let fields = cx.columns.iter().map(|path| {
            let found = self.columns.iter().find(|(position, _)| *position == path.root());
            found
                .map(|(_, field)| field.clone())
                .ok_or_else(|| SqlError::validation("a column that is not there"))
        });
        let rows =
            Rows { seed: self.seed, fields: fields.collect::<SqlResult<_>>()?, schema: cx.schema.clone() };
        let source = GeneratedRows::new(self.kind, Arc::new(rows), self.rows, Some(self.per_second));
        let stream = cx.environment.from_source(source);
        Ok(match self.parallelism {
            Some(parallelism) => stream.parallelism(parallelism),
            None => stream,
        })
    }
}

struct Rows<L> {
    seed: u64,
    fields: Vec<Arc<FieldGenerator<L>>>,
    schema: Schema,
}

impl<L: Leaf> RowGenerator for Rows<L> {
    fn generate(&self, numbers: &[u64], now: i64) -> Result<Chunk> {
        let mut builder = ChunkBuilder::new(&self.schema);
        for number in numbers {
            let row = RowContext { number: *number, now };
            let appended = builder.append(RowKind::Insert, |columns| {
                self.fields.iter().zip(columns).zip(self.schema.names()).try_for_each(
                    |((field, column), name)| {
                        field.append_field(column, self.seed, row).map_err(|error| error.in_field(name))
                    },
                )
            });
            appended.map_err(|error| {
                Error::new(ErrorKind::InvalidInput, format!("row {number} cannot be generated: {error}"))
            })?;
        }
        builder.finish()
    }
}
