//! Expressions compiled into steps, each of which is evaluated once a chunk.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_select::nullif::nullif;
use millstream_runtime::{Error, ErrorKind, Result};

use super::case::{Case, ShortCircuit};
use super::{Argument, Arguments, BuildContext, EvalContext, Kernel, Value};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::functions::{Volatility, kleene_function};
use crate::plan::{Expression, ExpressionKind};

/// Expressions compiled into steps. What occurs several times in them is one step.
#[derive(Clone)]
pub struct Program {
    steps: Vec<Step>,
    outputs: Vec<usize>,
}

#[derive(Clone)]
enum Step {
    Column(usize),
    Constant(ArrayRef),
    Call {
        kernel: Arc<dyn Kernel>,
        /// Steps.
        arguments: Vec<usize>,
        volatility: Volatility,
    },
    Field {
        /// A step whose value is a row.
        value: usize,
        index: usize,
    },
    Case(Arc<Case>),
    ShortCircuit(Arc<ShortCircuit>),
}

/// Where a part of a CASE comes from.
pub(super) enum Part {
    /// A step: it is worked out for all rows.
    Step(usize),
    /// A program of its own: it is worked out for the rows that need it.
    Lazy(Branch),
}

/// A program over some columns of another's input.
pub(super) struct Branch {
    pub(super) program: Program,
    pub(super) columns: Vec<usize>,
}

impl Program {
    /// Compiles expressions over the columns of one input.
    ///
    /// # Errors
    /// If a function refuses a constant: a pattern that is none, for instance.
    pub fn compile<'e>(
        expressions: impl IntoIterator<Item = &'e Expression>,
        cx: &BuildContext,
    ) -> SqlResult<Self> {
        let mut compiler = Compiler { cx, steps: Vec::new(), known: Vec::new() };
        let outputs = expressions.into_iter().map(|expression| compiler.step(expression));
        let outputs = outputs.collect::<SqlResult<_>>()?;
        Ok(Self { steps: compiler.steps, outputs })
    }

    /// The expressions' values for these rows, in their order. There must be a row: without one, nothing may fail, not
    /// even a constant.
    ///
    /// # Errors
    /// What fails the job: a division by zero, text that is no number.
    pub fn evaluate(&self, columns: &[ArrayRef], rows: usize, cx: &EvalContext) -> Result<Vec<Value>> {
        let mut values: Vec<Value> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Step::Column(index) => Value::Array(columns.get(*index).cloned().ok_or_else(missing)?),
                Step::Constant(value) => Value::Scalar(value.clone()),
                Step::Call { kernel, arguments, volatility } => {
                    let arguments =
                        arguments.iter().map(|argument| values.get(*argument).cloned().ok_or_else(missing));
                    call(&**kernel, &arguments.collect::<Result<Vec<_>>>()?, *volatility, rows, cx)?
                }
                Step::Field { value, index } => field(values.get(*value).ok_or_else(missing)?, *index)?,
                Step::Case(case) => case.evaluate(&values, columns, rows, cx)?,
                Step::ShortCircuit(operator) => operator.evaluate(&values, columns, rows, cx)?,
            };
            values.push(value);
        }
        self.outputs.iter().map(|output| values.get(*output).cloned().ok_or_else(missing)).collect()
    }

    /// As [`evaluate`](Self::evaluate), with one value a row for each expression.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_columns(
        &self,
        columns: &[ArrayRef],
        rows: usize,
        cx: &EvalContext,
    ) -> Result<Vec<ArrayRef>> {
        self.evaluate(columns, rows, cx)?.into_iter().map(|value| value.into_array(rows)).collect()
    }
}

fn call(
    kernel: &dyn Kernel,
    arguments: &[Value],
    volatility: Volatility,
    rows: usize,
    cx: &EvalContext,
) -> Result<Value> {
    if volatility != Volatility::PerRow && arguments.iter().all(Value::is_scalar) {
        let value = kernel.evaluate(&Arguments::new(arguments, 1), cx)?;
        return Ok(Value::Scalar(value.into_array(1)?));
    }
    kernel.evaluate(&Arguments::new(arguments, rows), cx)
}

/// A field of rows: NULL where the row is.
fn field(rows: &Value, index: usize) -> Result<Value> {
    let values = row_field(rows.array(), index)?;
    Ok(if rows.is_scalar() { Value::Scalar(values) } else { Value::Array(values) })
}

/// A field of a column of rows: NULL where the row is.
pub(crate) fn row_field(rows: &ArrayRef, index: usize) -> Result<ArrayRef> {
    let structs = rows.as_struct_opt().filter(|structs| index < structs.num_columns()).ok_or_else(missing)?;
    let field = structs.column(index);
    match structs.nulls() {
        None => Ok(field.clone()),
        Some(nulls) => {
            let absent = BooleanArray::new(!nulls.inner(), None);
            nullif(field, &absent).map_err(arrow_error)
        }
    }
}

pub(super) fn missing() -> Error {
    Error::new(ErrorKind::Internal, "an expression reads what is not there")
}

struct Compiler<'a> {
    cx: &'a BuildContext,
    steps: Vec<Step>,
    /// What has a step already.
    known: Vec<(Expression, usize)>,
}

impl Compiler<'_> {
    fn step(&mut self, expression: &Expression) -> SqlResult<usize> {
        if let Some((_, step)) = self.known.iter().find(|(known, _)| known == expression) {
            return Ok(*step);
        }
        let step = match &expression.kind {
            ExpressionKind::Column(index) => Step::Column(*index),
            ExpressionKind::Constant(constant) => Step::Constant(constant.array().clone()),
            ExpressionKind::Field { value, index } => Step::Field { value: self.step(value)?, index: *index },
            ExpressionKind::Call { function, arguments } => {
                let known = arguments.iter().map(|argument| Argument {
                    field: argument.field.clone(),
                    constant: argument.as_constant().map(|constant| constant.array().clone()),
                });
                let known: Vec<_> = known.collect();
                let kernel = (function.build)(&known, &expression.field, self.cx)?;
                let arguments =
                    arguments.iter().map(|argument| self.step(argument)).collect::<SqlResult<_>>()?;
                Step::Call { kernel: kernel.into(), arguments, volatility: function.volatility }
            }
            ExpressionKind::Logical { operator, operands } => {
                if operands.iter().skip(1).all(is_eager) {
                    let function = kleene_function(*operator);
                    let kernel = (function.build)(&[], &expression.field, self.cx)?;
                    let arguments =
                        operands.iter().map(|operand| self.step(operand)).collect::<SqlResult<_>>()?;
                    Step::Call { kernel: kernel.into(), arguments, volatility: function.volatility }
                } else {
                    let parts = operands.iter().map(|operand| self.part(operand));
                    Step::ShortCircuit(Arc::new(ShortCircuit::new(
                        *operator,
                        parts.collect::<SqlResult<_>>()?,
                    )))
                }
            }
            ExpressionKind::Case { branches, otherwise } => {
                let mut earlier_are_eager = true;
                let branches = branches.iter().map(|branch| {
                    // A condition that may fail must not be asked for rows that an earlier one has taken.
                    earlier_are_eager &= is_eager(&branch.condition);
                    let condition = if earlier_are_eager {
                        Part::Step(self.step(&branch.condition)?)
                    } else {
                        self.lazy(&branch.condition)?
                    };
                    Ok((condition, self.part(&branch.result)?))
                });
                let branches = branches.collect::<SqlResult<Vec<_>>>()?;
                Step::Case(Arc::new(Case::new(branches, self.part(otherwise)?)))
            }
        };
        self.steps.push(step);
        let index = self.steps.len() - 1;
        if expression.is_deterministic() {
            self.known.push((expression.clone(), index));
        }
        Ok(index)
    }

    fn part(&mut self, expression: &Expression) -> SqlResult<Part> {
        if is_eager(expression) { Ok(Part::Step(self.step(expression)?)) } else { self.lazy(expression) }
    }

    fn lazy(&self, expression: &Expression) -> SqlResult<Part> {
        let mut columns = Vec::new();
        expression.visit_columns(&mut |column| {
            if !columns.contains(&column) {
                columns.push(column);
            }
        });
        let local = expression.over(&columns).unwrap_or_else(|| expression.clone());
        Ok(Part::Lazy(Branch { program: Program::compile([&local], self.cx)?, columns }))
    }
}

/// Whether it neither fails nor takes long, so that it may be worked out for rows that do not need it.
fn is_eager(expression: &Expression) -> bool {
    let itself = match &expression.kind {
        ExpressionKind::Call { function, arguments } => {
            (function.eager)(arguments, &expression.field) && function.volatility != Volatility::PerRow
        }
        _ => true,
    };
    itself && expression.children().into_iter().all(is_eager)
}
