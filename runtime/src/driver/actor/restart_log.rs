//! Reports failures that are followed by a restart, where the log has no subscriber.

use std::collections::HashSet;

use crate::error::ErrorKind;
use crate::job::JobMaster;

/// Which failures have been reported: a job that is restarted again and again must neither do so
/// silently nor fill the terminal.
#[derive(Default)]
pub(super) struct RestartLog {
    failures: u32,
    kinds: HashSet<(ErrorKind, Option<String>)>,
}

impl RestartLog {
    /// Reports the master's last failure on standard error if a restart is to follow, and if it is the
    /// first of its kind and operator, unless the program has a subscriber for the log.
    pub(super) fn report(&mut self, job: &str, master: &JobMaster) {
        if master.failures() == self.failures || !master.awaits_restart() {
            return;
        }
        let Some(error) = master.last_failure() else { return };
        self.failures = master.failures();
        let is_first = self.kinds.insert((error.kind(), error.operator().map(str::to_owned)));
        if is_first && !tracing::dispatcher::has_been_set() {
            eprintln!(
                "millstream: job `{job}` has failed and is restarted from its last checkpoint: {error}"
            );
        }
    }
}
