//! What is done to a plan before it runs, in this order and each once: plans must not move from one release to the next.

mod equi_keys;
mod fold;
mod prune;
mod push_filters;
mod rank;
mod reduce_outer;
mod split_distinct;

use crate::eval::BuildContext;
use crate::plan::LogicalPlan;

pub(crate) use rank::refuse_row_numbers;
pub(crate) use split_distinct::split_distinct;

/// A plan that gives the same rows with less work.
pub fn optimize(plan: LogicalPlan, cx: &BuildContext) -> LogicalPlan {
    let plan = push_filters::push_filters(rank::recognize(fold::fold(plan, cx)));
    prune::prune(equi_keys::add_keys(plan))
}
