//! Joins of windows: rows that are in the same window. As Flink's `WindowJoinUtil`.

use super::{AttachedWindow, WindowColumn, WindowProperties, window_properties};
use crate::error::{SqlError, SqlResult};
use crate::plan::{Expression, JoinCondition, JoinKey, LogicalNode, LogicalPlan, RankForm};
use crate::types::TimeKind;

/// A join whose condition says that the windows of both inputs are the same.
pub(in crate::plan) struct WindowJoin {
    /// The rest of the condition.
    pub(in crate::plan) condition: JoinCondition,
    /// The windows of both inputs.
    pub(in crate::plan) windows: [AttachedWindow; 2],
}

/// Whether a join is one of windows.
pub(crate) fn is_window_join(left: &LogicalPlan, right: &LogicalPlan, condition: &Expression) -> bool {
    window_join(left, right, condition).is_some()
}

/// Refuses what Flink has for event time alone: window joins, and the first rows of windows. Other operators would give
/// rows again and again that belong to windows long over.
///
/// # Errors
/// If the plan has such an operator on windows of processing time.
pub(crate) fn refuse_processing_time(plan: &LogicalPlan) -> SqlResult<()> {
    let refuse = |what: &str| {
        Err(SqlError::unsupported(format!("Processing time Window {what} is not supported yet.")))
    };
    match &plan.node {
        LogicalNode::Rank { input, partition, order, start, end, number, form: RankForm::Rank } => {
            let of_window = window_properties(input).is_some_and(|properties| {
                let has = |what| properties.among(partition, what).is_some();
                !properties.is_rowtime() && has(WindowColumn::Start) && has(WindowColumn::End)
            });
            let by_time = order
                .iter()
                .all(|key| input.schema.field(key.column).data_type.time_kind() != TimeKind::Regular);
            if of_window && by_time && order.len() == 1 && (*start, *end, *number) == (1, 1, false) {
                return refuse("deduplication");
            }
            if of_window {
                return refuse("TopN");
            }
        }
        LogicalNode::Join { left, right, condition, .. } => {
            if let (Some(of_left), Some(of_right)) = (window_properties(left), window_properties(right))
                && !of_left.is_rowtime()
                && of_left.cut() == of_right.cut()
                && windows_of(&of_left, &of_right, &JoinCondition::of(condition, left.schema.len())).is_some()
            {
                return refuse("Join");
            }
        }
        _ => {}
    }
    plan.inputs().into_iter().try_for_each(refuse_processing_time)
}

/// The keys of a join that say that start and end of the windows are the same.
fn windows_of(
    left: &WindowProperties,
    right: &WindowProperties,
    condition: &JoinCondition,
) -> Option<(JoinKey, JoinKey)> {
    let find = |what: WindowColumn| {
        let is = |properties: &WindowProperties, column| properties.of(column) == Some(what);
        condition.keys.iter().find(|key| is(left, key.left) && is(right, key.right)).copied()
    };
    Some((find(WindowColumn::Start)?, find(WindowColumn::End)?))
}

/// The join as one of windows; `None` if it is none.
pub(in crate::plan) fn window_join(
    left: &LogicalPlan,
    right: &LogicalPlan,
    condition: &Expression,
) -> Option<WindowJoin> {
    let (of_left, of_right) = (window_properties(left)?, window_properties(right)?);
    let same = of_left.cut() == of_right.cut();
    if !same || !of_left.is_rowtime() || of_left.attribute != of_right.attribute {
        return None;
    }
    let mut condition = JoinCondition::of(condition, left.schema.len());
    let (start, end) = windows_of(&of_left, &of_right, &condition)?;
    condition.keys.retain(|key| *key != start && *key != end);
    let windows = [(start.left, end.left, of_left), (start.right, end.right, of_right)];
    let windows = windows.map(|(start, end, properties)| AttachedWindow {
        start,
        end,
        cut: properties.cut(),
        attribute: properties.attribute,
    });
    Some(WindowJoin { condition, windows })
}
