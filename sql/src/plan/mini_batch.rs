//! Mini-batch: operators that collect rows before they work on them, and what tells them to.
//!
//! As Flink's `MiniBatchIntervalInferRule` and `TwoStageOptimizedAggregateRule`, of a plan of which the changes are known.
//! Above each source there is an assigner of markers: by the clock, or, below an operator that reads event time, by the
//! watermarks of the source, of which it lets through one an interval.

mod two_phase;

use super::{JoinKind, PhysicalNode, PhysicalPlan, RankStrategy, WindowForm};
use crate::types::TimeKind;

/// The settings `table.exec.mini-batch.*`, of a session that has it on, and those that only mean something then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MiniBatch {
    /// How long rows may wait, in milliseconds of the clock or of event time.
    pub allow_latency: u64,
    /// How many rows an operator collects at most.
    pub size: u64,
    /// Whether aggregates add up rows before these go to the subtasks of their keys, where they can.
    pub two_phase: bool,
}

/// What the markers below an operator go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Markers {
    /// Nobody wants any.
    None,
    /// Somebody above must not have them.
    Never,
    /// The clock, with this interval.
    Clock(u64),
    /// Event time, with this interval; 0 for whoever takes all watermarks.
    EventTime(u64),
}

impl MiniBatch {
    /// The plan with that which makes a difference to the changes of its operators, before these are inferred.
    #[must_use]
    pub fn prepare(&self, mut plan: PhysicalPlan) -> PhysicalPlan {
        if matches!(plan.node, PhysicalNode::Rank { .. }) {
            plan.bundle = Some(self.size);
        }
        plan.inputs = plan.inputs.into_iter().map(|input| self.prepare(input)).collect();
        plan
    }

    /// The plan with operators that collect rows.
    #[must_use]
    pub fn apply(&self, plan: PhysicalPlan) -> PhysicalPlan {
        let plan = two_phase::apply(plan, self.two_phase);
        self.assign(plan, Markers::Clock(self.allow_latency))
    }

    fn assign(&self, mut plan: PhysicalPlan, above: Markers) -> PhysicalPlan {
        plan.bundle = collects(&plan.node).then_some(self.size);
        let below = match &plan.node {
            PhysicalNode::WatermarkAssigner { .. } => Markers::None,
            PhysicalNode::WindowAggregate { form: WindowForm::Group(_), .. } => Markers::Never,
            _ if reads_watermarks(&plan) => above.merge(Markers::EventTime(0)),
            _ => above,
        };
        plan.inputs = plan.inputs.into_iter().map(|input| self.input(input, below)).collect();
        plan
    }

    fn input(&self, plan: PhysicalPlan, markers: Markers) -> PhysicalPlan {
        let is_origin =
            matches!(plan.node, PhysicalNode::Scan { .. } | PhysicalNode::WatermarkAssigner { .. });
        let (interval, by_event_time) = match markers {
            Markers::Clock(interval) => (interval, false),
            Markers::EventTime(interval) => (interval, true),
            Markers::None | Markers::Never => return self.assign(plan, markers),
        };
        if !is_origin {
            return self.assign(plan, markers);
        }
        let (schema, changelog) = (plan.schema.clone(), plan.changelog);
        let node = PhysicalNode::MiniBatchAssigner { interval, by_event_time };
        let plan = self.assign(plan, Markers::None);
        PhysicalPlan { changelog, ..PhysicalPlan::new(node, vec![plan], schema) }
    }
}

impl Markers {
    /// What satisfies both: event time, if one of them needs it.
    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::None, markers) | (markers, Self::None) => markers,
            (Self::Clock(_), Self::Clock(_)) => self,
            (Self::EventTime(interval), Self::EventTime(other)) => Self::EventTime(divisor(interval, other)),
            (Self::EventTime(0), Self::Clock(interval)) | (Self::Clock(interval), Self::EventTime(0)) => {
                Self::EventTime(interval)
            }
            (Self::EventTime(interval), Self::Clock(_)) | (Self::Clock(_), Self::EventTime(interval)) => {
                Self::EventTime(interval)
            }
        }
    }
}

/// The greatest common divisor.
const fn divisor(left: u64, right: u64) -> u64 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// Whether an operator collects rows where mini-batch is on.
const fn collects(node: &PhysicalNode) -> bool {
    match node {
        PhysicalNode::GroupAggregate { .. }
        | PhysicalNode::LocalGroupAggregate { .. }
        | PhysicalNode::GlobalGroupAggregate { .. }
        | PhysicalNode::ChangelogNormalize { .. }
        | PhysicalNode::Rank { strategy: RankStrategy::Deduplicate, .. } => true,
        PhysicalNode::Join { kind, .. } => !matches!(kind, JoinKind::Semi | JoinKind::Anti),
        _ => false,
    }
}

/// Whether an operator does anything when event time goes on.
fn reads_watermarks(plan: &PhysicalPlan) -> bool {
    let is_rowtime = |column: &usize| {
        let input = plan.inputs.first().map_or(&plan.schema, |input| &input.schema);
        input.field(*column).data_type.time_kind() == TimeKind::Rowtime
    };
    match &plan.node {
        PhysicalNode::WindowAggregate { windowing, .. } => {
            windowing.attribute().time_kind() == TimeKind::Rowtime
        }
        PhysicalNode::WindowJoin { windows: [window, _], .. } | PhysicalNode::WindowRank { window, .. } => {
            window.attribute.time_kind() == TimeKind::Rowtime
        }
        PhysicalNode::WindowTableFunction { function, .. } => {
            function.attribute.time_kind() == TimeKind::Rowtime
        }
        PhysicalNode::Sort { order } => order.first().is_some_and(|first| is_rowtime(&first.column)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
