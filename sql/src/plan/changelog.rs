//! Which changes each operator of a plan gives, and which it must: as Flink's `FlinkChangelogModeInferenceProgram`.
//!
//! Three visits. The first goes up: from the changes of its inputs follow those of an operator, and an operator that cannot
//! take some of them says so. The second goes down: whoever reads updates says whether it needs to know what a row was
//! before, and each operator gives that, or cannot. The third goes down again: whoever reads deletions says whether the
//! key of a row is enough.

mod delete_kind;
mod kinds;
mod rank;
mod upsert_key;

use std::collections::BTreeSet;

use super::{
    JoinKind, PhysicalNode, PhysicalPlan, RankForm, RankStrategy, SortKey, WindowForm, WindowKind, Windowing,
};
use crate::error::{SqlError, SqlResult};
use crate::types::{Schema, TimeKind};

use delete_kind::delete_kind;
pub use kinds::{DeleteKind, ModifyKinds, UpdateKind};
pub use upsert_key::{join_input_keys, upsert_keys};

/// Sets which changes each operator of a plan gives. `wanted` are those that the reader of the plan takes.
///
/// # Errors
/// If an operator, or the reader, cannot take the changes that it would get.
pub fn infer(plan: PhysicalPlan, wanted: UpdateKind) -> SqlResult<PhysicalPlan> {
    infer_with_deletes(plan, wanted, DeleteKind::Full)
}

/// As [`infer`], for a reader to whom the key of a row that is deleted may be enough.
///
/// # Errors
/// As [`infer`].
pub fn infer_with_deletes(
    plan: PhysicalPlan,
    wanted: UpdateKind,
    deletes: DeleteKind,
) -> SqlResult<PhysicalPlan> {
    let plan = modify_kinds(plan)?;
    let description = describe(&plan.node);
    let plan = update_kind(plan, wanted).and_then(|plan| match deletes {
        DeleteKind::ByKey => {
            delete_kind(plan.clone(), DeleteKind::ByKey).or_else(|| delete_kind(plan, DeleteKind::Full))
        }
        DeleteKind::Full => delete_kind(plan, DeleteKind::Full),
    });
    plan.ok_or_else(|| {
        SqlError::unsupported(format!("Can't generate a valid execution plan for the given query: {description} cannot give the changes that are asked for"))
    })
}

/// The first visit: which of insertions, updates and deletions there are.
fn modify_kinds(plan: PhysicalPlan) -> SqlResult<PhysicalPlan> {
    let inputs = plan.inputs.into_iter().map(modify_kinds).collect::<SqlResult<Vec<_>>>()?;
    let plan = PhysicalPlan { inputs, ..plan };
    let inputs = &plan.inputs;
    let all = inputs.iter().fold(ModifyKinds::NONE, |kinds, input| kinds.union(input.changelog));
    let changelog = match &plan.node {
        PhysicalNode::Scan { changelog, .. } => *changelog,
        PhysicalNode::Values(_) => ModifyKinds::INSERT,
        PhysicalNode::Calc { .. }
        | PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::Union
        | PhysicalNode::Exchange { .. }
        | PhysicalNode::ReplicateRows
        | PhysicalNode::Expand { .. }
        | PhysicalNode::DropUpdateBefore
        | PhysicalNode::LookupJoin(_)
        | PhysicalNode::Sink { .. } => all,
        // Aggregates are put into two phases when all changes are known.
        PhysicalNode::LocalGroupAggregate { .. } => ModifyKinds::INSERT,
        PhysicalNode::GlobalGroupAggregate { .. } => plan.changelog,
        PhysicalNode::Join { kind, .. } => match kind {
            JoinKind::Inner | JoinKind::Semi => all,
            // A row that has been in no pair is taken back when one comes.
            _ => ModifyKinds { key_only_deletes: all.key_only_deletes, ..ModifyKinds::ALL },
        },
        // A window is aggregated once, when it is over, unless it is said to be otherwise.
        PhysicalNode::WindowAggregate { form: WindowForm::Group(Some(_)), .. } => {
            ModifyKinds { delete: !all.is_insert_only(), ..ModifyKinds::ALL }
        }
        PhysicalNode::WindowAggregate { windowing, .. } => {
            if let Windowing::Time(function) = windowing {
                function.kind.check_slices()?;
            }
            ModifyKinds::INSERT
        }
        PhysicalNode::WindowJoin { .. } | PhysicalNode::WindowRank { .. } => {
            inputs.iter().try_for_each(|input| require_insert_only(&plan.node, input))?;
            ModifyKinds::INSERT
        }
        // Sessions wait for all of their rows.
        PhysicalNode::WindowTableFunction { function, .. } => {
            if let (WindowKind::Session { .. }, [input]) = (function.kind, inputs.as_slice()) {
                require_insert_only(&plan.node, input)?;
            }
            all
        }
        // A group goes when its last row does.
        PhysicalNode::GroupAggregate { calls, .. } if calls.is_empty() && all.is_insert_only() => {
            ModifyKinds::INSERT
        }
        PhysicalNode::GroupAggregate { .. } => {
            ModifyKinds { delete: !all.is_insert_only(), ..ModifyKinds::ALL }
        }
        // Rows without an order stay once they are there, and so does the first by time.
        PhysicalNode::Rank { form: RankForm::Limit, .. } if all.is_insert_only() => ModifyKinds::INSERT,
        PhysicalNode::Rank { .. } if rank::keeps_first(&plan) => ModifyKinds::INSERT,
        PhysicalNode::Rank { .. } => ModifyKinds::ALL,
        PhysicalNode::Sort { order } => {
            if sorts_by_time(&plan.schema, order) {
                inputs.iter().try_for_each(|input| require_insert_only(&plan.node, input))?;
            }
            ModifyKinds::INSERT
        }
        PhysicalNode::ChangelogNormalize { .. } | PhysicalNode::SinkUpsertMaterializer { .. } => {
            ModifyKinds::ALL
        }
    };
    Ok(PhysicalPlan { changelog, ..plan })
}

/// Says that an operator takes insertions alone; `of` is the input.
pub(crate) fn require_insert_only(node: &PhysicalNode, of: &PhysicalPlan) -> SqlResult<()> {
    if of.changelog.is_insert_only() {
        return Ok(());
    }
    let changes = match (of.changelog.update, of.changelog.delete) {
        (true, true) => "update and delete changes",
        (true, false) => "update changes",
        _ => "delete changes",
    };
    Err(SqlError::unsupported(format!(
        "{} doesn't support consuming {changes} which is produced by node {}",
        describe(node),
        describe(&of.node)
    )))
}

/// The second visit: the plan in a form that gives the updates which `wanted` says, if there is one.
fn update_kind(plan: PhysicalPlan, wanted: UpdateKind) -> Option<PhysicalPlan> {
    let wanted = if plan.changelog.update { wanted } else { UpdateKind::None };
    match &plan.node {
        PhysicalNode::Scan { changelog, .. } => match wanted {
            UpdateKind::OnlyAfter if changelog.update_before => Some(plan.drop_update_before()),
            // Rows as they were before have to be remembered.
            UpdateKind::BeforeAfter if !changelog.update_before => {
                let key = upsert_keys(&plan).into_iter().next()?;
                Some(plan.changelog_normalize(key.into_iter().collect()))
            }
            _ => Some(plan),
        },
        PhysicalNode::Values(_) => Some(plan),
        // What a filter or the key's own columns say of a row may be otherwise after an update: then the row before
        // the update has to be seen.
        PhysicalNode::Calc { .. } if wanted == UpdateKind::OnlyAfter && !keeps_upsert_key(&plan) => None,
        // Rows that are made of a row are found by what it was.
        PhysicalNode::ReplicateRows | PhysicalNode::Expand { .. } if wanted == UpdateKind::OnlyAfter => None,
        // A row that finds nothing any more after an update is only taken back with what it was before.
        PhysicalNode::LookupJoin(join)
            if wanted == UpdateKind::OnlyAfter && !(join.kind == JoinKind::Left && join.is_unique()) =>
        {
            None
        }
        // An update of a row changes which rows it belongs to, unless its key has what is joined by.
        PhysicalNode::Join { .. } if wanted == UpdateKind::OnlyAfter && !updates_keep_join_keys(&plan) => {
            None
        }
        PhysicalNode::Join { .. } => {
            let below = if wanted == UpdateKind::OnlyAfter { wanted } else { UpdateKind::BeforeAfter };
            let plan = through(plan, below)?;
            let update_before = plan.changelog.update && wanted == UpdateKind::BeforeAfter;
            Some(PhysicalPlan { changelog: ModifyKinds { update_before, ..plan.changelog }, ..plan })
        }
        PhysicalNode::GroupAggregate { .. }
        | PhysicalNode::WindowAggregate { form: WindowForm::Group(Some(_)), .. } => {
            let plan = through(plan, UpdateKind::BeforeAfter)?;
            let update_before = wanted == UpdateKind::BeforeAfter;
            Some(PhysicalPlan { changelog: ModifyKinds { update_before, ..plan.changelog }, ..plan })
        }
        PhysicalNode::WindowAggregate { .. }
        | PhysicalNode::WindowJoin { .. }
        | PhysicalNode::WindowRank { .. } => through(plan, UpdateKind::BeforeAfter),
        PhysicalNode::Rank { .. } => {
            let plan = rank::decide(plan)?;
            let update_before = wanted == UpdateKind::BeforeAfter;
            Some(PhysicalPlan { changelog: ModifyKinds { update_before, ..plan.changelog }, ..plan })
        }
        PhysicalNode::Sort { .. }
        | PhysicalNode::LocalGroupAggregate { .. }
        | PhysicalNode::GlobalGroupAggregate { .. } => through(plan, UpdateKind::BeforeAfter),
        // It finds the rows of the query by what they were, and replaces those of the sink by their key.
        PhysicalNode::SinkUpsertMaterializer { .. } => {
            let plan = through(plan, UpdateKind::BeforeAfter)?;
            Some(PhysicalPlan { changelog: ModifyKinds::ALL.without_update_before(), ..plan })
        }
        PhysicalNode::ChangelogNormalize { .. } => Some(plan),
        PhysicalNode::Calc { .. }
        | PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::WindowTableFunction { .. }
        | PhysicalNode::Union
        | PhysicalNode::Exchange { .. }
        | PhysicalNode::ReplicateRows
        | PhysicalNode::Expand { .. }
        | PhysicalNode::DropUpdateBefore
        | PhysicalNode::LookupJoin(_)
        | PhysicalNode::Sink { .. } => {
            let plan = through(plan, wanted)?;
            let update_before = plan.inputs.iter().any(|input| input.changelog.update_before);
            // What a source does not say, which of its rows are new, is known where they are remembered.
            let insert = plan.inputs.iter().any(|input| input.changelog.insert) || plan.changelog.insert;
            Some(PhysicalPlan { changelog: ModifyKinds { update_before, insert, ..plan.changelog }, ..plan })
        }
    }
}

/// Whether rows are ordered by a time attribute first, so that watermarks or the clock say when a row can go.
pub(crate) fn sorts_by_time(schema: &Schema, order: &[SortKey]) -> bool {
    order.first().is_some_and(|first| {
        !first.descending && schema.field(first.column).data_type.time_kind() != TimeKind::Regular
    })
}

/// The plan with inputs that give these updates.
fn through(plan: PhysicalPlan, wanted: UpdateKind) -> Option<PhysicalPlan> {
    let inputs = plan.inputs.into_iter().map(|input| update_kind(input, wanted)).collect::<Option<_>>()?;
    Some(PhysicalPlan { inputs, ..plan })
}

/// Whether a Calc with a condition looks only at columns that an update leaves as they are.
fn keeps_upsert_key(calc: &PhysicalPlan) -> bool {
    let (PhysicalNode::Calc { condition, .. }, Some(input)) = (&calc.node, calc.input()) else {
        return false;
    };
    let Some(condition) = condition else { return true };
    let mut read = BTreeSet::new();
    condition.visit_columns(&mut |column| {
        read.insert(column);
    });
    upsert_keys(input).iter().any(|key| read.is_subset(key))
}

/// Whether an update of an input leaves a row with those that it was joined with: each input that is updated is known by
/// columns among which are all that the condition looks at.
fn updates_keep_join_keys(join: &PhysicalPlan) -> bool {
    let (PhysicalNode::Join { condition, .. }, [left, _]) = (&join.node, join.inputs.as_slice()) else {
        return false;
    };
    let mut columns = [
        condition.keys.iter().map(|key| key.left).collect::<BTreeSet<_>>(),
        condition.keys.iter().map(|key| key.right).collect(),
    ];
    let [of_left, of_right] = &mut columns;
    if let Some(residual) = &condition.residual {
        residual.visit_columns(&mut |column| {
            match column.checked_sub(left.schema.len()) {
                None => of_left.insert(column),
                Some(column) => of_right.insert(column),
            };
        });
    }
    join.inputs.iter().zip(&columns).all(|(input, columns)| {
        !input.changelog.update || join_input_keys(input).iter().any(|key| columns.is_subset(key))
    })
}

/// An operator, for messages.
pub(crate) fn describe(node: &PhysicalNode) -> &'static str {
    match node {
        PhysicalNode::Scan { .. } => "TableSourceScan",
        PhysicalNode::Values(_) => "Values",
        PhysicalNode::Calc { .. } => "Calc",
        PhysicalNode::WatermarkAssigner { .. } => "WatermarkAssigner",
        PhysicalNode::MiniBatchAssigner { .. } => "MiniBatchAssigner",
        PhysicalNode::Union => "Union",
        PhysicalNode::Exchange { .. } => "Exchange",
        PhysicalNode::GroupAggregate { .. } => "GroupAggregate",
        PhysicalNode::LocalGroupAggregate { .. } => "LocalGroupAggregate",
        PhysicalNode::GlobalGroupAggregate { .. } => "GlobalGroupAggregate",
        PhysicalNode::Join { .. } => "Join",
        PhysicalNode::LookupJoin(_) => "LookupJoin",
        PhysicalNode::WindowAggregate { form: WindowForm::Group(_), .. } => "GroupWindowAggregate",
        PhysicalNode::WindowAggregate { .. } => "WindowAggregate",
        PhysicalNode::WindowJoin { .. } => "WindowJoin",
        PhysicalNode::WindowRank { deduplicates: true, .. } => "WindowDeduplicate",
        PhysicalNode::WindowRank { .. } => "WindowRank",
        PhysicalNode::WindowTableFunction { .. } => "WindowTableFunction",
        PhysicalNode::Rank { strategy: RankStrategy::Deduplicate, .. } => "Deduplicate",
        PhysicalNode::Rank { form: RankForm::Rank, .. } => "Rank",
        PhysicalNode::Rank { form: RankForm::SortLimit, .. } => "SortLimit",
        PhysicalNode::Rank { form: RankForm::Limit, .. } => "Limit",
        PhysicalNode::Sort { .. } => "Sort",
        PhysicalNode::ReplicateRows => "Correlate",
        PhysicalNode::Expand { .. } => "Expand",
        PhysicalNode::ChangelogNormalize { .. } => "ChangelogNormalize",
        PhysicalNode::SinkUpsertMaterializer { .. } => "SinkMaterializer",
        PhysicalNode::DropUpdateBefore => "DropUpdateBefore",
        PhysicalNode::Sink { .. } => "Sink",
    }
}
