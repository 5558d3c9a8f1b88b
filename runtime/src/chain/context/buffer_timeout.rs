//! How long batches that are not full may wait in a task that has more to do.

use std::time::Duration;

use super::TaskContext;

/// When batches that are not full are sent next, by how long they may wait. Those that may wait for as long as the task has
/// more to do are not in it.
#[derive(Default)]
pub(super) struct BufferTimeouts(Vec<Wait>);

/// Batches that may wait for so long.
struct Wait {
    timeout: Duration,
    /// When they were sent last, on the monotonic clock.
    sent: Duration,
    /// They are to be sent now.
    is_due: bool,
}

impl TaskContext {
    /// Lets the batches of each way out of the subtask wait for so long at most; `None` for as long as the task has more to do.
    pub(crate) fn set_buffer_timeouts(&mut self, timeouts: impl IntoIterator<Item = Option<Duration>>) {
        let mut timeouts: Vec<Duration> = timeouts.into_iter().flatten().collect();
        timeouts.sort_unstable();
        timeouts.dedup();
        let wait = |timeout| Wait { timeout, sent: Duration::ZERO, is_due: false };
        self.buffer_timeouts.0 = timeouts.into_iter().map(wait).collect();
    }

    /// Whether some batches that are not full may have waited for long enough, to be asked at the end of a run that has
    /// left something to do. Those that [are due](Self::is_buffer_due) are to be sent then. The task is woken in time for the others where
    /// it rests.
    pub(crate) fn buffers_are_due(&mut self, rests: bool) -> bool {
        if self.buffer_timeouts.0.is_empty() {
            return false;
        }
        let (now, mut any_is_due, mut next) = (self.monotonic(), false, None);
        for wait in &mut self.buffer_timeouts.0 {
            let waited = now.saturating_sub(wait.sent);
            wait.is_due = waited >= wait.timeout;
            if wait.is_due {
                (wait.sent, any_is_due) = (now, true);
            } else {
                let left = wait.timeout - waited;
                next = Some(next.map_or(left, |next: Duration| next.min(left)));
            }
        }
        if let Some(next) = next.filter(|_| rests) {
            self.wake_after(next);
        }
        any_is_due
    }

    /// Whether batches that may wait for so long are to be sent now.
    pub(crate) fn is_buffer_due(&self, timeout: Option<Duration>) -> bool {
        self.buffer_timeouts.0.iter().any(|wait| wait.is_due && Some(wait.timeout) == timeout)
    }
}
