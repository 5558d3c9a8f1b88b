//! Aggregates with DISTINCT in two levels: the first groups by buckets of the arguments as well, so that the rows of one
//! group are the work of several subtasks, and the second puts together what the buckets have.
//!
//! As Flink's `SplitAggregateRule`, for `table.optimizer.distinct-agg.split.enabled`; but windows, and aggregates with functions
//! that go by the order of rows, stay in one level.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{Int32Array, Int64Array};

use crate::chunk::keys::can_be_key;
use crate::functions::{hash_code_function, operator};
use crate::plan::{
    AggregateCall, AggregateFunction, CaseBranch, Expression, ExpressionKind, LogicalNode, LogicalPlan,
    StateTtl, is_window_aggregate,
};
use crate::types::{Field, NamedField, Schema, SqlType};

/// The plan in which aggregates with DISTINCT have two levels, the first with so many buckets for each argument.
pub(crate) fn split_distinct(plan: LogicalPlan, buckets: u32) -> LogicalPlan {
    let plan = plan.map_inputs(&mut |input| split_distinct(input, buckets));
    Split::of(&plan, buckets).and_then(Split::plan).unwrap_or(plan)
}

/// An aggregate that is put into two levels.
struct Split<'p> {
    input: &'p LogicalPlan,
    keys: &'p [usize],
    calls: &'p [AggregateCall],
    ttl: Option<&'p StateTtl>,
    /// The columns of the aggregate.
    schema: &'p Schema,
    buckets: u32,
    /// The columns that have buckets.
    hashed: Vec<usize>,
    /// For each call, by the buckets of which columns it is computed.
    sets: Vec<BucketSet>,
}

/// Which of the columns that have buckets count, by their places among those.
type BucketSet = BTreeSet<usize>;

/// What the first level computes for a call of the aggregate.
struct Partial {
    /// Which call.
    of: usize,
    call: AggregateCall,
}

impl<'p> Split<'p> {
    fn of(plan: &'p LogicalPlan, buckets: u32) -> Option<Self> {
        let LogicalNode::Aggregate { input, keys, calls, ttl } = &plan.node else { return None };
        let is_split = calls.iter().any(|call| call.distinct) && calls.iter().all(can_be_split);
        if !is_split || is_window_aggregate(input, keys) {
            return None;
        }
        let of_call = |call: &AggregateCall| -> Vec<usize> {
            let arguments = call.arguments.iter().copied().filter(|argument| !keys.contains(argument));
            if has_buckets(call) { arguments.collect() } else { Vec::new() }
        };
        let hashed: BTreeSet<usize> = calls.iter().flat_map(of_call).collect();
        let hashed: Vec<usize> = hashed.into_iter().collect();
        let can_be_hashed = |column: &usize| can_be_key(&input.schema.field(*column).data_type);
        // The number of a set is made of a bit for each column.
        if hashed.is_empty() || hashed.len() >= 63 || !hashed.iter().all(can_be_hashed) {
            return None;
        }
        let place = |column: usize| hashed.iter().position(|hashed| *hashed == column);
        let sets = calls.iter().map(|call| of_call(call).into_iter().filter_map(place).collect()).collect();
        let ttl = ttl.as_ref();
        Some(Self { input, keys, calls, ttl, schema: &plan.schema, buckets, hashed, sets })
    }

    /// Whether rows have to be there once for each set of buckets: what is computed by some buckets counts for all others.
    fn expands(&self) -> bool {
        let of_buckets = self.calls.iter().zip(&self.sets).filter(|(call, _)| has_buckets(call));
        of_buckets.map(|(_, set)| set).collect::<BTreeSet<_>>().len() > 1
    }

    fn plan(self) -> Option<LogicalPlan> {
        let (rows, mut partials) = self.with_buckets()?;
        let rows = if self.expands() { self.expanded(rows, &mut partials)? } else { rows };
        let hashed = self.input.schema.len()..self.input.schema.len() + self.hashed.len();
        let first = self.level(rows, self.keys.iter().copied().chain(hashed).collect(), &partials);
        let seconds = partials.iter().enumerate().map(|(index, partial)| {
            let function = match partial.call.function {
                AggregateFunction::Count => AggregateFunction::Sum,
                function => function,
            };
            let field = match (self.calls.get(partial.of)?.function, partial.call.function) {
                // Where there is no GROUP BY, there may be no sum.
                (AggregateFunction::Average, AggregateFunction::Sum) => {
                    Field::nullable(partial.call.field.data_type.clone())
                }
                (AggregateFunction::Average, _) => partial.call.field.clone(),
                _ => self.calls.get(partial.of)?.field.clone(),
            };
            let arguments = vec![self.keys.len() + self.hashed.len() + index];
            Some(Partial {
                of: partial.of,
                call: AggregateCall { function, arguments, distinct: false, filter: None, field },
            })
        });
        let seconds = seconds.collect::<Option<Vec<_>>>()?;
        let second = self.level(first, (0..self.keys.len()).collect(), &seconds);
        self.results(second, &seconds)
    }

    /// The rows of the input with the buckets of arguments behind them, and behind those what averages add up; and what is
    /// computed of them first.
    fn with_buckets(&self) -> Option<(LogicalPlan, Vec<Partial>)> {
        let mut columns = self.input.all_columns();
        let buckets = Arc::new(Int32Array::from(vec![i32::try_from(self.buckets).ok()?]));
        let buckets = Expression::constant(buckets, SqlType::Int);
        for column in &self.hashed {
            let hash = hash_code_function().call(vec![self.input.column(*column)]).ok()?;
            let bucket = operator("MOD").ok()?.call(vec![hash, buckets.clone()]).ok()?;
            columns.push((Arc::from(format!("$f{}", columns.len())), bucket));
        }
        let mut partials = Vec::new();
        for (of, call) in self.calls.iter().enumerate() {
            let (AggregateFunction::Average, [argument]) = (call.function, call.arguments.as_slice()) else {
                partials.push(Partial { of, call: call.clone() });
                continue;
            };
            // An average adds up in a type in which there is room.
            let value = self.input.column(*argument);
            let summed = match value.field.data_type {
                ref data_type if data_type.is_integer() => SqlType::BigInt,
                SqlType::Float => SqlType::Double,
                ref other => other.clone(),
            };
            let argument = match value.field.data_type == summed {
                true => *argument,
                false => {
                    columns.push((Arc::from(format!("$f{}", columns.len())), value.cast_to(&summed)));
                    columns.len() - 1
                }
            };
            for function in [AggregateFunction::Sum, AggregateFunction::Count] {
                let arguments = vec![argument];
                let field = columns.get(argument).map(|(_, value)| value.field.clone())?;
                let field = function.infer(&[field], true).ok()?;
                partials
                    .push(Partial { of, call: AggregateCall { function, arguments, field, ..call.clone() } });
            }
        }
        for Partial { call, .. } in &mut partials {
            // A bucket may have no row that counts.
            let may_be_empty = call.function != AggregateFunction::Count && call.filter.is_some();
            call.field.nullable |= may_be_empty;
        }
        Some((self.input.clone().project(columns), partials))
    }

    /// Each row once for each set of buckets, with NULL for all others; calls count rows of their own set alone.
    fn expanded(&self, rows: LogicalPlan, partials: &mut [Partial]) -> Option<LogicalPlan> {
        let first_bucket = self.input.schema.len();
        let number = |set: &BucketSet| -> i64 {
            let absent = (0..self.hashed.len()).filter(|place| !set.contains(place));
            absent.map(|place| 1 << (self.hashed.len() - 1 - place)).sum()
        };
        let sets: BTreeSet<(i64, &BucketSet)> = self.sets.iter().map(|set| (number(set), set)).collect();
        let projections = sets.iter().map(|(number, set)| {
            let columns = rows.all_columns().into_iter().enumerate().map(|(index, (_, column))| {
                let place = index.checked_sub(first_bucket).filter(|place| *place < self.hashed.len());
                match place {
                    Some(place) if !set.contains(&place) => Expression::null(column.field.data_type),
                    _ => column,
                }
            });
            columns.chain([bigint(*number)]).collect()
        });
        let rows = rows.clone().expand(projections.collect(), "$e");
        // Which rows count is a column for each set and filter.
        let mut columns = rows.all_columns();
        let (_, of_row) = columns.pop()?;
        let mut known: Vec<((i64, Option<usize>), usize)> = Vec::new();
        for Partial { of, call } in partials {
            let wanted = (number(self.sets.get(*of)?), call.filter);
            let column = match known.iter().find(|(known, _)| *known == wanted) {
                Some((_, column)) => *column,
                None => {
                    let is_of_set = operator("=").ok()?.call(vec![of_row.clone(), bigint(wanted.0)]).ok()?;
                    let filter = call.filter.map(|filter| rows.column(filter));
                    let same = known.iter().filter(|((number, _), _)| *number == wanted.0).count();
                    let name = match same {
                        0 => format!("$g_{}", wanted.0),
                        _ => format!("$g_{}_{}", wanted.0, same - 1),
                    };
                    columns.push((Arc::from(name), Expression::all([is_of_set].into_iter().chain(filter))));
                    known.push((wanted, columns.len() - 1));
                    columns.len() - 1
                }
            };
            call.filter = Some(column);
            // Groups of other sets have no row that counts.
            call.field.nullable |= call.function != AggregateFunction::Count;
        }
        Some(rows.project(columns))
    }

    /// A level of aggregation. The columns of the whole aggregate's key come first.
    fn level(&self, rows: LogicalPlan, keys: Vec<usize>, calls: &[Partial]) -> LogicalPlan {
        let mut columns: Vec<NamedField> = self.schema.iter().take(self.keys.len()).cloned().collect();
        let buckets = keys.iter().skip(self.keys.len());
        columns.extend(buckets.filter_map(|key| rows.schema.get(*key).cloned()));
        for Partial { call, .. } in calls {
            let name = format!("$f{}", columns.len());
            let is_taken = columns.iter().any(|column| *column.name == *name);
            let name = if is_taken { format!("{name}_0") } else { name };
            columns.push(NamedField::new(name, call.field.clone()));
        }
        let calls = calls.iter().map(|partial| partial.call.clone()).collect();
        let schema = columns.into_iter().collect();
        rows.aggregate(keys, calls, schema).with_group_ttl(self.ttl.cloned())
    }

    /// The columns of the aggregate: an average is a sum by a count.
    fn results(&self, second: LogicalPlan, partials: &[Partial]) -> Option<LogicalPlan> {
        let mut columns: Vec<Expression> = (0..self.keys.len()).map(|key| second.column(key)).collect();
        let mut results = partials.iter().zip(self.keys.len()..);
        while let Some((Partial { of, .. }, column)) = results.next() {
            let call = self.calls.get(*of)?;
            let value = second.column(column);
            columns.push(match call.function {
                AggregateFunction::Average => {
                    let (_, count) = results.next()?;
                    let count = second.column(count);
                    let is_empty = operator("=").ok()?.call(vec![count.clone(), bigint(0)]).ok()?;
                    let average = operator("/").ok()?.call(vec![value, count]).ok()?;
                    let (data_type, field) = (&call.field.data_type, call.field.clone());
                    let branches =
                        vec![CaseBranch { condition: is_empty, result: Expression::null(data_type.clone()) }];
                    let otherwise = Box::new(average.cast_to(data_type));
                    Expression { kind: ExpressionKind::Case { branches, otherwise }, field }
                }
                _ => value,
            });
        }
        let names = self.schema.iter().map(|column| column.name.clone());
        Some(second.project(names.zip(columns).collect()))
    }
}

/// Whether a result can be put together of those of parts of the rows.
const fn can_be_split(call: &AggregateCall) -> bool {
    match call.function {
        AggregateFunction::Count
        | AggregateFunction::Sum
        | AggregateFunction::Average
        | AggregateFunction::Minimum
        | AggregateFunction::Maximum => true,
        // A bucket that gets a value again has no change, and the second level would not learn that it came last.
        AggregateFunction::FirstValue
        | AggregateFunction::LastValue
        | AggregateFunction::ListAggregate
        | AggregateFunction::SingleValue => false,
    }
}

/// Whether a call is computed by buckets of its arguments: those also that keep many values of a group.
const fn has_buckets(call: &AggregateCall) -> bool {
    call.distinct || matches!(call.function, AggregateFunction::Minimum | AggregateFunction::Maximum)
}

fn bigint(value: i64) -> Expression {
    Expression::constant(Arc::new(Int64Array::from(vec![value])), SqlType::BigInt)
}

#[cfg(test)]
mod tests;
