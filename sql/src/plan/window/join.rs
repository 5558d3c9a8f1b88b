//! Joins of windows: rows that are in the same window. As Flink's `WindowJoinUtil`.

use super::{AttachedWindow, WindowColumn, WindowProperties, window_properties};
use crate::plan::{Expression, JoinCondition, LogicalPlan};

/// A join whose condition says that the windows of both inputs are the same.
pub(in crate::plan) struct WindowJoin {
    /// The rest of the condition.
    pub(in crate::plan) condition: JoinCondition,
    /// The windows of both inputs.
    pub(in crate::plan) windows: [AttachedWindow; 2],
}

/// The join as one of windows; `None` if it is none.
pub(in crate::plan) fn window_join(
    left: &LogicalPlan,
    right: &LogicalPlan,
    condition: &Expression,
) -> Option<WindowJoin> {
    let (of_left, of_right) = (window_properties(left)?, window_properties(right)?);
    let same = of_left.kind == of_right.kind && of_left.offset == of_right.offset;
    if !same || !of_left.is_rowtime() || of_left.attribute != of_right.attribute {
        return None;
    }
    let mut condition = JoinCondition::of(condition, left.schema.len());
    let find = |what: WindowColumn| {
        let is = |properties: &WindowProperties, column| properties.of(column) == Some(what);
        condition.keys.iter().find(|key| is(&of_left, key.left) && is(&of_right, key.right)).copied()
    };
    let (start, end) = (find(WindowColumn::Start)?, find(WindowColumn::End)?);
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
