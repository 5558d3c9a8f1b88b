//! Messages in the log, so that it goes on where the tables of a job do not change.

use std::time::Duration;

use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;

use super::database::Database;

/// Writes a message from time to time.
#[derive(Default)]
pub(super) struct Heartbeat {
    under_way: Option<IoHandle<()>>,
    /// On the monotonic clock.
    due: Option<Duration>,
}

impl Heartbeat {
    /// Writes a message if it is time to; asks to be woken when it is.
    pub(super) fn beat<D: Database>(&mut self, settings: &D::Settings, cx: &mut TaskContext) {
        let Some(interval) = D::heartbeat_interval(settings) else { return };
        if let Some(result) = self.under_way.as_ref().and_then(IoHandle::take) {
            self.under_way = None;
            if let Err(error) = result {
                tracing::warn!(%error, "no heartbeat could be written; it is tried again");
            }
        }
        let now = cx.monotonic();
        let due = *self.due.get_or_insert(now.saturating_add(interval));
        if now < due {
            cx.wake_after(due.saturating_sub(now));
        } else if self.under_way.is_none() {
            self.under_way = Some(cx.spawn_io(D::write_heartbeat(settings.clone())));
            self.due = Some(now.saturating_add(interval));
            cx.wake_after(interval);
        }
    }
}
