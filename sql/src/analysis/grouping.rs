//! GROUP BY: which expressions group, and which aggregates stand in what comes after.

use std::sync::Arc;

use super::Scope;
use super::expression::bind_over;
use super::group_window::GroupWindow;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{ArgumentValue, Arguments, Expression as Syntax, FunctionCall, SetQuantifier};
use crate::plan::{
    AggregateCall, AggregateFunction, Expression, LogicalPlan, WindowFunction, is_window_aggregate,
};
use crate::types::{Field, NamedField};

/// What stands between the input of a query with GROUP BY or aggregates and what it selects.
pub(crate) struct Grouping<'a> {
    /// What the aggregates' arguments see.
    input: &'a Scope,
    keys: Vec<Expression>,
    /// Arguments and filters, of which each is a column below the aggregate.
    arguments: Vec<Expression>,
    calls: Vec<AggregateCall>,
    grouped: bool,
    /// The window that groups, besides the keys.
    window: Option<GroupWindow>,
    /// Whether keys are ordinary values in the result, also those that are time attributes.
    materializes: bool,
}

impl<'a> Grouping<'a> {
    /// By these expressions over the input; `grouped` says whether there is a GROUP BY at all.
    pub(crate) const fn new(input: &'a Scope, keys: Vec<Expression>, grouped: bool) -> Self {
        Self {
            input,
            keys,
            arguments: Vec::new(),
            calls: Vec::new(),
            grouped,
            window: None,
            materializes: true,
        }
    }

    /// The same, by windows of time as well.
    pub(crate) fn with_window(self, window: Option<GroupWindow>) -> Self {
        Self { window, ..self }
    }

    /// How many columns the result has before the calls.
    fn width(&self) -> usize {
        self.keys.len() + self.window.as_ref().map_or(0, |_| WindowFunction::COLUMNS.len())
    }

    /// The same over the rows of a plan: time attributes stay what they are where its windows are aggregated.
    pub(crate) fn over(mut self, plan: &LogicalPlan) -> Self {
        let keys = self.keys.iter().enumerate();
        let keys = keys.map(|(index, key)| (Arc::from(format!("$f{index}")), key.clone())).collect();
        let all: Vec<_> = (0..self.keys.len()).collect();
        self.materializes = !is_window_aggregate(&plan.clone().project(keys), &all);
        self
    }

    fn key_field(&self, field: &Field) -> Field {
        if !self.materializes {
            return field.clone();
        }
        Field::new(field.data_type.clone().materialized(), field.nullable)
    }

    /// What the aggregates' arguments see.
    pub(crate) const fn input(&self) -> &'a Scope {
        self.input
    }

    /// The column above the aggregate that a grouping expression is.
    pub(crate) fn key(&self, expression: &Expression) -> Option<Expression> {
        let position = self.keys.iter().position(|key| key == expression)?;
        Some(Expression::column(position, self.key_field(&expression.field)))
    }

    /// The column above the aggregate that a call is; `None` if the function is no aggregate.
    pub(crate) fn call(&mut self, call: &FunctionCall) -> SqlResult<Option<Expression>> {
        if let Some(result) = GroupWindow::auxiliary(self.window.as_ref(), call, self.input, self.keys.len())?
        {
            return Ok(Some(result));
        }
        let [name] = call.name.parts.as_slice() else { return Ok(None) };
        let Some(function) = AggregateFunction::named(&name.name) else { return Ok(None) };
        let (distinct, arguments) = match &call.arguments {
            Arguments::Star if function == AggregateFunction::Count => (false, Vec::new()),
            Arguments::Star => {
                return Err(SqlError::validation(format!("{function}(*) has no meaning")).at(call.span));
            }
            Arguments::List { quantifier, arguments, order_by } => {
                if let Some(item) = order_by.first() {
                    return super::unsupported("ORDER BY in an aggregate", item.span);
                }
                let arguments = arguments.iter().map(|argument| match &argument.value {
                    ArgumentValue::Expression(value) => self.argument(value),
                    _ => Err(SqlError::validation(format!("{function} takes values")).at(argument.span)),
                });
                (*quantifier == Some(SetQuantifier::Distinct), arguments.collect::<SqlResult<Vec<_>>>()?)
            }
        };
        let fields: Vec<Field> = arguments.iter().map(|argument| argument.field.clone()).collect();
        let field = function.infer(&fields, self.grouped).map_err(|error| error.at(call.span))?;
        let filter = call.filter.as_ref().map(|filter| self.argument(filter)).transpose()?;
        let filter = filter.map(|filter| filter.cast_to(&crate::types::SqlType::Boolean));
        // A filter may leave no value.
        let may_be_empty = filter.is_some() && function != AggregateFunction::Count;
        let field = Field::new(field.data_type, field.nullable || may_be_empty);
        // Values that are never NULL need not be looked at.
        let arguments = if function == AggregateFunction::Count && !distinct {
            arguments.into_iter().filter(|argument| argument.field.nullable).collect()
        } else {
            arguments
        };
        let arguments = arguments.into_iter().map(|argument| self.place(argument)).collect();
        let filter = filter.map(|filter| self.place(filter));
        let call = AggregateCall { function, arguments, distinct, filter, field };
        let position = self.calls.iter().position(|known| *known == call).unwrap_or_else(|| {
            self.calls.push(call.clone());
            self.calls.len() - 1
        });
        Ok(Some(Expression::column(self.width() + position, call.field)))
    }

    /// An argument: over the input, without aggregates in it.
    fn argument(&self, value: &Syntax) -> SqlResult<Expression> {
        bind_over(self.input, value)
    }

    /// The column below the aggregate that has an argument's values.
    fn place(&mut self, argument: Expression) -> usize {
        if let Some(position) = self.keys.iter().position(|key| *key == argument) {
            return position;
        }
        let position = self.arguments.iter().position(|known| *known == argument).unwrap_or_else(|| {
            self.arguments.push(argument);
            self.arguments.len() - 1
        });
        self.keys.len() + position
    }

    /// The aggregate over the input's plan.
    pub(crate) fn plan(self, input: LogicalPlan) -> LogicalPlan {
        let named = |prefix: &str, index: usize| Arc::from(format!("{prefix}{index}"));
        let keys = self.keys.len();
        let time = self.window.as_ref().map(|window| &window.time);
        let below = self.keys.iter().chain(&self.arguments).chain(time).enumerate();
        let below =
            below.map(|(index, expression)| (self.name(expression, index, &named), expression.clone()));
        let input = input.project(below.collect());
        let schema = input.schema.iter().take(keys);
        let schema = schema.map(|key| NamedField::new(key.name.clone(), self.key_field(&key.field)));
        let of_window = self.window.iter().flat_map(GroupWindow::columns);
        let results = self.calls.iter().enumerate();
        let results = results.map(|(index, call)| NamedField::new(named("EXPR$", index), call.field.clone()));
        let schema = schema.chain(of_window).chain(results).collect();
        let mut all_keys: Vec<usize> = (0..keys).collect();
        let input = match &self.window {
            None => input,
            Some(window) => {
                let behind = input.schema.len();
                all_keys.extend(behind..behind + WindowFunction::COLUMNS.len());
                input.windows(window.function(behind - 1, keys), WindowFunction::COLUMNS.to_vec())
            }
        };
        input.aggregate(all_keys, self.calls, schema)
    }

    fn name(
        &self,
        expression: &Expression,
        index: usize,
        named: &impl Fn(&str, usize) -> Arc<str>,
    ) -> Arc<str> {
        let column = expression.as_column().and_then(|column| self.input.columns().nth(column));
        column.map_or_else(|| named("$f", index), |(name, _)| name)
    }
}

/// Whether an expression has a call of an aggregate in it, outside of subqueries.
pub(crate) fn has_aggregate(expression: &Syntax) -> bool {
    use crate::parser::ast::ExpressionKind::{
        Array, Between, Binary, Case, Cast, Field, Function, In, Interval, Is, Item, Like, Logical, Map, Row,
        Special, Unary,
    };
    let any = |expressions: &[Syntax]| expressions.iter().any(has_aggregate);
    match &expression.kind {
        Function(call) => {
            let aggregate = call.name.parts.last().and_then(|name| AggregateFunction::named(&name.name));
            let in_arguments = match &call.arguments {
                Arguments::Star => false,
                Arguments::List { arguments, .. } => arguments.iter().any(|argument| match &argument.value {
                    ArgumentValue::Expression(value) => has_aggregate(value),
                    _ => false,
                }),
            };
            call.over.is_none() && (aggregate.is_some() || in_arguments)
        }
        Interval { value, .. } | Field { value, .. } | Is { value, .. } | Cast { value, .. } => {
            has_aggregate(value)
        }
        Item { value, index } => has_aggregate(value) || has_aggregate(index),
        Unary { operand, .. } => has_aggregate(operand),
        Binary { left, right, .. } => has_aggregate(left) || has_aggregate(right),
        Logical { operands, .. } => any(operands),
        Between { value, low, high, .. } => has_aggregate(value) || has_aggregate(low) || has_aggregate(high),
        In { value, operands: crate::parser::ast::Operands::List(list), .. } => {
            has_aggregate(value) || any(list)
        }
        Like { value, pattern, .. } => has_aggregate(value) || has_aggregate(pattern),
        Row(values) | Array(values) => any(values),
        Map(pairs) => pairs.iter().any(|(key, value)| has_aggregate(key) || has_aggregate(value)),
        Case { operand, branches, otherwise } => {
            operand.iter().chain(otherwise).any(|part| has_aggregate(part))
                || branches.iter().any(|branch| any(&branch.conditions) || has_aggregate(&branch.result))
        }
        Special(special) => special.operands().into_iter().any(has_aggregate),
        _ => false,
    }
}
