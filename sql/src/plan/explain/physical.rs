//! Physical plans: operators with their attributes.

use super::expression::{Format, calcite_type, text};
use super::logical::{REPLICATE_ROWS, replicate_rows, tuples};
use super::reuse::{Part, Reuse};
use super::{Tree, keyed, line, table_parts, window};
use crate::plan::changelog::{describe, sorts_by_time};
use crate::plan::{AggregateCall, ColumnPath, Expression, PhysicalNode, PhysicalPlan, StateTtl};
use crate::types::Schema;

pub(super) fn tree(plan: &PhysicalPlan, format: Format, changelog_mode: bool) -> Tree {
    let mut attributes = attributes(plan, format);
    if changelog_mode {
        let mode = if matches!(plan.node, PhysicalNode::Sink { .. }) {
            "NONE".to_owned()
        } else {
            plan.changelog.to_string()
        };
        attributes.push(("changelogMode", mode));
    }
    Tree {
        line: line(name(plan), &attributes),
        inputs: written_inputs(plan).map(|input| tree(input, format, changelog_mode)).collect(),
    }
}

/// What runs: a part that occurs again is only named there.
pub(super) fn shared_tree(plan: &PhysicalPlan, reuse: &mut Reuse) -> Tree {
    let line = operator(plan);
    match reuse.next(plan) {
        Part::Once => {
            Tree { line, inputs: written_inputs(plan).map(|input| shared_tree(input, reuse)).collect() }
        }
        Part::First(id) => Tree {
            line: format!("{line}(reuse_id=[{id}])"),
            inputs: written_inputs(plan).map(|input| shared_tree(input, reuse)).collect(),
        },
        Part::Again(id) => Tree { line: format!("Reused(reference_id=[{id}])"), inputs: Vec::new() },
    }
}

/// What an operator is called.
pub(super) fn name(plan: &PhysicalPlan) -> &'static str {
    match &plan.node {
        PhysicalNode::Sort { order } if sorts_by_time(&plan.schema, order) => "TemporalSort",
        node => describe(node),
    }
}

/// What an operator reads. Materialization is a part of the sink in Flink.
pub(super) fn written_inputs(plan: &PhysicalPlan) -> impl Iterator<Item = &PhysicalPlan> {
    plan.inputs.iter().map(|input| {
        let materialized = materialized(plan).and_then(PhysicalPlan::input);
        match materialized.map(|below| (&below.node, below.input())) {
            Some((PhysicalNode::Exchange { .. }, Some(below))) => below,
            _ => input,
        }
    })
}

/// The materialization that a sink reads from.
fn materialized(sink: &PhysicalPlan) -> Option<&PhysicalPlan> {
    let input = sink.input().filter(|_| matches!(sink.node, PhysicalNode::Sink { .. }))?;
    matches!(input.node, PhysicalNode::SinkUpsertMaterializer { .. }).then_some(input)
}

/// An operator in one line.
pub(super) fn operator(plan: &PhysicalPlan) -> String {
    line(name(plan), &attributes(plan, Format::Infix))
}

/// What an operator does.
fn attributes(plan: &PhysicalPlan, format: Format) -> Vec<(&'static str, String)> {
    let input_names: Vec<&str> = plan.input().into_iter().flat_map(|input| input.schema.names()).collect();
    let output_names = || plan.schema.names().collect::<Vec<_>>().join(", ");
    match &plan.node {
        PhysicalNode::Scan { table, columns, watermark, .. } => {
            let is_all = columns.iter().map(ColumnPath::root).eq(table.stored_columns())
                && columns.iter().all(|path| path.fields().is_empty());
            let pushed =
                if is_all { String::new() } else { format!(", project=[{}], metadata=[]", output_names()) };
            let watermark = watermark.as_ref().map(|watermark| {
                let names: Vec<&str> = plan.schema.names().collect();
                let strategy =
                    table.options.get("scan.watermark.emit.strategy").map_or("on-periodic", String::as_str);
                let watermark = text(watermark, &names, Format::Prefix);
                format!(", watermark=[{watermark}], watermarkEmitStrategy=[{}]", strategy.to_lowercase())
            });
            let (parts, watermark) = (table_parts(table), watermark.unwrap_or_default());
            vec![("table", format!("[{parts}{pushed}{watermark}]")), ("fields", output_names())]
        }
        PhysicalNode::Values(rows) => {
            let mut attributes = vec![("tuples", tuples(rows))];
            if format == Format::Prefix {
                let types = plan.schema.iter();
                let types =
                    types.map(|column| format!("{} {}", calcite_type(&column.field.data_type), column.name));
                let types = types.collect::<Vec<_>>().join(", ");
                attributes.insert(0, ("type", format!("RecordType({types})")));
            }
            attributes
        }
        PhysicalNode::Calc { condition, projection } => {
            let columns = plan.schema.names().zip(projection).map(|(name, expression)| {
                let text = text(expression, &input_names, format);
                if text == name { text } else { format!("{text} AS {name}") }
            });
            let mut attributes = vec![("select", columns.collect::<Vec<_>>().join(", "))];
            if let Some(condition) = condition {
                attributes.push(("where", text(condition, &input_names, format)));
            }
            attributes
        }
        PhysicalNode::WatermarkAssigner { column, expression } => vec![
            ("rowtime", plan.schema.name(*column).to_owned()),
            ("watermark", text(expression, &input_names, format)),
        ],
        PhysicalNode::MiniBatchAssigner { interval, by_event_time } => vec![
            ("interval", format!("{interval}ms")),
            ("mode", if *by_event_time { "RowTime" } else { "ProcTime" }.to_owned()),
        ],
        PhysicalNode::Union => vec![("all", "true".to_owned()), ("union", output_names())],
        PhysicalNode::ReplicateRows => {
            let columns = plan.schema.iter();
            let types =
                columns.map(|column| format!("{} {}", calcite_type(&column.field.data_type), column.name));
            let types = types.collect::<Vec<_>>().join(", ");
            vec![
                ("invocation", replicate_rows(input_names.len())),
                ("correlate", format!("table({REPLICATE_ROWS}({}))", input_names.join(","))),
                ("select", plan.schema.names().collect::<Vec<_>>().join(",")),
                ("rowType", format!("RecordType({types})")),
                ("joinType", "INNER".to_owned()),
            ]
        }
        PhysicalNode::Expand { projections } => {
            let rows = projections.iter().map(|columns| expanded(columns, plan, &input_names));
            vec![("projects", rows.collect::<Vec<_>>().join(", "))]
        }
        PhysicalNode::Exchange { keys } => vec![("distribution", distribution(keys, &plan.schema))],
        PhysicalNode::GroupAggregate { keys, calls, ttl } => {
            let retracts = plan.input().is_some_and(|input| !input.changelog.is_insert_only());
            let name_of = |column: &usize| input_names.get(*column).copied().unwrap_or_default();
            let keys: Vec<_> = keys.iter().map(name_of).collect();
            let results = calls.iter().enumerate().map(|(index, call)| {
                format!(
                    "{} AS {}",
                    aggregate(call, &input_names, retracts),
                    plan.schema.name(keys.len() + index)
                )
            });
            let select =
                keys.iter().map(|key| (*key).to_owned()).chain(results).collect::<Vec<_>>().join(", ");
            let mut attributes = Vec::new();
            if !keys.is_empty() {
                attributes.push(("groupBy", keys.join(", ")));
            }
            attributes.push(("select", select));
            attributes.extend(ttl.as_ref().map(|ttl| ("stateTtlHints", state_ttl_hint(ttl))));
            attributes
        }
        PhysicalNode::Sink { table } => {
            let mut attributes = vec![("table", table.path.to_string()), ("fields", output_names())];
            if materialized(plan).is_some() {
                attributes.push(("upsertMaterialize", "true".to_owned()));
            }
            attributes
        }
        PhysicalNode::WindowAggregate { .. }
        | PhysicalNode::WindowJoin { .. }
        | PhysicalNode::WindowRank { .. }
        | PhysicalNode::WindowTableFunction { .. } => window::attributes(plan, format),
        _ => keyed::attributes(plan, format),
    }
}

/// A row of those that are made of one: `{a, null AS $f1, 1 AS $e}`.
fn expanded(columns: &[Expression], plan: &PhysicalPlan, names: &[&str]) -> String {
    let columns = plan.schema.names().zip(columns).map(|(name, column)| match column.as_constant() {
        Some(constant) if constant.is_null() => format!("null AS {name}"),
        _ => {
            let text = text(column, names, Format::Infix);
            if text == name { text } else { format!("{text} AS {name}") }
        }
    });
    format!("{{{}}}", columns.collect::<Vec<_>>().join(", "))
}

/// How long groups are kept.
pub(super) fn state_ttl_hint(ttl: &StateTtl) -> String {
    format!("[[STATE_TTL options:[{ttl}]]]")
}

/// `hash[a, b]`, or `single` where all rows go to one subtask.
pub(super) fn distribution(keys: &[usize], schema: &Schema) -> String {
    if keys.is_empty() {
        return "single".to_owned();
    }
    let names: Vec<&str> = keys.iter().map(|key| schema.name(*key)).collect();
    format!("hash[{}]", names.join(", "))
}

pub(super) fn aggregate(call: &AggregateCall, names: &[&str], retracts: bool) -> String {
    let name_of = |column: &usize| names.get(*column).copied().unwrap_or_default();
    let arguments: Vec<_> = call.arguments.iter().map(name_of).collect();
    let arguments = if arguments.is_empty() { "*".to_owned() } else { arguments.join(", ") };
    let retraction = if retracts { "_RETRACT" } else { "" };
    let distinct = if call.distinct { "DISTINCT " } else { "" };
    let filter = call.filter.map_or_else(String::new, |column| format!(" FILTER {}", name_of(&column)));
    format!("{}{retraction}({distinct}{arguments}){filter}", call.function)
}
