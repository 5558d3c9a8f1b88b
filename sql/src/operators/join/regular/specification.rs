//! What a join is made from.

use millstream_state::rows::Ttl;

use crate::chunk::KeyLayout;
use crate::error::{SqlError, SqlResult};
use crate::eval::{BuildContext, Program};
use crate::plan::{JoinCondition, JoinKind};
use crate::types::{Field, Schema};

/// By which columns a row of an input is known among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    /// By no columns: equal rows are there several times.
    None,
    /// By columns that are among those of the join's key: there is one row at most for each key.
    InJoinKey,
    /// By these columns, by position.
    Columns(Vec<usize>),
}

/// An input of a join.
#[derive(Clone, Debug)]
pub struct SideSpecification {
    /// Its columns.
    pub schema: Schema,
    /// By what its rows are known.
    pub unique_key: UniqueKey,
    /// Whether rows are added only.
    pub insert_only: bool,
    /// Whether updates come without what rows were before.
    pub upserts: bool,
    /// How long rows are kept.
    pub ttl: Option<Ttl>,
    pub(super) keys: KeyLayout,
    /// Columns of which NULL is equal to nothing.
    pub(super) strict: Vec<usize>,
}

impl SideSpecification {
    /// An input whose rows are kept for ever.
    pub fn new(schema: Schema, unique_key: UniqueKey, insert_only: bool) -> Self {
        let keys = KeyLayout::new(Vec::new(), Vec::new());
        Self { schema, unique_key, insert_only, upserts: false, ttl: None, keys, strict: Vec::new() }
    }
}

/// What a join does; each subtask makes its operator from it.
#[derive(Clone)]
pub struct JoinSpecification {
    pub(super) kind: JoinKind,
    pub(super) left: SideSpecification,
    pub(super) right: SideSpecification,
    pub(super) residual: Option<Residual>,
    /// How many rows are collected before they are worked on.
    pub(super) bundle: Option<u64>,
}

/// The part of a condition that is no equality of columns.
#[derive(Clone)]
pub(super) struct Residual {
    pub(super) program: Program,
    /// The columns that it reads, by position in those of both inputs.
    pub(super) columns: Vec<usize>,
}

impl JoinSpecification {
    /// A join of two inputs.
    ///
    /// # Errors
    /// If the condition cannot be compiled, or reads columns that are not there.
    pub fn new(
        kind: JoinKind,
        condition: &JoinCondition,
        mut left: SideSpecification,
        mut right: SideSpecification,
        cx: &BuildContext,
    ) -> SqlResult<Self> {
        let mut fields = Vec::new();
        for key in &condition.keys {
            let (left_field, right_field) = (left.schema.field(key.left), right.schema.field(key.right));
            if left_field.data_type.arrow() != right_field.data_type.arrow() {
                return Err(SqlError::unsupported(format!(
                    "a join of `{}` {left_field} with `{}` {right_field}: their types differ",
                    left.schema.name(key.left),
                    right.schema.name(key.right)
                )));
            }
            // Rows with NULL where that is equal to nothing are not looked for, so there need be no key for it.
            let nullable = key.null_safe && (left_field.nullable || right_field.nullable);
            fields.push(Field::new(left_field.data_type, nullable));
            if !key.null_safe {
                left.strict.extend(left_field.nullable.then_some(key.left));
                right.strict.extend(right_field.nullable.then_some(key.right));
            }
        }
        left.keys = KeyLayout::new(condition.keys.iter().map(|key| key.left).collect(), fields.clone());
        right.keys = KeyLayout::new(condition.keys.iter().map(|key| key.right).collect(), fields);
        let residual = match &condition.residual {
            None => None,
            Some(condition) => {
                let mut columns = Vec::new();
                condition.visit_columns(&mut |column| {
                    if !columns.contains(&column) {
                        columns.push(column);
                    }
                });
                let local = condition.over(&columns).unwrap_or_else(|| condition.clone());
                Some(Residual { program: Program::compile([&local], cx)?, columns })
            }
        };
        Ok(Self { kind, left, right, residual, bundle: None })
    }

    /// The same join, of which each subtask collects so many rows before it works on them.
    #[must_use]
    pub fn collecting(self, rows: Option<u64>) -> Self {
        Self { bundle: rows, ..self }
    }

    /// Whether it is kept for each row of the left input how many it is in a pair with.
    pub(super) const fn tracks_left(&self) -> bool {
        self.kind.is_left_outer() || self.kind.is_left_only()
    }

    /// Whether it is kept for each row of the right input how many it is in a pair with.
    pub(super) const fn tracks_right(&self) -> bool {
        self.kind.is_right_outer()
    }
}
