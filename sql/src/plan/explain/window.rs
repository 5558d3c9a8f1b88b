//! Operators on windows with their attributes, as Flink's `WindowingStrategy` and its physical nodes write them.

use super::expression::Format;
use super::keyed::{join_condition, join_type, names, sort};
use super::physical::aggregate;
use crate::plan::{
    AttachedWindow, Cut, PhysicalNode, PhysicalPlan, WindowColumn, WindowForm, WindowFunction, WindowKind,
    Windowing,
};
use crate::types::{Schema, TimeKind};

/// What an operator on windows does; empty for another one.
pub(super) fn attributes(plan: &PhysicalPlan, format: Format) -> Vec<(&'static str, String)> {
    let input = plan.inputs.first().map_or(&plan.schema, |input| &input.schema);
    let select = || ("select", all(&plan.schema));
    match &plan.node {
        PhysicalNode::WindowAggregate { form: WindowForm::Group(_), .. } => group_window(plan, input),
        PhysicalNode::WindowAggregate { keys, windowing, .. } => {
            let mut attributes = group_by(keys, input);
            attributes.push(("window", window(windowing, input)));
            attributes.push(("select", results(plan, input)));
            attributes
        }
        PhysicalNode::WindowJoin { kind, condition, windows: [left, right] } => {
            let right_input = plan.inputs.get(1).map_or(&plan.schema, |input| &input.schema);
            vec![
                ("leftWindow", attached(left, input)),
                ("rightWindow", attached(right, right_input)),
                ("joinType", join_type(*kind).to_owned()),
                ("where", join_condition(condition, plan, format)),
                select(),
            ]
        }
        PhysicalNode::WindowRank { partition, order, window, deduplicates: true, .. } => {
            let latest = order.iter().all(|key| key.descending);
            let columns: Vec<usize> = order.iter().map(|key| key.column).collect();
            let is_rowtime = window.attribute.time_kind() == TimeKind::Rowtime;
            vec![
                ("window", attached(window, input)),
                ("keep", if latest { "LastRow" } else { "FirstRow" }.to_owned()),
                ("partitionKeys", names(&besides(partition, window), input)),
                ("orderKey", names(&columns, input)),
                ("order", if is_rowtime { "ROWTIME" } else { "PROCTIME" }.to_owned()),
            ]
        }
        PhysicalNode::WindowRank { partition, order, start, end, window, .. } => vec![
            ("window", attached(window, input)),
            ("rankType", "ROW_NUMBER".to_owned()),
            ("rankRange", format!("rankStart={start}, rankEnd={end}")),
            ("partitionBy", names(&besides(partition, window), input)),
            ("orderBy", sort(order, input)),
            select(),
        ],
        PhysicalNode::WindowTableFunction { function, .. } => {
            vec![("window", of_time(function, input))]
        }
        _ => Vec::new(),
    }
}

/// A window aggregate of GROUP BY, whose windows Flink writes in an older way.
fn group_window(plan: &PhysicalPlan, input: &Schema) -> Vec<(&'static str, String)> {
    let PhysicalNode::WindowAggregate { keys, windowing, columns, calls, form } = &plan.node else {
        return Vec::new();
    };
    let mut attributes = group_by(keys, input);
    let written = match windowing {
        Windowing::Attached { .. } => window(windowing, input),
        Windowing::Time(function) => {
            let time = input.name(function.time);
            match function.kind {
                WindowKind::Tumble { size } => format!("TumblingGroupWindow('w$, {time}, {size})"),
                WindowKind::Hop { slide, size } => {
                    format!("SlidingGroupWindow('w$, {time}, {size}, {slide})")
                }
                WindowKind::Session { gap } => format!("SessionGroupWindow('w$, {time}, {gap})"),
                WindowKind::Cumulate { .. } => window(windowing, input),
            }
        }
    };
    attributes.push(("window", written));
    let before = keys.len() + calls.len();
    let properties: Vec<_> =
        (before..before + columns.len()).map(|column| plan.schema.name(column).to_owned()).collect();
    attributes.push(("properties", properties.join(", ")));
    attributes.push(("select", results(plan, input)));
    if let WindowForm::Group(Some(strategy)) = form {
        attributes.push(("emit", strategy.to_string()));
    }
    attributes
}

fn group_by(keys: &[usize], input: &Schema) -> Vec<(&'static str, String)> {
    if keys.is_empty() { Vec::new() } else { vec![("groupBy", names(keys, input))] }
}

/// The columns of a window aggregate: `a, COUNT(*) AS n, start('w$) AS window_start`.
fn results(plan: &PhysicalPlan, input: &Schema) -> String {
    let PhysicalNode::WindowAggregate { keys, calls, windowing, columns, .. } = &plan.node else {
        return String::new();
    };
    let retracts = plan.input().is_some_and(|input| !input.changelog.is_insert_only());
    let input_names: Vec<&str> = input.names().collect();
    let keys = keys.iter().map(|key| input.name(*key).to_owned());
    let calls = calls.iter().map(|call| aggregate(call, &input_names, retracts));
    let of_window = columns.iter().map(|column| {
        let property = match column {
            WindowColumn::Start => "start",
            WindowColumn::End => "end",
            WindowColumn::Time if windowing.attribute().time_kind() == TimeKind::Rowtime => "rowtime",
            WindowColumn::Time => "proctime",
        };
        format!("{property}('w$)")
    });
    let named = keys.len();
    let named = calls.chain(of_window).zip(plan.schema.names().skip(named));
    keys.chain(named.map(|(result, name)| format!("{result} AS {name}"))).collect::<Vec<_>>().join(", ")
}

fn window(windowing: &Windowing, input: &Schema) -> String {
    match windowing {
        Windowing::Time(function) => of_time(function, input),
        Windowing::Attached { start, end, cut, .. } => in_columns(*start, *end, *cut, input),
    }
}

fn attached(window: &AttachedWindow, input: &Schema) -> String {
    in_columns(window.start, window.end, window.cut, input)
}

/// Windows that are in columns: `TUMBLE(win_start=[window_start], win_end=[window_end], size=[10 s])`.
fn in_columns(start: usize, end: usize, cut: Cut, input: &Schema) -> String {
    let columns = format!("win_start=[{}], win_end=[{}]", input.name(start), input.name(end));
    format!("{}({columns}, {}{})", cut.kind.name(), cut.kind.lengths(), offset(cut.offset))
}

/// Windows of time: `TUMBLE(time_col=[ts], size=[10 s])`.
fn of_time(function: &WindowFunction, input: &Schema) -> String {
    let partition: Vec<&str> = function.partition.iter().map(|column| input.name(*column)).collect();
    let partition = match partition.as_slice() {
        [] => String::new(),
        names => format!(", partition keys=[{}]", names.join(", ")),
    };
    format!(
        "{}(time_col=[{}], {}{}{partition})",
        function.kind.name(),
        input.name(function.time),
        function.kind.lengths(),
        offset(function.offset)
    )
}

fn offset(millis: i64) -> String {
    if millis == 0 { String::new() } else { format!(", offset=[{}]", crate::plan::window::duration(millis)) }
}

/// The columns of a partition besides those of the window, which Flink does not write.
fn besides(partition: &[usize], window: &AttachedWindow) -> Vec<usize> {
    partition.iter().copied().filter(|column| ![window.start, window.end].contains(column)).collect()
}

fn all(schema: &Schema) -> String {
    schema.names().collect::<Vec<_>>().join(", ")
}
