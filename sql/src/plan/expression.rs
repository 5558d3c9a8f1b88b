//! Expressions with types. Columns are positions in the input; names are for printing alone.

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};

use crate::functions::{ScalarFunction, Volatility, cast_function};
use crate::types::{Field, SqlType};

/// An expression whose types have been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Which.
    pub kind: ExpressionKind,
    /// The type of its values.
    pub field: Field,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// A column of the input.
    Column(usize),
    /// The same value for every row.
    Constant(Constant),
    /// A field of a row; NULL where the row is.
    Field {
        /// The row.
        value: Box<Expression>,
        /// Which field.
        index: usize,
    },
    /// A function of values.
    Call {
        /// Which.
        function: &'static ScalarFunction,
        /// Of the types that the function asked for.
        arguments: Vec<Expression>,
    },
    /// AND and OR, which do not look at an operand where an earlier one decides.
    Logical {
        /// Which.
        operator: LogicalOperator,
        /// At least two; of type BOOLEAN.
        operands: Vec<Expression>,
    },
    /// CASE; also what COALESCE and IF are. A result is worked out for its own rows only.
    Case {
        /// At least one.
        branches: Vec<CaseBranch>,
        /// The value if no condition holds.
        otherwise: Box<Expression>,
    },
}

/// `WHEN condition THEN result`
#[derive(Clone, Debug, PartialEq)]
pub struct CaseBranch {
    /// When it applies.
    pub condition: Expression,
    /// The value then.
    pub result: Expression,
}

/// AND, OR
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicalOperator {
    /// `AND`
    And,
    /// `OR`
    Or,
}

/// A value that is known when the plan is made: an array of one value, so that it is evaluated as all others are.
#[derive(Clone)]
pub struct Constant(ArrayRef);

impl Constant {
    /// The first value of an array; NULL if there is none.
    pub fn new(values: ArrayRef) -> Self {
        match values.len() {
            1 => Self(values),
            0 => Self(new_null_array(values.data_type(), 1)),
            _ => Self(values.slice(0, 1)),
        }
    }

    /// NULL of this type.
    pub fn null(data_type: &SqlType) -> Self {
        Self(new_null_array(&data_type.arrow(), 1))
    }

    /// The array of one value.
    pub const fn array(&self) -> &ArrayRef {
        &self.0
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        self.0.is_null(0) || *self.0.data_type() == arrow_schema::DataType::Null
    }
}

impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_data() == other.0.to_data()
    }
}

impl fmt::Debug for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Expression {
    /// A column of the input.
    pub const fn column(index: usize, field: Field) -> Self {
        Self { kind: ExpressionKind::Column(index), field }
    }

    /// A constant of this type.
    pub fn constant(values: ArrayRef, data_type: SqlType) -> Self {
        let constant = Constant::new(values);
        let field = Field::new(data_type, constant.is_null());
        Self { kind: ExpressionKind::Constant(constant), field }
    }

    /// NULL of this type.
    pub fn null(data_type: SqlType) -> Self {
        let constant = Constant::null(&data_type);
        Self { kind: ExpressionKind::Constant(constant), field: Field::nullable(data_type) }
    }

    /// TRUE or FALSE.
    pub fn boolean(value: bool) -> Self {
        Self::constant(Arc::new(BooleanArray::from(vec![value])), SqlType::Boolean)
    }

    /// A field of a value of a ROW type; `None` if it has no such field.
    pub fn field(value: Self, index: usize) -> Option<Self> {
        let SqlType::Row(fields) = &value.field.data_type else { return None };
        let field = fields.get(index)?.field.clone();
        let field = Field::new(field.data_type, field.nullable || value.field.nullable);
        Some(Self { kind: ExpressionKind::Field { value: Box::new(value), index }, field })
    }

    /// A call whose arguments have the types that the function asks for.
    pub const fn call(function: &'static ScalarFunction, arguments: Vec<Self>, field: Field) -> Self {
        Self { kind: ExpressionKind::Call { function, arguments }, field }
    }

    /// The value as another type. What is of the type already stays as it is, and NULL becomes NULL of that type.
    #[must_use]
    pub fn cast_to(self, data_type: &SqlType) -> Self {
        if self.field.data_type == *data_type {
            return self;
        }
        match &self.kind {
            ExpressionKind::Constant(constant) if constant.is_null() => Self::null(data_type.clone()),
            _ => {
                let field = Field::new(data_type.clone(), self.field.nullable);
                Self::call(cast_function(), vec![self], field)
            }
        }
    }

    /// AND of all; TRUE if there is none.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut operands: Vec<_> = conditions.into_iter().collect();
        match operands.len() {
            0 => Self::boolean(true),
            1 => operands.remove(0),
            _ => {
                let field =
                    Field::new(SqlType::Boolean, operands.iter().any(|operand| operand.field.nullable));
                Self { kind: ExpressionKind::Logical { operator: LogicalOperator::And, operands }, field }
            }
        }
    }

    /// The operands of an AND and of the ANDs in it; the expression itself if it is none.
    pub fn conjuncts(self) -> Vec<Self> {
        match self.kind {
            ExpressionKind::Logical { operator: LogicalOperator::And, operands } => {
                operands.into_iter().flat_map(Self::conjuncts).collect()
            }
            _ => vec![self],
        }
    }

    /// The column, if it is no more than one.
    pub const fn as_column(&self) -> Option<usize> {
        match self.kind {
            ExpressionKind::Column(index) => Some(index),
            _ => None,
        }
    }

    /// The constant, if it is one.
    pub const fn as_constant(&self) -> Option<&Constant> {
        match &self.kind {
            ExpressionKind::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// Its parts.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExpressionKind::Column(_) | ExpressionKind::Constant(_) => Vec::new(),
            ExpressionKind::Field { value, .. } => vec![value],
            ExpressionKind::Call { arguments: operands, .. } | ExpressionKind::Logical { operands, .. } => {
                operands.iter().collect()
            }
            ExpressionKind::Case { branches, otherwise } => {
                let parts = branches.iter().flat_map(|branch| [&branch.condition, &branch.result]);
                parts.chain([&**otherwise]).collect()
            }
        }
    }

    /// Calls `visit` for each column that the expression reads, as often as it does.
    pub fn visit_columns(&self, visit: &mut impl FnMut(usize)) {
        match self.as_column() {
            Some(column) => visit(column),
            None => self.children().into_iter().for_each(|child| child.visit_columns(visit)),
        }
    }

    /// The expression with each of its parts replaced by what `replace` makes of it; `None` where that is for one of
    /// them.
    pub fn map_children(&self, replace: &impl Fn(&Self) -> Option<Self>) -> Option<Self> {
        let each = |expressions: &[Self]| -> Option<Vec<Self>> { expressions.iter().map(replace).collect() };
        let kind = match &self.kind {
            ExpressionKind::Column(_) | ExpressionKind::Constant(_) => return Some(self.clone()),
            ExpressionKind::Field { value, index } => {
                ExpressionKind::Field { value: Box::new(replace(value)?), index: *index }
            }
            ExpressionKind::Call { function, arguments } => {
                ExpressionKind::Call { function, arguments: each(arguments)? }
            }
            ExpressionKind::Logical { operator, operands } => {
                ExpressionKind::Logical { operator: *operator, operands: each(operands)? }
            }
            ExpressionKind::Case { branches, otherwise } => {
                let branches = branches.iter().map(|branch| {
                    Some(CaseBranch {
                        condition: replace(&branch.condition)?,
                        result: replace(&branch.result)?,
                    })
                });
                let branches = branches.collect::<Option<_>>()?;
                ExpressionKind::Case { branches, otherwise: Box::new(replace(otherwise)?) }
            }
        };
        Some(Self { kind, field: self.field.clone() })
    }

    /// The expression with each column replaced by what `replace` makes of it; `None` where that is for one of them.
    pub fn replace_columns(&self, replace: &impl Fn(usize) -> Option<Self>) -> Option<Self> {
        match self.kind {
            ExpressionKind::Column(index) => replace(index),
            _ => self.map_children(&|child| child.replace_columns(replace)),
        }
    }

    /// The expression over another input, in which column `i` is where `columns` has `i`.
    ///
    /// `None` if it reads a column that is not in there.
    pub fn over(&self, columns: &[usize]) -> Option<Self> {
        self.replace_columns(&|column| {
            let position = columns.iter().position(|candidate| *candidate == column)?;
            Some(Self::column(position, self.field_of(column)?))
        })
    }

    /// The expression over another input, in which each column is where `to` says.
    #[must_use]
    pub fn over_moved(&self, to: &impl Fn(usize) -> usize) -> Self {
        match self.kind {
            ExpressionKind::Column(index) => Self::column(to(index), self.field.clone()),
            _ => self.map_children(&|child| Some(child.over_moved(to))).unwrap_or_else(|| self.clone()),
        }
    }

    fn field_of(&self, column: usize) -> Option<Field> {
        if self.as_column() == Some(column) {
            return Some(self.field.clone());
        }
        self.children().into_iter().find_map(|child| child.field_of(column))
    }

    /// Whether it is the same for the same row, whenever it is asked.
    pub fn is_deterministic(&self) -> bool {
        let itself = match &self.kind {
            ExpressionKind::Call { function, .. } => function.volatility == Volatility::Never,
            _ => true,
        };
        itself && self.children().into_iter().all(Self::is_deterministic)
    }
}
