//! What comes in: the channels of a task, and the protocol over them.

mod alignment;
mod gate;
mod watermark;
mod watermark_group;

pub use alignment::{Alignment, BarrierAction};
pub use gate::InputGate;
pub use watermark::{Merged, WatermarkMerger};
pub use watermark_group::WatermarkGroup;
pub(crate) use watermark_group::WatermarkGroups;
