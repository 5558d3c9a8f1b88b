//! What is done to a plan before it runs, in this order and each once: plans must not move from one release to the next.

mod fold;
mod prune;
mod rank;

use crate::eval::BuildContext;
use crate::plan::LogicalPlan;

pub(crate) use rank::refuse_row_numbers;

/// A plan that gives the same rows with less work.
pub fn optimize(plan: LogicalPlan, cx: &BuildContext) -> LogicalPlan {
    prune::prune(rank::recognize(fold::fold(plan, cx)))
}
