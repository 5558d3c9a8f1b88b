//! Window aggregates, in one phase or two.

use millstream_operators::Stream;

use super::Translator;
use crate::analysis::unsupported_plan;
use crate::chunk::{Chunk, exchange};
use crate::error::SqlResult;
use crate::operators::{
    LocalWindowAggregate, SessionAggregate, UpdatingWindowAggregate, WindowAggregate,
    WindowAggregateSpecification,
};
use crate::plan::{PhysicalNode, PhysicalPlan, WindowForm};

/// What the operator is called.
const NAME: &str = "WindowAggregate";

impl Translator<'_> {
    /// Where results can be put together of partial ones, the rows of a chunk are added up before they go to the subtasks
    /// that own their keys: only what windows come to in the end is seen, so it makes no difference.
    pub(super) fn window_aggregate(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        let (PhysicalNode::WindowAggregate { keys, calls, windowing, form, columns }, Some(input)) =
            (&plan.node, plan.input())
        else {
            return unsupported_plan("a window aggregate without an input");
        };
        let retracts = !input.changelog.is_insert_only();
        let specification = WindowAggregateSpecification::new(
            windowing,
            keys,
            calls,
            &input.schema,
            retracts,
            columns,
            &self.zone()?,
        )?;
        if let WindowForm::Group(Some(strategy)) = *form {
            let (schema, update_before) = (plan.schema.clone(), plan.changelog.update_before);
            let windows = self.stream(input)?.transform("GroupWindowAggregate", move |_| {
                UpdatingWindowAggregate::new(&specification, strategy, &schema, update_before)
            });
            return Ok(if keys.is_empty() { windows.parallelism(1) } else { windows });
        }
        let windows = match (&input.node, input.input(), specification.two_phases()) {
            _ if specification.is_session() => {
                self.stream(input)?.transform(NAME, move |_| SessionAggregate::new(&specification))
            }
            (PhysicalNode::Exchange { .. }, Some(rows), Some(second)) => {
                let local = self
                    .stream(rows)?
                    .transform("LocalWindowAggregate", move |_| LocalWindowAggregate::new(&specification));
                exchange(&local, second.key_layout()).transform(NAME, move |_| WindowAggregate::new(&second))
            }
            _ => self.stream(input)?.transform(NAME, move |_| WindowAggregate::new(&specification)),
        };
        Ok(if keys.is_empty() { windows.parallelism(1) } else { windows })
    }
}
