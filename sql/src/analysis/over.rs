//! OVER: ROW_NUMBER, of which conditions on it make top-N queries.

use std::sync::Arc;

use super::expression::Binder;
use super::order_by::{direction, refuse_order};
use super::unsupported;
use crate::chunk::keys::can_be_key;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{Arguments, FunctionCall, NamedWindow, Over, WindowSpecification};
use crate::plan::{Expression, LogicalPlan, SortKey};
use crate::types::{Field, SqlType};

/// Where the numbers of rows are while the columns below them are not all known yet.
const PLACEHOLDER: usize = 1 << 32;

/// The numbers of rows that a SELECT asks for.
#[derive(Debug, Default)]
pub(crate) struct RowNumbers {
    calls: Vec<RowNumber>,
    windows: Vec<NamedWindow>,
}

#[derive(Clone, Debug, PartialEq)]
struct RowNumber {
    partition: Vec<Expression>,
    /// The column of a key is that of the expression beside it.
    order: Vec<(Expression, SortKey)>,
}

impl RowNumbers {
    /// With the windows of a WINDOW clause.
    pub(crate) fn new(windows: &[NamedWindow]) -> Self {
        Self { calls: Vec::new(), windows: windows.to_vec() }
    }

    /// The window that a call is over.
    pub(crate) fn window(&self, over: &Over) -> SqlResult<WindowSpecification> {
        match over {
            Over::Window(window) => Ok(window.clone()),
            Over::Name(name) => {
                let named = self.windows.iter().find(|window| window.name.name == name.name);
                named.map(|window| window.window.clone()).ok_or_else(|| {
                    SqlError::validation(format!("Window '{}' not found", name.name)).at(name.span)
                })
            }
        }
    }

    fn add(&mut self, call: RowNumber) -> Expression {
        let position = self.calls.iter().position(|known| *known == call).unwrap_or_else(|| {
            self.calls.push(call);
            self.calls.len() - 1
        });
        Expression::column(PLACEHOLDER + position, Field::required(SqlType::BigInt))
    }

    /// The plan with the numbers of its rows, and where each of them is.
    pub(crate) fn plan(self, mut plan: LogicalPlan) -> (LogicalPlan, Placed) {
        let mut columns = Vec::new();
        for call in self.calls {
            let mut place = |expression: &Expression| {
                if let Some(column) = expression.as_column() {
                    return column;
                }
                // What is more than a column becomes one.
                let mut all = plan.all_columns();
                all.push((Arc::from(format!("$o{}", all.len())), expression.clone()));
                plan = plan.clone().project(all);
                plan.schema.len() - 1
            };
            let partition = call.partition.iter().map(&mut place).collect();
            let order = call.order.iter().map(|(expression, key)| key.at(place(expression))).collect();
            plan = plan.row_number(partition, order);
            columns.push(plan.schema.len() - 1);
        }
        (plan, Placed(columns))
    }
}

/// Where the numbers of rows are.
pub(crate) struct Placed(Vec<usize>);

impl Placed {
    /// An expression with the columns of the numbers in it.
    pub(crate) fn expression(&self, expression: &Expression) -> Expression {
        let Some(column) = expression.as_column() else {
            let placed = expression.map_children(&|child| Some(self.expression(child)));
            return placed.unwrap_or_else(|| expression.clone());
        };
        let position = column.checked_sub(PLACEHOLDER).and_then(|call| self.0.get(call));
        Expression::column(position.copied().unwrap_or(column), expression.field.clone())
    }
}

impl Binder<'_, '_> {
    /// A call with OVER.
    pub(super) fn over(&mut self, call: &FunctionCall, over: &Over) -> SqlResult<Expression> {
        let name = call.name.parts.last().map_or("", |part| &part.name).to_ascii_uppercase();
        if name != "ROW_NUMBER" {
            return unsupported(&format!("{name} OVER"), call.span);
        }
        let Some(numbers) = &self.numbers else {
            return Err(SqlError::validation("OVER stands in SELECT and QUALIFY").at(call.span));
        };
        let is_plain = matches!(&call.arguments, Arguments::List { arguments, .. } if arguments.is_empty());
        if !is_plain || call.filter.is_some() || call.null_treatment.is_some() {
            return Err(SqlError::validation("ROW_NUMBER takes no argument").at(call.span));
        }
        let window = numbers.window(over)?;
        if window.base.is_some() {
            return unsupported("a window that goes on from another one", window.span);
        }
        if let Some(frame) = &window.frame {
            return Err(SqlError::validation(
                "ROW/RANGE not allowed with RANK, DENSE_RANK or ROW_NUMBER functions",
            )
            .at(frame.span));
        }
        let partition = window.partition_by.iter().map(|value| {
            let bound = self.bind(value)?;
            if can_be_key(&bound.field.data_type) {
                return Ok(bound);
            }
            unsupported(&format!("PARTITION BY a value of type {}", bound.field.data_type), value.span)
        });
        let mut partition = partition.collect::<SqlResult<Vec<_>>>()?;
        // A constant is equal in all rows.
        partition.retain(|value| value.as_constant().is_none());
        let order = window.order_by.iter().map(|item| {
            let bound = self.bind(&item.value)?;
            refuse_order(&bound, item.span)?;
            Ok((bound, direction(item, 0)))
        });
        let order = order.collect::<SqlResult<Vec<_>>>()?;
        if order.is_empty() {
            return Err(SqlError::validation("Over Agg: The window rank function requires order by clause with non-constant fields. please re-check the over window statement.").at(window.span));
        }
        let Some(numbers) = &mut self.numbers else { return unsupported("OVER here", call.span) };
        Ok(numbers.add(RowNumber { partition, order }))
    }
}
