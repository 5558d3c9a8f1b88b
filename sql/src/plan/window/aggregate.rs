//! GROUP BY with the start and the end of a window: each window is aggregated once, when it is over.

use std::collections::BTreeSet;

use super::absorb::{Absorbed, Source, absorb};
use super::{WindowColumn, WindowForm, WindowKind, WindowProperties, Windowing, window_properties};
use crate::plan::{AggregateCall, Expression, LogicalPlan};
use crate::types::{NamedField, Schema};

/// A window aggregate: what it reads, and where its results go.
pub(in crate::plan) struct WindowAggregate {
    /// The rows.
    pub(in crate::plan) input: LogicalPlan,
    /// Where a row's window comes from.
    pub(in crate::plan) windowing: Windowing,
    /// Where the query says it.
    pub(in crate::plan) form: WindowForm,
    /// The columns that group besides those of the window, by position.
    pub(in crate::plan) keys: Vec<usize>,
    /// What is computed.
    pub(in crate::plan) calls: Vec<AggregateCall>,
    /// The window's columns in the result, behind keys and calls.
    pub(in crate::plan) columns: Vec<WindowColumn>,
    /// The columns of its result.
    pub(in crate::plan) schema: Schema,
    /// The columns of the aggregate, over that result.
    pub(in crate::plan) projection: Vec<Expression>,
}

/// Whether an aggregate of a plan's rows by these keys is one of windows, as Flink's `WindowUtil.isValidWindowAggregate`.
pub(crate) fn is_window_aggregate(input: &LogicalPlan, keys: &[usize]) -> bool {
    let Some(properties) = window_properties(input) else { return false };
    let has = |what| properties.among(keys, what).is_some();
    if !has(WindowColumn::Start) || !has(WindowColumn::End) {
        return false;
    }
    if matches!(properties.kind, WindowKind::Session { .. }) && !groups_by_partition(&properties, keys) {
        return false;
    }
    // Processing time has gone on when a window comes out of something else.
    properties.is_rowtime() || absorb(input).is_some()
}

/// Whether the keys besides those of the window are those by which sessions are told apart.
fn groups_by_partition(properties: &WindowProperties, keys: &[usize]) -> bool {
    let others = keys.iter().copied().filter(|key| properties.of(*key).is_none()).map(Some);
    others.collect::<BTreeSet<_>>() == properties.partition.iter().copied().collect()
}

/// The aggregate as one of windows; `None` if it is none.
pub(in crate::plan) fn window_aggregate(
    input: &LogicalPlan,
    keys: &[usize],
    calls: &[AggregateCall],
    schema: &Schema,
) -> Option<WindowAggregate> {
    if !is_window_aggregate(input, keys) {
        return None;
    }
    let properties = window_properties(input)?;
    let form = properties.form;
    let absorbed = absorb(input).filter(|absorbed| {
        // Those of GROUP BY may hop by any slide. If that leaves no slices, each row goes into each of its windows.
        match form {
            WindowForm::TableFunction => true,
            WindowForm::Group(None) => absorbed.function.kind.check_slices().is_ok(),
            WindowForm::Group(Some(_)) => false,
        }
    });
    let absorbed = absorbed.and_then(|absorbed| moved(absorbed, keys, calls));
    let (input, windowing, group, calls) = absorbed.or_else(|| {
        let windowing = Windowing::Attached {
            start: properties.among(keys, WindowColumn::Start)?,
            end: properties.among(keys, WindowColumn::End)?,
            attribute: properties.attribute.clone(),
            cut: properties.cut(),
        };
        let group = keys.iter().copied().filter(|key| properties.of(*key).is_none()).collect();
        Some((input.clone(), windowing, group, calls.to_vec()))
    })?;
    let attribute = windowing.attribute().clone();
    let asked: BTreeSet<_> = keys.iter().filter_map(|key| properties.of(*key)).collect();
    let columns: Vec<_> = asked.into_iter().collect();
    let key_columns = group.iter().filter_map(|key| input.schema.get(*key).cloned());
    let results = schema.iter().skip(keys.len()).cloned();
    let of_window = columns.iter().map(|what| {
        let column = what.column(&attribute);
        // Those of GROUP BY have the names that the query gives them.
        let key = keys.iter().position(|key| properties.of(*key) == Some(*what));
        let named = key.and_then(|key| schema.get(key)).filter(|_| form != WindowForm::TableFunction);
        named
            .map_or_else(|| column.clone(), |named| NamedField::new(named.name.clone(), column.field.clone()))
    });
    let result = key_columns.chain(results).chain(of_window);
    let result: Schema = result.collect();
    // The columns of the window stand behind the results.
    let mut next_key = 0..group.len();
    let places = keys.iter().map(|key| match properties.of(*key) {
        Some(what) => {
            columns.iter().position(|known| *known == what).map(|at| group.len() + calls.len() + at)
        }
        None => next_key.next(),
    });
    let places = places.chain((group.len()..group.len() + calls.len()).map(Some));
    let projection =
        places.zip(schema.fields()).map(|(place, field)| Some(Expression::column(place?, field.clone())));
    let projection = projection.collect::<Option<_>>()?;
    Some(WindowAggregate { input, windowing, form, keys: group, calls, columns, schema: result, projection })
}

/// Keys and calls over the plan below the window function; `None` if a call reads a column of the window.
fn moved(
    absorbed: Absorbed,
    keys: &[usize],
    calls: &[AggregateCall],
) -> Option<(LogicalPlan, Windowing, Vec<usize>, Vec<AggregateCall>)> {
    let place = |column: &usize| match absorbed.columns.get(*column)? {
        Source::Kept(position) => Some(*position),
        Source::Window(_) => None,
    };
    let calls = calls.iter().map(|call| {
        Some(AggregateCall {
            arguments: call.arguments.iter().map(place).collect::<Option<_>>()?,
            filter: match &call.filter {
                Some(filter) => Some(place(filter)?),
                None => None,
            },
            ..call.clone()
        })
    });
    let calls = calls.collect::<Option<_>>()?;
    let group = keys.iter().filter_map(place).collect();
    Some((absorbed.plan, Windowing::Time(absorbed.function), group, calls))
}
