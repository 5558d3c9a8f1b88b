//! Subqueries in conditions and values: IN and EXISTS are joins of which the left rows stay, a value is a join with the
//! one row that the query gives.
//!
//! As Flink's `FlinkSubQueryRemoveRule`. What a subquery reads of the query around it may stand in its WHERE alone.

mod correlated;
mod marked;

use super::expression::Binder;
use super::query::QueryContext;
use super::select::from;
use super::{Scope, unsupported};
use crate::error::{SqlError, SqlResult};
use crate::functions::operator;
use crate::parser::Span;
use crate::parser::ast::{
    self, ArgumentValue, Arguments, Expression as Syntax, ExpressionKind, LogicalOperator, Operands, Query,
    QueryBody, Select, SelectItemKind, UnaryOperator,
};
use crate::plan::{
    AggregateCall, AggregateFunction, Expression, JoinKind, LogicalNode, LogicalOperator as Operator,
    LogicalPlan, is_window_join,
};
use crate::types::{Field, NamedField, SqlType};

/// The rows for which a WHERE holds, in which IN and EXISTS may stand between ANDs.
pub(super) fn filter(
    context: &QueryContext<'_>,
    plan: LogicalPlan,
    scope: &Scope,
    selection: &Syntax,
) -> SqlResult<LogicalPlan> {
    let mut conjuncts = Vec::new();
    split(selection, &mut conjuncts);
    let (tests, conditions): (Vec<_>, Vec<_>) = conjuncts
        .into_iter()
        .map(|conjunct| (test(conjunct, false), conjunct))
        .partition(|(test, _)| test.is_some());
    let conditions = conditions.into_iter().map(|(_, syntax)| Binder::new(scope).condition(syntax, "WHERE"));
    let conditions = conditions.collect::<SqlResult<Vec<_>>>()?;
    let plan = if conditions.is_empty() { plan } else { plan.filter(Expression::all(conditions)) };
    tests
        .into_iter()
        .filter_map(|(test, _)| test)
        .try_fold(plan, |plan, test| test.join(context, plan, scope))
}

/// The operands of ANDs.
fn split<'e>(condition: &'e Syntax, into: &mut Vec<&'e Syntax>) {
    match &condition.kind {
        ExpressionKind::Logical { operator: LogicalOperator::And, operands } => {
            operands.iter().for_each(|operand| split(operand, into));
        }
        _ => into.push(condition),
    }
}

/// IN or EXISTS, or the opposite.
struct Test<'e> {
    /// What is looked for, by IN.
    value: Option<&'e Syntax>,
    query: &'e Query,
    negated: bool,
    span: Span,
}

fn test(condition: &Syntax, negated: bool) -> Option<Test<'_>> {
    let span = *condition.span;
    match &condition.kind {
        ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => test(operand, !negated),
        ExpressionKind::Exists(query) => Some(Test { value: None, query, negated, span }),
        ExpressionKind::In { value, negated: not, operands: Operands::Query(query) } => {
            Some(Test { value: Some(value), query, negated: negated != *not, span })
        }
        _ => None,
    }
}

impl<'e> Test<'e> {
    /// What IN looks for, each with the column that it is looked for in; nothing for EXISTS.
    fn compared<'i>(&self, inner: &'i Inner) -> SqlResult<Vec<(&'e Syntax, &'i Expression)>> {
        let Some(value) = self.value else { return Ok(Vec::new()) };
        let values: Vec<&Syntax> = match &value.kind {
            ExpressionKind::Row(values) => values.iter().collect(),
            _ => vec![value],
        };
        if values.len() != inner.values.len() {
            return Err(SqlError::validation(format!(
                "Values passed to IN operator must have compatible types: {} values, and {} columns of the query",
                values.len(),
                inner.values.len()
            ))
            .at(self.span));
        }
        Ok(values.into_iter().zip(&inner.values).collect())
    }

    fn join(&self, context: &QueryContext<'_>, plan: LogicalPlan, scope: &Scope) -> SqlResult<LogicalPlan> {
        let left_columns = plan.schema.len();
        let inner = Inner::of(context, scope, self.query)?;
        // Columns of the subquery come first where it was bound, and those around it in the join.
        let inner_columns = inner.plan.schema.len();
        let moved = |column: usize| {
            if column < inner_columns { column + left_columns } else { column - inner_columns }
        };
        let mut conditions: Vec<_> =
            inner.correlated.iter().map(|condition| condition.over_moved(&moved)).collect();
        for (value, column) in self.compared(&inner)? {
            let value = Binder::new(scope).bind(value)?;
            let equal = operator("=")?.call(vec![value, column.over_moved(&moved)]);
            let equal = equal.map_err(|error| error.at(self.span))?;
            conditions.push(if self.negated { not_known_to_differ(equal)? } else { equal });
        }
        let kind = if self.negated { JoinKind::Anti } else { JoinKind::Semi };
        let condition = Expression::all(conditions);
        // Rows of the same windows come in their order; others come whenever one that they belong to does.
        let windows = is_window_join(&plan, &inner.plan, &condition);
        let schema = plan.schema.clone();
        let joined = plan.join(inner.plan, kind, condition);
        Ok(if windows { LogicalPlan { schema, ..joined } } else { joined })
    }
}

/// Whether an equality is not FALSE: a NULL on either side lets NOT IN hold for nothing.
fn not_known_to_differ(equal: Expression) -> SqlResult<Expression> {
    if !equal.field.nullable {
        return Ok(equal);
    }
    let unknown = operator("IS NULL")?.call(vec![equal.clone()])?;
    let kind =
        crate::plan::ExpressionKind::Logical { operator: Operator::Or, operands: vec![equal, unknown] };
    Ok(Expression { kind, field: Field::nullable(SqlType::Boolean) })
}

/// A subquery, and which of its rows belong to a row of the query around it.
struct Inner {
    plan: LogicalPlan,
    /// What it selects, over the plan.
    values: Vec<Expression>,
    /// Over the columns of the plan and then those around it.
    correlated: Vec<Expression>,
}

impl Inner {
    fn of(context: &QueryContext<'_>, around: &Scope, query: &Query) -> SqlResult<Self> {
        let alone = match context.query(query) {
            Ok(plan) => {
                let values = plan.all_columns().into_iter().map(|(_, column)| column).collect();
                return Ok(Self { plan, values, correlated: Vec::new() });
            }
            Err(error) => error,
        };
        // It may read columns of the query around it.
        match &query.body {
            QueryBody::Select(select) if query.with.is_none() => {
                Self::correlated(context, around, select, query.span.into())?.ok_or(alone)
            }
            _ => Err(alone),
        }
    }

    /// `None` if it reads nothing of what is around it.
    fn correlated(
        context: &QueryContext<'_>,
        around: &Scope,
        select: &Select,
        span: Span,
    ) -> SqlResult<Option<Self>> {
        let (plan, scope) = from(context, select)?;
        let columns = plan.schema.len();
        let scope = scope.within(around);
        let (mut own, mut correlated) = (Vec::new(), Vec::new());
        let mut conjuncts = Vec::new();
        select.selection.iter().for_each(|selection| split(selection, &mut conjuncts));
        for conjunct in conjuncts {
            let condition = Binder::new(&scope).condition(conjunct, "WHERE")?;
            if reads_behind(&condition, columns) { correlated.push(condition) } else { own.push(condition) }
        }
        if correlated.is_empty() {
            return Ok(None);
        }
        let is_simple = select.group_by.is_none() && select.having.is_none() && select.qualify.is_none();
        if !is_simple {
            return unsupported(
                "a subquery with GROUP BY or QUALIFY that reads columns of the query around it",
                span,
            );
        }
        let mut values = Vec::new();
        for item in &select.items {
            match &item.kind {
                SelectItemKind::Expression { value, .. } => {
                    if super::grouping::has_aggregate(value) {
                        return unsupported(
                            "an aggregate of rows that depend on the query around it",
                            item.span,
                        );
                    }
                    values.push(Binder::new(&scope).bind(value)?);
                }
                SelectItemKind::Star => values.extend(scope.visible().into_iter().map(|(_, column)| column)),
                SelectItemKind::QualifiedStar(name) => {
                    values.extend(scope.columns_of(name)?.into_iter().map(|(_, column)| column));
                }
            }
        }
        let plan = if own.is_empty() { plan } else { plan.filter(Expression::all(own)) };
        Ok(Some(Self { plan, values, correlated }))
    }
}

fn reads_behind(expression: &Expression, columns: usize) -> bool {
    let mut reads = false;
    expression.visit_columns(&mut |column| reads |= column >= columns);
    reads
}

/// Adds columns for each subquery that is a value in one of the expressions, or IN or EXISTS among other conditions; the
/// scope knows what they are by their places. Of `selection`, IN and EXISTS between ANDs are left to [`filter`].
pub(super) fn values<'e>(
    context: &QueryContext<'_>,
    plan: LogicalPlan,
    mut scope: Scope,
    expressions: impl Iterator<Item = &'e Syntax>,
    selection: Option<&'e Syntax>,
) -> SqlResult<(LogicalPlan, Scope)> {
    let mut found = Vec::new();
    expressions.for_each(|expression| collect(expression, &mut found));
    let mut conjuncts = Vec::new();
    selection.into_iter().for_each(|selection| split(selection, &mut conjuncts));
    for conjunct in conjuncts {
        match test(conjunct, false) {
            None => collect(conjunct, &mut found),
            // What is looked for may be a subquery itself.
            Some(test) => test.value.into_iter().for_each(|value| collect(value, &mut found)),
        }
    }
    let mut plan = plan;
    for found in found {
        let (joined, value, span) = match found {
            Found::Value(query, span) => {
                let (plan, value) = value(context, plan, &scope, query, span)?;
                (plan, value, span)
            }
            Found::Test(test) => {
                let (plan, value) = marked::mark(context, plan, &scope, &test)?;
                (plan, value, test.span)
            }
        };
        plan = joined;
        scope.add_subquery(span, value);
    }
    Ok((plan, scope))
}

/// Adds the columns of a subquery that is a value; what it is over them.
fn value(
    context: &QueryContext<'_>,
    plan: LogicalPlan,
    scope: &Scope,
    query: &Query,
    span: Span,
) -> SqlResult<(LogicalPlan, Expression)> {
    let value = match context.query(query) {
        Ok(value) => value,
        // It may read columns of the query around it.
        Err(alone) => return correlated::value(context, plan, scope, query)?.ok_or(alone),
    };
    let [column] = &*value.schema else {
        return Err(SqlError::validation(format!(
            "Cannot apply '$SCALAR_QUERY' to a query of {} columns: a value is one",
            value.schema.len()
        ))
        .at(span));
    };
    let column = NamedField::new(column.name.clone(), Field::nullable(column.field.data_type.clone()));
    let value = if gives_one_row(&value) { value } else { single(value, column.clone()) };
    let position = plan.schema.len();
    let schema = plan.schema.iter().cloned().chain([column.clone()]).collect();
    let joined = plan.join(value, JoinKind::Left, Expression::boolean(true));
    Ok((LogicalPlan { schema, ..joined }, Expression::column(position, column.field)))
}

/// The only row of a query; a job fails that finds more.
fn single(query: LogicalPlan, column: NamedField) -> LogicalPlan {
    let call = AggregateCall {
        function: AggregateFunction::SingleValue,
        arguments: vec![0],
        distinct: false,
        filter: None,
        field: column.field.clone(),
    };
    query.aggregate(Vec::new(), vec![call], [column].into_iter().collect())
}

/// Whether a query is an aggregate of all rows.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    match &plan.node {
        LogicalNode::Aggregate { keys, .. } => keys.is_empty(),
        LogicalNode::Project { input, .. } => gives_one_row(input),
        _ => false,
    }
}

/// A subquery in an expression.
enum Found<'e> {
    Value(&'e Query, Span),
    Test(Test<'e>),
}

/// The subqueries in an expression, each before what it is part of.
fn collect<'e>(expression: &'e Syntax, into: &mut Vec<Found<'e>>) {
    use ExpressionKind::{
        Array, Between, Binary, Case, Cast, Exists, Field, Function, In, Interval, Is, Item, Like, Logical,
        Map, Row, Special, Subquery, Unary,
    };
    let mut parts: Vec<&Syntax> = Vec::new();
    match &expression.kind {
        Subquery(query) => into.push(Found::Value(query, *expression.span)),
        Exists(query) => {
            into.push(Found::Test(Test { value: None, query, negated: false, span: *expression.span }))
        }
        Function(call) => {
            if let Arguments::List { arguments, .. } = &call.arguments {
                parts.extend(arguments.iter().filter_map(|argument| match &argument.value {
                    ArgumentValue::Expression(value) => Some(value),
                    _ => None,
                }));
            }
        }
        Interval { value, .. } | Field { value, .. } | Is { value, .. } | Cast { value, .. } => {
            parts.push(value)
        }
        Item { value, index } => parts.extend([&**value, &**index]),
        Unary { operand, .. } => parts.push(operand),
        Binary { left, right, .. } => parts.extend([&**left, &**right]),
        Logical { operands, .. } => parts.extend(operands),
        Between { value, low, high, .. } => parts.extend([&**value, &**low, &**high]),
        In { value, negated, operands } => {
            parts.push(value);
            match operands {
                Operands::List(list) => parts.extend(list),
                Operands::Query(query) => {
                    collect(value, into);
                    let span = *expression.span;
                    return into.push(Found::Test(Test {
                        value: Some(value),
                        query,
                        negated: *negated,
                        span,
                    }));
                }
            }
        }
        Like { value, pattern, .. } => parts.extend([&**value, &**pattern]),
        Row(values) | Array(values) => parts.extend(values),
        Map(pairs) => parts.extend(pairs.iter().flat_map(|(key, value)| [key, value])),
        Case { operand, branches, otherwise } => {
            parts.extend(operand.iter().chain(otherwise).map(|part| &**part));
            parts.extend(
                branches
                    .iter()
                    .flat_map(|branch: &ast::WhenClause| branch.conditions.iter().chain([&branch.result])),
            );
        }
        Special(special) => parts.extend(special.operands()),
        _ => {}
    }
    parts.into_iter().for_each(|part| collect(part, into));
}
