//! What is done to a plan before it runs, in this order and each once: plans must not move from one release to the next.

mod fold;
mod prune;

use crate::eval::BuildContext;
use crate::plan::LogicalPlan;

/// A plan that gives the same rows with less work.
pub fn optimize(plan: LogicalPlan, cx: &BuildContext) -> LogicalPlan {
    prune::prune(fold::fold(plan, cx))
}
