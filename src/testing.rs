//! Parts of a job on their own: to test functions, sources, sinks and operators without running a job.

pub use millstream_operators::testing::*;
pub use millstream_runtime::testing::{HarnessSnapshot, OperatorHarness, SourceHarness, TwoInputHarness};
