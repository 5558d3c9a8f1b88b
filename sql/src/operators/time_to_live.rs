//! State that is removed when nobody has written to it for a while: `table.exec.state.ttl`.
//!
//! As in Flink, with `UpdateType.OnCreateAndWrite` and `StateVisibility.NeverReturnExpired`: what has expired is as if it
//! had never been. The clock is looked at once a chunk.

use millstream_state::Timestamp;
use millstream_state::rows::{OrderedRows, RowStore};

/// Processing time as state counts it: in seconds since 1970.
pub(super) fn seconds(now: Timestamp) -> u32 {
    u32::try_from(now.as_millis().div_euclid(1000)).unwrap_or_default()
}

/// Looks at the clock before a chunk of so many rows, and removes some of the rows that have expired; does nothing
/// where rows do not expire. No [`RowRef`](millstream_state::rows::RowRef) is good afterwards.
///
/// # Errors
/// If the store is full.
pub(super) fn advance(
    store: &mut RowStore,
    now: impl FnOnce() -> Timestamp,
    rows: usize,
) -> millstream_runtime::Result<()> {
    if store.expires() {
        store.set_now(seconds(now()));
        store.sweep(store.pages_to_sweep(rows))?;
    }
    Ok(())
}

/// As [`advance`], for rows in order.
pub(super) fn advance_ordered(rows: &mut OrderedRows, now: impl FnOnce() -> Timestamp, chunk_rows: usize) {
    if rows.expires() {
        rows.set_now(seconds(now()));
        rows.sweep(chunk_rows.saturating_mul(2).saturating_add(1));
    }
}

#[cfg(test)]
mod tests;
