//! A job: its graph, how it runs, and how it ends.

pub use millstream_runtime::driver::Job;
pub use millstream_runtime::driver::actor::{
    JobHandle, JobMetrics, JobReport, StatusChange, SubtaskWatermark, WatermarkReport,
};
pub use millstream_runtime::graph::Explanation;
pub use millstream_runtime::job::{JobOutcome, JobStatus};
