//! Joins: which rows of two inputs belong together, and what becomes of those that belong to none.

use std::fmt;

use super::{Expression, ExpressionKind, JoinStateTtl, LogicalNode, LogicalPlan, Lookup};
use crate::chunk::keys::can_be_key;
use crate::types::{Field, NamedField, Schema};

/// How a join is done, beside what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinHints {
    /// How long rows are kept.
    pub ttl: JoinStateTtl,
    /// Whether the rows of the right input are looked up, for each row of the left one when it comes.
    pub lookup: Option<Lookup>,
}

/// What becomes of rows that belong to none of the other input, and what the result consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Both rows of each pair.
    Inner,
    /// As [`Inner`](Self::Inner), and rows of the left input that are in no pair, with NULLs.
    Left,
    /// As [`Inner`](Self::Inner), and rows of the right input that are in no pair, with NULLs.
    Right,
    /// As [`Inner`](Self::Inner), and rows of both inputs that are in no pair, with NULLs.
    Full,
    /// Rows of the left input that are in a pair: EXISTS, IN.
    Semi,
    /// Rows of the left input that are in no pair: NOT EXISTS.
    Anti,
}

impl JoinKind {
    /// Whether rows of the left input are in the result that are in no pair, beside NULLs.
    pub const fn is_left_outer(self) -> bool {
        matches!(self, Self::Left | Self::Full)
    }

    /// Whether rows of the right input are in the result that are in no pair, beside NULLs.
    pub const fn is_right_outer(self) -> bool {
        matches!(self, Self::Right | Self::Full)
    }

    /// Whether the result has the columns of the left input alone.
    pub const fn is_left_only(self) -> bool {
        matches!(self, Self::Semi | Self::Anti)
    }

    /// The columns of a join's result. Columns of the input that NULLs may stand for take NULL, and time attributes
    /// are ordinary timestamps: rows of a regular join come in no order of time.
    pub fn schema(self, left: &Schema, right: &Schema) -> Schema {
        let column = |column: &NamedField, outer: bool| {
            let data_type = column.field.data_type.clone().materialized();
            NamedField::new(column.name.clone(), Field::new(data_type, column.field.nullable || outer))
        };
        let lefts = left.iter().map(|field| column(field, self.is_right_outer()));
        if self.is_left_only() {
            return lefts.collect();
        }
        lefts.chain(right.iter().map(|field| column(field, self.is_left_outer()))).collect()
    }
}

impl fmt::Display for JoinKind {
    /// As Flink's EXPLAIN writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inner => "InnerJoin",
            Self::Left => "LeftOuterJoin",
            Self::Right => "RightOuterJoin",
            Self::Full => "FullOuterJoin",
            Self::Semi => "LeftSemiJoin",
            Self::Anti => "LeftAntiJoin",
        })
    }
}

/// Two columns that are equal in rows that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinKey {
    /// The column of the left input.
    pub left: usize,
    /// The column of the right input.
    pub right: usize,
    /// Whether NULL is equal to NULL: IS NOT DISTINCT FROM instead of `=`.
    pub null_safe: bool,
}

/// A condition taken apart: pairs of equal columns, and the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinCondition {
    /// What is equal.
    pub keys: Vec<JoinKey>,
    /// What must hold besides, over the columns of the left input and then those of the right one.
    pub residual: Option<Expression>,
}

impl JoinCondition {
    /// Takes a condition over the columns of both inputs apart.
    pub fn of(condition: &Expression, left_columns: usize) -> Self {
        let mut keys = Vec::new();
        let mut rest = Vec::new();
        for conjunct in condition.clone().conjuncts() {
            match equality(&conjunct, left_columns) {
                Some(Equality { left, right, null_safe }) => {
                    match (
                        left.as_column(),
                        right.as_column().and_then(|right| right.checked_sub(left_columns)),
                    ) {
                        (Some(left), Some(right)) => {
                            let key = JoinKey { left, right, null_safe };
                            if !keys.contains(&key) {
                                keys.push(key);
                            }
                        }
                        _ => rest.push(conjunct),
                    }
                }
                None if is_true(&conjunct) => {}
                None => rest.push(conjunct),
            }
        }
        Self { keys, residual: (!rest.is_empty()).then(|| Expression::all(rest)) }
    }
}

/// What an equality of both inputs says.
pub(super) struct Equality<'e> {
    /// Over columns of the left input.
    pub(super) left: &'e Expression,
    /// Over columns of the right input.
    pub(super) right: &'e Expression,
    pub(super) null_safe: bool,
}

/// The sides of a condition that is an equality between the inputs, if it is one that state can be found by.
pub(super) fn equality(condition: &Expression, left_columns: usize) -> Option<Equality<'_>> {
    let ExpressionKind::Call { function, arguments } = &condition.kind else { return None };
    let null_safe = match function.name {
        "=" => false,
        "IS NOT DISTINCT FROM" => true,
        _ => return None,
    };
    let [first, second] = arguments.as_slice() else { return None };
    let usable = can_be_key(&first.field.data_type)
        && first.field.data_type.arrow() == second.field.data_type.arrow()
        && first.is_deterministic()
        && second.is_deterministic();
    if !usable {
        return None;
    }
    match (Side::of(first, left_columns)?, Side::of(second, left_columns)?) {
        (Side::Left, Side::Right) => Some(Equality { left: first, right: second, null_safe }),
        (Side::Right, Side::Left) => Some(Equality { left: second, right: first, null_safe }),
        _ => None,
    }
}

/// An input of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    /// The only input of which an expression reads columns.
    pub(super) fn of(expression: &Expression, left_columns: usize) -> Option<Self> {
        let (mut left, mut right) = (false, false);
        expression.visit_columns(&mut |column| {
            left |= column < left_columns;
            right |= column >= left_columns;
        });
        match (left, right) {
            (true, false) => Some(Self::Left),
            (false, true) => Some(Self::Right),
            _ => None,
        }
    }
}

/// Whether a condition is the constant TRUE.
pub(super) fn is_true(condition: &Expression) -> bool {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    let value = condition.as_constant().and_then(|constant| constant.array().as_boolean_opt());
    value.is_some_and(|value| value.is_valid(0) && value.value(0))
}

impl LogicalPlan {
    /// The rows of this plan and another that belong together; the condition is over the columns of this plan and then
    /// those of the other.
    #[must_use]
    pub fn join(self, right: Self, kind: JoinKind, condition: Expression) -> Self {
        let schema = kind.schema(&self.schema, &right.schema);
        let (left, right, hints) = (Box::new(self), Box::new(right), JoinHints::default());
        let node = LogicalNode::Join { left, right, kind, condition, hints };
        Self { schema, node }
    }

    /// The plan, if it ends in a join, with how that is done.
    #[must_use]
    pub fn with_join_hints(mut self, hints: JoinHints) -> Self {
        let LogicalNode::Join { left, hints: known, .. } = &mut self.node else { return self };
        if hints.lookup.is_some() {
            // Each row of the left input is joined when it comes: time attributes stay what they are.
            let lefts = left.schema.iter().cloned();
            self.schema = lefts.chain(self.schema.iter().skip(left.schema.len()).cloned()).collect();
        }
        *known = hints;
        self
    }
}
