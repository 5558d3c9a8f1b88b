//! What comes in: the channels of a task, and the protocol over them.

mod alignment;
mod gate;
mod inlet;
mod reader_group;
mod recording;
mod watermark;
mod watermark_group;

pub(crate) use alignment::Unalignment;
pub use alignment::{Alignment, BarrierAction};
pub use gate::InputGate;
pub use inlet::Inlet;
pub(crate) use reader_group::ReaderGroups;
pub use reader_group::{ReaderGroup, ReaderReports};
pub(crate) use recording::{
    HeadOperator, InFlight, Recording, edge_of_state, in_flight_bytes, in_flight_state,
};
pub use watermark::{InputState, Merged, WatermarkMerger};
pub use watermark_group::WatermarkGroup;
pub(crate) use watermark_group::WatermarkGroups;
