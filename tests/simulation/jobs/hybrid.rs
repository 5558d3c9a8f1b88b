//! One source after the other: however the job fails and at whatever parallelism it goes on, no reader begins the next
//! before all have come to the end of the one before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::source::HybridSource;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// Which source a record is of, which of its records it is, and whether one of a later source was emitted before.
type Record = (u64, u64, bool);

pub fn one_after_the_other(setting: &Setting) -> Verdict {
    let records = [102, 103, 104].map(|purpose| setting.draw(purpose, 0..=100));
    let ledger = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        // The last source that any reader of the attempt has emitted a record of. What is emitted is compared, not
        // what arrives: readers have channels of their own.
        let latest = Arc::<AtomicU64>::default();
        let of = |place: u64, count: u64| {
            let (seen, begun) = (latest.clone(), latest.clone());
            let make = move |number| -> Record {
                let latest = seen.fetch_max(place, Ordering::Relaxed);
                (place, number, latest > place)
            };
            Trickle::new(setting, 105 + place, count, make)
                .when_started(move || begun.store(0, Ordering::Relaxed))
        };
        let [zero, one, two] = records;
        // Whose splits are all found at once, come up one by one, and are read in turn.
        let source = HybridSource::new(of(0, zero), of(1, one).gradual()).then(of(2, two).in_turn());
        let all = env.from_source(source).parallelism(life.parallelism()).rebalance();
        let _sink = all.sink_to(ledger.clone()).parallelism(life.parallelism());
    })?;
    let of = |(place, count): (u64, u64)| (0..count).map(move |number| (place, number, false));
    compare(ledger.records(), (0..).zip(records).flat_map(of).collect())?;
    Ok(report)
}
