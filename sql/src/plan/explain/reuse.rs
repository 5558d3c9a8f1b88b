//! Which parts of a plan run once although they occur several times.

use std::collections::BTreeMap;

use crate::plan::{PhysicalNode, PhysicalPlan};

/// How a part of a plan is written.
pub(super) enum Part {
    /// As it is.
    Once,
    /// With this number, by which it is named where it occurs again.
    First(usize),
    /// With the number alone.
    Again(usize),
}

/// The parts of a plan that occur several times, with their numbers once they have been written.
#[derive(Default)]
pub(super) struct Reuse {
    parts: BTreeMap<String, Option<usize>>,
    last: usize,
}

impl Reuse {
    /// The parts of a plan.
    pub(super) fn of(plan: &PhysicalPlan) -> Self {
        let mut counts = BTreeMap::new();
        count(plan, &mut counts);
        let parts = counts.into_iter().filter(|(_, count)| *count > 1).map(|(part, _)| (part, None));
        Self { parts: parts.collect(), last: 0 }
    }

    /// How a part is written, where it comes next.
    pub(super) fn next(&mut self, plan: &PhysicalPlan) -> Part {
        if self.parts.is_empty() {
            return Part::Once;
        }
        match self.parts.get_mut(&plan.part()) {
            None => Part::Once,
            Some(Some(id)) => Part::Again(*id),
            Some(id) => {
                self.last += 1;
                *id = Some(self.last);
                Part::First(self.last)
            }
        }
    }
}

/// Counts how often parts occur; what is in a part that occurs again is not counted again.
fn count(plan: &PhysicalPlan, counts: &mut BTreeMap<String, usize>) {
    let is_shared = plan.is_deterministic() && !matches!(plan.node, PhysicalNode::Exchange { .. });
    if is_shared {
        let count = counts.entry(plan.part()).or_default();
        *count += 1;
        if *count > 1 {
            return;
        }
    }
    plan.inputs.iter().for_each(|input| self::count(input, counts));
}
