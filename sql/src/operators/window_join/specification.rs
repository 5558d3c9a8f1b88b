//! What a join of windows is made from.

use arrow_array::Array;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Shape;
use millstream_state::rows::{BytesColumn, RowStore};
use millstream_state::snapshot::part::{StateKind, StateMeta};

use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, KeyLayout, RowCodec};
use crate::error::SqlResult;
use crate::eval::{BuildContext, Program};
use crate::operators::windows::WindowClock;
use crate::plan::{JoinCondition, JoinKind};
use crate::types::zone::Zone;
use crate::types::{Field, Schema};

/// An input of a join of windows.
#[derive(Clone, Debug)]
pub struct WindowSide {
    /// Its columns.
    pub schema: Schema,
    /// The columns that say when a row's window starts and ends.
    pub window: (usize, usize),
    pub(super) end: usize,
    /// What is equal in rows that belong together, besides the end of the window.
    pub(super) keys: KeyLayout,
    /// The columns that decide which subtask owns a row.
    owner: KeyLayout,
    /// Columns of which NULL is equal to nothing.
    strict: Vec<usize>,
    /// Whether rows that belong to none are needed.
    keeps_unmatched: bool,
}

/// The first byte of a row that may belong to others.
const MATCHES: u8 = 0;
/// The first byte of a row with NULL in a key.
const MATCHES_NONE: u8 = 1;

impl WindowSide {
    /// An input of these columns, whose windows start and end as these columns say.
    pub fn new(schema: Schema, window: (usize, usize)) -> Self {
        let none = KeyLayout::new(Vec::new(), Vec::new());
        let (keys, owner) = (none.clone(), none);
        Self { schema, window, end: window.1, keys, owner, strict: Vec::new(), keeps_unmatched: false }
    }

    pub(super) fn meta(&self, name: &str) -> StateMeta {
        StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("window, key({})", self.keys.describe())),
            value: Shape::from_text(&describe_rows(&self.schema)),
        }
    }

    /// Adds rows of one window.
    pub(super) fn append(&self, store: &mut RowStore, codec: &RowCodec, chunk: &Chunk) -> Result<()> {
        let strict = self.strict.iter().map(|column| chunk.column(*column)).collect::<Result<Vec<_>>>()?;
        let matches = |row: usize| strict.iter().all(|column| column.is_valid(row));
        if !self.keeps_unmatched && strict.iter().any(|column| column.null_count() > 0) {
            let mask = (0..chunk.rows()).map(|row| Some(matches(row)));
            let chunk = chunk.filter(&mask.collect())?;
            return self.append_all(store, codec, &chunk, |_| true);
        }
        self.append_all(store, codec, chunk, matches)
    }

    fn append_all(
        &self,
        store: &mut RowStore,
        codec: &RowCodec,
        chunk: &Chunk,
        matches: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let keys = self.keys.keys(chunk.columns(), chunk.rows())?;
        let mut hashes = Vec::new();
        self.owner.hash(chunk.columns(), chunk.rows(), &mut hashes)?;
        let encoded = codec.encode(chunk.columns(), chunk.rows())?;
        let (mut offsets, mut data) = (vec![0], Vec::new());
        for row in 0..chunk.rows() {
            data.push(if matches(row) { MATCHES } else { MATCHES_NONE });
            data.extend(encoded.get(row));
            let end = u32::try_from(data.len()).map_err(|_| {
                Error::new(ErrorKind::InvalidInput, "the rows of one chunk take more than 4 GiB")
            })?;
            offsets.push(end);
        }
        let rows = BytesColumn { offsets: &offsets, data: &data };
        Ok(store.append(&hashes, &keys.column(), rows, &mut Vec::new())?)
    }
}

/// Whether a row may belong to others, and the row.
pub(super) fn parts(bytes: &[u8]) -> (bool, &[u8]) {
    bytes.split_first().map_or((false, &[]), |(first, row)| (*first == MATCHES, row))
}

/// What a join of windows does; each subtask makes its operator from it.
#[derive(Clone)]
pub struct WindowJoinSpecification {
    pub(super) kind: JoinKind,
    pub(super) left: WindowSide,
    pub(super) right: WindowSide,
    /// What must hold besides, over the columns of both inputs.
    pub(super) residual: Option<Program>,
    pub(super) clock: WindowClock,
}

impl WindowJoinSpecification {
    /// A join of two inputs by these columns and their windows. `zone` is that of the windows: UTC for those of timestamps.
    ///
    /// # Errors
    /// If the condition cannot be compiled.
    pub fn new(
        kind: JoinKind,
        condition: &JoinCondition,
        mut left: WindowSide,
        mut right: WindowSide,
        zone: &Zone,
        cx: &BuildContext,
    ) -> SqlResult<Self> {
        let start = (left.window.0, right.window.0, true);
        let keys = condition.keys.iter().map(|key| (key.left, key.right, key.null_safe));
        let mut fields = Vec::new();
        for (left_column, right_column, null_safe) in std::iter::once(start).chain(keys.clone()) {
            let (one, other) = (left.schema.field(left_column), right.schema.field(right_column));
            fields.push(Field::new(one.data_type, one.nullable || other.nullable));
            if !null_safe {
                left.strict.extend(one.nullable.then_some(left_column));
                right.strict.extend(other.nullable.then_some(right_column));
            }
        }
        let owner = |columns: Vec<usize>| KeyLayout::new(columns, fields.iter().skip(1).cloned().collect());
        left.owner = owner(keys.clone().map(|(left, ..)| left).collect());
        right.owner = owner(keys.map(|(_, right, _)| right).collect());
        let all = |side: &WindowSide| {
            let columns = std::iter::once(side.window.0).chain(side.owner.columns().iter().copied());
            KeyLayout::new(columns.collect(), fields.clone())
        };
        (left.keys, right.keys) = (all(&left), all(&right));
        left.keeps_unmatched = kind.is_left_outer() || kind == JoinKind::Anti;
        right.keeps_unmatched = kind.is_right_outer();
        let residual = condition.residual.as_ref().map(|residual| Program::compile([residual], cx));
        Ok(Self { kind, left, right, residual: residual.transpose()?, clock: WindowClock::of(zone.clone()) })
    }
}
