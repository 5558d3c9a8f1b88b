//! How far event time has come in each subtask, and which subtask holds it back.

use std::collections::BTreeMap;
use std::fmt;

use millstream_state::Timestamp;

use crate::graph::Plan;
use crate::input::InputState;
use crate::job::SubtaskId;
use crate::metrics::SubtaskMetrics;

/// How far event time has come in a subtask.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubtaskWatermark {
    /// The operators of the subtask, as one name.
    pub name: String,
    /// The watermark that its inputs have reached, or that a source has sent; [`Timestamp::MIN`] before the first,
    /// [`Timestamp::MAX`] when event time is over.
    pub watermark: Timestamp,
    /// The subtask upstream whose watermark is the lowest: this one's cannot pass it. Those that are idle or have ended are left out; `None` of a
    /// source, and where all are.
    pub held_back_by: Option<SubtaskId>,
}

/// How far event time has come in each subtask of a job, and which subtask holds it back.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WatermarkReport {
    /// All subtasks.
    pub subtasks: BTreeMap<SubtaskId, SubtaskWatermark>,
}

impl WatermarkReport {
    pub(super) fn new(plan: &Plan, metrics: &BTreeMap<SubtaskId, SubtaskMetrics>) -> Self {
        let subtasks = metrics.iter().map(|(subtask, metrics)| {
            let inputs = plan.inputs_of(*subtask);
            let states = (0..).zip(&inputs).map(|(index, (_, upstream))| (metrics.input(index), *upstream));
            let active = states.filter(|((_, state), _)| *state == InputState::Active);
            let lowest = active.min_by_key(|((watermark, _), _)| *watermark);
            let watermark = if inputs.is_empty() { metrics.output_watermark } else { metrics.watermark };
            let held_back_by = lowest.map(|(_, upstream)| upstream);
            (*subtask, SubtaskWatermark { name: plan.vertex_name(subtask.vertex), watermark, held_back_by })
        });
        Self { subtasks: subtasks.collect() }
    }

    /// What holds a subtask back, what holds that back, and so on up to a source.
    pub fn path(&self, subtask: SubtaskId) -> Vec<SubtaskId> {
        let upstream = |subtask: &SubtaskId| self.subtasks.get(subtask)?.held_back_by;
        std::iter::successors(upstream(&subtask), upstream).take(self.subtasks.len()).collect()
    }
}

/// One line for each subtask:
///
/// ```text
/// `windows` (subtask 1): 2013-10-01T04:00:00.000Z, held back by `rebalanced` (subtask 0) by `flights` (subtask 2)
/// ```
impl fmt::Display for WatermarkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (subtask, watermark) in &self.subtasks {
            write!(f, "`{}` (subtask {}): ", watermark.name, subtask.index)?;
            match watermark.watermark {
                Timestamp::MIN => f.write_str("no watermark")?,
                Timestamp::MAX => f.write_str("the end of event time")?,
                reached => write!(f, "{reached}")?,
            }
            for (place, upstream) in self.path(*subtask).into_iter().enumerate() {
                let name = self.subtasks.get(&upstream).map_or("?", |upstream| upstream.name.as_str());
                let by = if place == 0 { ", held back by" } else { " by" };
                write!(f, "{by} `{name}` (subtask {})", upstream.index)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
