//! Joins, ranks and sorts: operators with their attributes.

use std::collections::BTreeSet;

use super::expression::{Format, text};
use super::phases;
use crate::plan::changelog::join_input_keys;
use crate::plan::{
    JoinCondition, JoinKind, LookupJoin, LookupSource, PhysicalNode, PhysicalPlan, RankForm, RankStrategy,
    SortKey,
};
use crate::types::{Schema, TimeKind};

/// What an operator does; empty for those that are not written here.
pub(super) fn attributes(plan: &PhysicalPlan, format: Format) -> Vec<(&'static str, String)> {
    let select = || ("select", plan.schema.names().collect::<Vec<_>>().join(", "));
    let input = plan.inputs.first().map_or(&plan.schema, |input| &input.schema);
    match &plan.node {
        PhysicalNode::Join { kind, condition, ttl } => {
            let mut attributes = vec![
                ("joinType", join_type(*kind).to_owned()),
                ("where", join_condition(condition, plan, format)),
                select(),
                ("leftInputSpec", unique_key(plan, 0, condition.keys.iter().map(|key| key.left).collect())),
                ("rightInputSpec", unique_key(plan, 1, condition.keys.iter().map(|key| key.right).collect())),
            ];
            attributes.extend(ttl.describe().map(|hints| ("stateTtlHints", hints)));
            attributes.extend(plan.bundle.map(|_| ("miniBatch", "true".to_owned())));
            attributes
        }
        PhysicalNode::LookupJoin(join) => lookup_join(join, plan, format),
        PhysicalNode::LocalGroupAggregate { .. } | PhysicalNode::GlobalGroupAggregate { .. } => {
            phases::attributes(plan)
        }
        PhysicalNode::Rank { partition, order, strategy: RankStrategy::Deduplicate, .. } => {
            let keep = if order.iter().any(|key| key.descending) { "LastRow" } else { "FirstRow" };
            let is_rowtime =
                |key: &SortKey| input.field(key.column).data_type.time_kind() == TimeKind::Rowtime;
            let time = if order.iter().any(is_rowtime) { "ROWTIME" } else { "PROCTIME" };
            vec![("keep", keep.to_owned()), ("key", names(partition, input)), ("order", time.to_owned())]
        }
        PhysicalNode::Rank { form: RankForm::Rank, partition, order, start, end, strategy, .. } => vec![
            ("strategy", self::strategy(strategy)),
            ("rankType", "ROW_NUMBER".to_owned()),
            ("rankRange", format!("rankStart={start}, rankEnd={end}")),
            ("partitionBy", names(partition, input)),
            ("orderBy", sort(order, input)),
            select(),
        ],
        PhysicalNode::Rank { form: RankForm::SortLimit, order, start, end, strategy, .. } => {
            let mut attributes = vec![("orderBy", sort(order, input))];
            attributes.extend(limit(*start, *end));
            attributes.push(("strategy", self::strategy(strategy)));
            attributes
        }
        PhysicalNode::Rank { form: RankForm::Limit, start, end, .. } => limit(*start, *end).to_vec(),
        PhysicalNode::Sort { order } => vec![("orderBy", sort(order, input))],
        PhysicalNode::ChangelogNormalize { key } => vec![("key", names(key, input))],
        _ => Vec::new(),
    }
}

/// As Flink's `CommonPhysicalLookupJoin`.
fn lookup_join(join: &LookupJoin, plan: &PhysicalPlan, format: Format) -> Vec<(&'static str, String)> {
    let inputs: Vec<&str> = plan.inputs.iter().flat_map(|input| input.schema.names()).collect();
    let fetched: Vec<&str> = join.fetched.names().collect();
    let keys = join.keys.iter().map(|key| {
        let equal = match &key.source {
            LookupSource::Column(column) => inputs.get(*column).copied().unwrap_or_default().to_owned(),
            LookupSource::Constant(constant) => text(constant, &[], format),
        };
        format!("{}={equal}", fetched.get(key.column).copied().unwrap_or_default())
    });
    let mut attributes = vec![
        ("table", join.table.path.to_string()),
        ("joinType", join_type(join.kind).to_owned()),
        ("lookup", keys.collect::<Vec<_>>().join(", ")),
    ];
    attributes.extend(join.condition.iter().map(|condition| ("where", text(condition, &fetched, format))));
    let names: Vec<&str> = plan.schema.names().collect();
    attributes.extend(join.residual.iter().map(|rest| ("joinCondition", text(rest, &names, format))));
    let left = plan.input().map_or(0, |input| input.schema.len());
    let rights = names.iter().skip(left).zip(&join.projection).map(|(name, expression)| {
        let text = text(expression, &fetched, format);
        if text == *name { text } else { format!("{text} AS {name}") }
    });
    let select = inputs.iter().map(|name| (*name).to_owned()).chain(rights);
    attributes.push(("select", select.collect::<Vec<_>>().join(", ")));
    attributes
}

/// What is known of the rows of a join's input, as Flink's `JoinInputSideSpec`.
fn unique_key(join: &PhysicalPlan, input: usize, join_key: BTreeSet<usize>) -> String {
    let keys = join.inputs.get(input).map(join_input_keys).unwrap_or_default();
    let known = match keys.iter().any(|key| key.is_subset(&join_key)) {
        true => "JoinKeyContainsUniqueKey",
        false if keys.is_empty() => "NoUniqueKey",
        false => "HasUniqueKey",
    };
    known.to_owned()
}

pub(super) const fn join_type(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "InnerJoin",
        JoinKind::Left => "LeftOuterJoin",
        JoinKind::Right => "RightOuterJoin",
        JoinKind::Full => "FullOuterJoin",
        JoinKind::Semi => "LeftSemiJoin",
        JoinKind::Anti => "LeftAntiJoin",
    }
}

pub(super) fn join_condition(condition: &JoinCondition, plan: &PhysicalPlan, format: Format) -> String {
    let names: Vec<&str> = plan.inputs.iter().flat_map(|input| input.schema.names()).collect();
    let left = plan.inputs.first().map_or(0, |input| input.schema.len());
    let name = |column: usize| names.get(column).copied().unwrap_or_default();
    let keys = condition.keys.iter().map(|key| {
        let operator = if key.null_safe { "IS NOT DISTINCT FROM" } else { "=" };
        let (a, b) = (name(key.left), name(left + key.right));
        if format == Format::Infix {
            format!("({a} {operator} {b})")
        } else {
            format!("{operator}({a}, {b})")
        }
    });
    let rest = condition.residual.iter().map(|rest| text(rest, &names, format));
    let all: Vec<String> = keys.chain(rest).collect();
    match all.as_slice() {
        [] => "true".to_owned(),
        [only] => only.clone(),
        _ if format == Format::Infix => format!("({})", all.join(" AND ")),
        _ => format!("AND({})", all.join(", ")),
    }
}

fn strategy(strategy: &RankStrategy) -> String {
    match strategy {
        RankStrategy::Undecided => "UndefinedStrategy".to_owned(),
        RankStrategy::AppendFast => "AppendFastStrategy".to_owned(),
        RankStrategy::UpdateFast(key) => {
            let key: Vec<_> = key.iter().map(ToString::to_string).collect();
            format!("UpdateFastStrategy[{}]", key.join(","))
        }
        RankStrategy::Retract => "RetractStrategy".to_owned(),
        RankStrategy::Deduplicate => "Deduplicate".to_owned(),
    }
}

/// OFFSET and FETCH of the rows from number `start` to number `end`.
fn limit(start: u64, end: u64) -> [(&'static str, String); 2] {
    let offset = start.saturating_sub(1);
    let fetch = if end == u64::MAX { "unlimited".to_owned() } else { end.saturating_sub(offset).to_string() };
    [("offset", offset.to_string()), ("fetch", fetch)]
}

pub(super) fn sort(order: &[SortKey], input: &Schema) -> String {
    let keys = order
        .iter()
        .map(|key| format!("{} {}", input.name(key.column), if key.descending { "DESC" } else { "ASC" }));
    keys.collect::<Vec<_>>().join(", ")
}

pub(super) fn names(columns: &[usize], input: &Schema) -> String {
    columns.iter().map(|column| input.name(*column)).collect::<Vec<_>>().join(", ")
}
