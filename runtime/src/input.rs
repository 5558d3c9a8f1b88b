//! What comes in: the channels of a task, and the protocol over them.

mod alignment;
mod gate;
mod watermark;

pub use alignment::{Alignment, BarrierAction};
pub use gate::InputGate;
pub use watermark::{Merged, WatermarkMerger};
