//! Notices functions of the user's that do not return.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::job::SubtaskId;
use crate::metrics::Stall;

/// A call that takes longer than this is named in the log.
pub(super) const LONGEST_CALL: Duration = Duration::from_secs(5);

/// Remembers which calls have been named.
#[derive(Default)]
pub(super) struct Watchdog {
    /// When the call that was named last began, by subtask.
    named: BTreeMap<SubtaskId, Duration>,
}

impl Watchdog {
    /// Of the calls that take too long, those that have not been named before.
    pub(super) fn look(&mut self, stalls: Vec<Stall>) -> Vec<Stall> {
        let is_new = |stall: &Stall| self.named.insert(stall.subtask, stall.since) != Some(stall.since);
        stalls.into_iter().filter(is_new).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::VertexId;
    use crate::metrics::MetricsRegistry;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_call_that_does_not_return_is_named_once_with_its_operator() {
        let (registry, mut watchdog) = (MetricsRegistry::default(), Watchdog::default());
        let subtask = SubtaskId { vertex: VertexId(1), index: 2 };
        let counters = registry.register(subtask);
        let places = ["parse", "enrich"].map(|name| counters.operator(name).place);
        counters.running.begin(10 * SECOND);
        counters.running.enter(places[1]);
        let mut look = |now: u32| watchdog.look(registry.stalls(now * SECOND, LONGEST_CALL));
        assert_eq!(look(15), []);
        let stall = Stall { subtask, operator: Some("enrich".to_owned()), since: 10 * SECOND };
        assert_eq!(look(16), [stall]);
        assert_eq!(look(17), []);
        counters.running.end();
        assert_eq!(look(18), []);
        counters.running.begin(18 * SECOND);
        assert_eq!(look(24).len(), 1, "another call");
    }
}
