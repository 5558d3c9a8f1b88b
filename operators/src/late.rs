//! What becomes of records that come too late.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Record, Timestamp};

/// Sends a record that the watermark has passed to the side output for those, or drops and counts it.
#[cold]
pub(crate) fn late<T: Record, O>(
    record: T,
    timestamp: Timestamp,
    tag: Option<&OutputTag<T>>,
    output: &mut Output<'_, O>,
) -> Result<()> {
    match tag {
        Some(tag) => output.emit_side(tag, record, timestamp),
        None => {
            output.counters().late_records.add(1);
            Ok(())
        }
    }
}
