//! What can be read of a job while it runs, and after.

use std::collections::BTreeMap;

use crate::checkpoint::{CheckpointHistory, CheckpointStatus};
use crate::error::Error;
use crate::graph::Plan;
use crate::job::{JobStatus, SubtaskId};
use crate::metrics::{Exposition, OperatorMetrics, SubtaskMetrics};

/// What a job has done so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobMetrics {
    /// Where the job stands.
    pub status: JobStatus,
    /// How often it was started again.
    pub restarts: u32,
    /// What the last attempt that failed has failed with.
    pub last_failure: Option<Error>,
    /// The last checkpoints and savepoints, and how many there were.
    pub checkpoints: CheckpointHistory,
    /// What each subtask has done in the current attempt.
    pub subtasks: BTreeMap<SubtaskId, SubtaskMetrics>,
}

impl JobMetrics {
    /// What all subtasks of all operators of this name have done together.
    pub fn operator(&self, name: &str) -> OperatorMetrics {
        let mut sum = OperatorMetrics::default();
        let operators = self.subtasks.values().flat_map(|subtask| &subtask.operators);
        operators.filter(|(operator, _)| operator == name).for_each(|(_, metrics)| sum += metrics);
        sum
    }

    /// The operators of the job by name, each over all its subtasks.
    pub fn operators(&self) -> BTreeMap<String, OperatorMetrics> {
        let mut operators = BTreeMap::<String, OperatorMetrics>::new();
        for (name, metrics) in self.subtasks.values().flat_map(|subtask| &subtask.operators) {
            *operators.entry(name.clone()).or_default() += metrics;
        }
        operators
    }

    pub(super) fn prometheus_text(&self, job: &str, plan: &Plan) -> String {
        let mut text = Exposition::default();
        text.job(job, "numRestarts", self.restarts);
        text.job(job, "totalNumberOfCheckpoints", self.checkpoints.triggered());
        text.job(job, "numberOfCompletedCheckpoints", self.checkpoints.completed());
        text.job(job, "numberOfFailedCheckpoints", self.checkpoints.failed());
        text.job(job, "numberOfInProgressCheckpoints", self.checkpoints.in_progress());
        let is_completed = |status: &CheckpointStatus| matches!(status, CheckpointStatus::Completed);
        if let Some(last) = self.checkpoints.recent().rfind(|last| is_completed(&last.status)) {
            text.job(job, "lastCompletedCheckpointId", last.id);
            text.job(job, "lastCheckpointDuration", last.duration.unwrap_or_default().as_millis());
            text.job(job, "lastCheckpointSize", last.written_bytes);
            text.job(job, "lastCheckpointFullSize", last.total_bytes);
        }
        for (subtask, metrics) in &self.subtasks {
            let inputs: Vec<_> = plan.inputs_of(*subtask).into_iter().map(|(input, _)| input).collect();
            text.subtask(job, &plan.vertex_name(subtask.vertex), subtask.index, &inputs, metrics);
        }
        text.into_text()
    }
}
