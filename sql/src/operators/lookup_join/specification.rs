//! What a lookup join is made from.

use arrow_array::{ArrayRef, UInt32Array};
use arrow_schema::DataType;
use arrow_select::take::take;
use millstream_runtime::Result;

use crate::catalog::Session;
use crate::chunk::{Chunk, KeyLayout, RowCodec, arrow_error};
use crate::connectors::lookup::{LookupCache, LookupContext, LookupFactory};
use crate::connectors::table_lookup;
use crate::error::{SqlError, SqlResult};
use crate::eval::Program;
use crate::plan::{ColumnPath, JoinKind, LookupJoin, LookupSource};
use crate::types::{Field, Schema};

/// How many rows may wait for answers where neither a hint nor the session says it: two chunks, so that one is looked up
/// while the other is joined.
const CAPACITY: usize = 2 * Chunk::ROWS;
const CAPACITY_SETTING: &str = "table.exec.async-lookup.buffer-capacity";

/// What a lookup join does; each subtask makes its operator from it.
#[derive(Clone)]
pub struct LookupJoinSpecification {
    pub(super) kind: JoinKind,
    /// Where each column of a key comes from.
    pub(super) keys: Vec<KeyColumn>,
    /// The keys of rows of the left input, over those columns.
    pub(super) layout: KeyLayout,
    /// The keys of rows of the table, over its columns.
    pub(super) table_layout: KeyLayout,
    pub(super) fetched: Schema,
    pub(super) codec: RowCodec,
    pub(super) condition: Option<Program>,
    pub(super) projection: Program,
    /// The types of the columns of the right input.
    pub(super) right_types: Vec<DataType>,
    pub(super) residual: Option<Program>,
    pub(super) factory: LookupFactory,
    pub(super) cache: LookupCache,
    pub(super) capacity: usize,
}

/// Where a column of a key comes from.
#[derive(Clone)]
pub(super) enum KeyColumn {
    Left(usize),
    /// An array of one.
    Constant(ArrayRef),
}

impl LookupJoinSpecification {
    /// A lookup join of rows of `left`.
    ///
    /// # Errors
    /// If the table cannot be looked up in, or a function refuses a constant.
    pub fn new(join: &LookupJoin, left: &Schema, session: &Session) -> SqlResult<Self> {
        let lookup = table_lookup(session, &join.table)?;
        let columns: Vec<usize> = join.columns.iter().map(ColumnPath::root).collect();
        let key_columns: Vec<usize> = join.keys.iter().map(|key| key.column).collect();
        let factory = lookup.lookup(&LookupContext {
            table: &join.table,
            columns: &columns,
            schema: &join.fetched,
            keys: &key_columns,
        })?;
        let cx = session.build_context();
        let compile = |expression| Program::compile([expression], &cx);
        let mut specification = Self::of(
            join.kind,
            join.keys.iter().map(|key| (key.column, &key.source)),
            left,
            join.fetched.clone(),
            factory,
            Program::compile(&join.projection, &cx)?,
        );
        let types = join.projection.iter().map(|column| column.field.data_type.arrow());
        specification.right_types = types.collect();
        specification.condition = join.condition.as_ref().map(compile).transpose()?;
        specification.residual = join.residual.as_ref().map(compile).transpose()?;
        specification.cache = lookup.cache();
        specification.capacity = match join.lookup.capacity {
            Some(capacity) => capacity,
            None => capacity_of(session)?.unwrap_or(CAPACITY),
        };
        Ok(specification)
    }

    /// One without conditions and without a cache.
    pub(super) fn of<'s>(
        kind: JoinKind,
        keys: impl Iterator<Item = (usize, &'s LookupSource)>,
        left: &Schema,
        fetched: Schema,
        factory: LookupFactory,
        projection: Program,
    ) -> Self {
        let (mut sources, mut fields, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for (column, source) in keys {
            columns.push(column);
            match source {
                LookupSource::Column(left_column) => {
                    sources.push(KeyColumn::Left(*left_column));
                    fields.push(left.field(*left_column));
                }
                LookupSource::Constant(constant) => {
                    let value = constant.as_constant().map(|constant| constant.array().clone());
                    sources.extend(value.map(KeyColumn::Constant));
                    fields.push(constant.field.clone());
                }
            }
        }
        let fields: Vec<Field> = fields;
        let table_fields = columns.iter().map(|column| fetched.field(*column)).collect();
        Self {
            kind,
            layout: KeyLayout::of_bytes((0..sources.len()).collect(), fields),
            table_layout: KeyLayout::of_bytes(columns, table_fields),
            keys: sources,
            codec: RowCodec::new(&fetched),
            fetched,
            condition: None,
            projection,
            right_types: Vec::new(),
            residual: None,
            factory,
            cache: LookupCache::None,
            capacity: CAPACITY,
        }
    }

    /// The columns of the keys of some rows.
    pub(super) fn key_columns(&self, rows: &Chunk) -> Result<Vec<ArrayRef>> {
        let column = |source: &KeyColumn| match source {
            KeyColumn::Left(column) => rows.column(*column).cloned(),
            KeyColumn::Constant(value) => {
                let first = UInt32Array::from(vec![0; rows.rows()]);
                take(value, &first, None).map_err(arrow_error)
            }
        };
        self.keys.iter().map(column).collect()
    }
}

fn capacity_of(session: &Session) -> SqlResult<Option<usize>> {
    let Some(value) = session.setting(CAPACITY_SETTING) else { return Ok(None) };
    let capacity = value.trim().parse().ok().filter(|capacity: &usize| *capacity > 0);
    capacity.map(Some).ok_or_else(|| {
        SqlError::validation(format!(
            "Invalid value '{value}' for option '{CAPACITY_SETTING}': it must be a number above 0"
        ))
    })
}
