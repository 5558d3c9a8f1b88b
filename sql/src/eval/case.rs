//! CASE, AND and OR where not every part is worked out for every row.

use arrow_arith::boolean::{and_kleene, or_kleene};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use super::program::{Branch, Part, missing};
use super::{EvalContext, Value};
use crate::chunk::arrow_error;
use crate::plan::LogicalOperator;

/// `CASE WHEN … THEN … ELSE … END`
pub(super) struct Case {
    branches: Vec<(Part, Part)>,
    otherwise: Part,
}

/// AND or OR of which some operands are worked out only where those before have not decided.
pub(super) struct ShortCircuit {
    operator: LogicalOperator,
    operands: Vec<Part>,
}

impl Branch {
    /// The value for the rows at these positions.
    fn evaluate(&self, columns: &[ArrayRef], positions: &UInt32Array, cx: &EvalContext) -> Result<Value> {
        let columns = self.columns.iter().map(|column| {
            let column = columns.get(*column).ok_or_else(missing)?;
            take(column, positions, None).map_err(arrow_error)
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut values = self.program.evaluate(&columns, positions.len(), cx)?;
        values.pop().ok_or_else(missing)
    }
}

/// Values, and which of them a row has.
struct Source {
    values: Value,
    /// Whether the values are those of the chosen rows alone, in their order, rather than those of all rows.
    compact: bool,
}

impl Case {
    pub(super) const fn new(branches: Vec<(Part, Part)>, otherwise: Part) -> Self {
        Self { branches, otherwise }
    }

    pub(super) fn evaluate(
        &self,
        steps: &[Value],
        columns: &[ArrayRef],
        rows: usize,
        cx: &EvalContext,
    ) -> Result<Value> {
        let mut remaining: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
        let mut sources = Vec::with_capacity(self.branches.len() + 1);
        let mut chosen: Vec<(usize, usize)> = vec![(0, 0); rows];
        for (condition, result) in &self.branches {
            if remaining.is_empty() {
                break;
            }
            let positions = UInt32Array::from(remaining);
            let (condition, compact) = condition.evaluate(steps, columns, &positions, cx)?;
            let holds = truth(&condition)?;
            let (mut taken, mut left) = (Vec::new(), Vec::new());
            for (index, row) in positions.values().iter().enumerate() {
                let at = if condition.is_scalar() {
                    0
                } else if compact {
                    index
                } else {
                    *row as usize
                };
                let holds = holds.is_valid(at) && holds.value(at);
                if holds { taken.push(*row) } else { left.push(*row) }
            }
            choose(&mut sources, &mut chosen, result, taken, steps, columns, cx)?;
            remaining = left;
        }
        choose(&mut sources, &mut chosen, &self.otherwise, remaining, steps, columns, cx)?;
        let arrays: Vec<&dyn Array> = sources.iter().map(|source| source.values.array().as_ref()).collect();
        Ok(Value::Array(interleave(&arrays, &chosen).map_err(arrow_error)?))
    }
}

/// Notes for each of the rows that it has the value of this part.
fn choose(
    sources: &mut Vec<Source>,
    chosen: &mut [(usize, usize)],
    part: &Part,
    rows: Vec<u32>,
    steps: &[Value],
    columns: &[ArrayRef],
    cx: &EvalContext,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let positions = UInt32Array::from(rows);
    let (values, compact) = part.evaluate(steps, columns, &positions, cx)?;
    let source = Source { values, compact };
    for (index, row) in positions.values().iter().enumerate() {
        let at = if source.values.is_scalar() {
            0
        } else if source.compact {
            index
        } else {
            *row as usize
        };
        if let Some(choice) = chosen.get_mut(*row as usize) {
            *choice = (sources.len(), at);
        }
    }
    sources.push(source);
    Ok(())
}

impl Part {
    /// Its values, and whether they are those of the rows at the positions alone.
    fn evaluate(
        &self,
        steps: &[Value],
        columns: &[ArrayRef],
        positions: &UInt32Array,
        cx: &EvalContext,
    ) -> Result<(Value, bool)> {
        match self {
            Self::Step(step) => Ok((steps.get(*step).cloned().ok_or_else(missing)?, false)),
            Self::Lazy(branch) => Ok((branch.evaluate(columns, positions, cx)?, true)),
        }
    }
}

impl ShortCircuit {
    pub(super) const fn new(operator: LogicalOperator, operands: Vec<Part>) -> Self {
        Self { operator, operands }
    }

    pub(super) fn evaluate(
        &self,
        steps: &[Value],
        columns: &[ArrayRef],
        rows: usize,
        cx: &EvalContext,
    ) -> Result<Value> {
        let decided = self.operator == LogicalOperator::Or;
        let mut result = BooleanArray::from(vec![!decided; rows]);
        for operand in &self.operands {
            let open = |row: &u32| {
                let row = *row as usize;
                !(result.is_valid(row) && result.value(row) == decided)
            };
            let positions =
                (0..u32::try_from(rows).unwrap_or(u32::MAX)).filter(open).collect::<UInt32Array>();
            if positions.is_empty() {
                break;
            }
            let (value, compact) = operand.evaluate(steps, columns, &positions, cx)?;
            let operand = if compact {
                // NULL where it was not asked: that changes nothing for rows that are decided.
                let value = value.into_array(positions.len())?;
                let value = truth_of(&value)?;
                let mut spread = vec![None; rows];
                for (index, row) in positions.values().iter().enumerate() {
                    if let Some(slot) = spread.get_mut(*row as usize) {
                        *slot = value.is_valid(index).then(|| value.value(index));
                    }
                }
                BooleanArray::from(spread)
            } else {
                truth_of(&value.into_array(rows)?)?.clone()
            };
            result = match self.operator {
                LogicalOperator::And => and_kleene(&result, &operand),
                LogicalOperator::Or => or_kleene(&result, &operand),
            }
            .map_err(arrow_error)?;
        }
        Ok(Value::Array(std::sync::Arc::new(result)))
    }
}

fn truth(value: &Value) -> Result<&BooleanArray> {
    truth_of(value.array())
}

fn truth_of(array: &ArrayRef) -> Result<&BooleanArray> {
    array
        .as_boolean_opt()
        .ok_or_else(|| Error::new(ErrorKind::Internal, format!("a condition of type {}", array.data_type())))
}
