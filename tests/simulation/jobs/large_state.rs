//! Many keys of which a few change between two checkpoints, and some are removed: checkpoints hold changes behind
//! contents.

use std::collections::BTreeMap;

use crate::ledger::Ledger;
use crate::setting::{Setting, Verdict, compare};
use crate::trickle::Trickle;

/// So many records of a key, and it is removed.
const MOST: u64 = 3;

/// Each of `keys` once, and then some of them over and over.
const fn key(number: u64, keys: u64) -> u64 {
    if number < keys { number } else { number.wrapping_mul(2_654_435_761) % 11 % keys }
}

/// The next count of a key; there is none left behind the last.
const fn next(count: Option<u64>) -> (u64, Option<u64>) {
    let next = match count {
        None => 1,
        Some(count) => count + 1,
    };
    (next, if next < MOST { Some(next) } else { None })
}

pub fn with_few_changes(setting: &Setting) -> Verdict {
    let keys = setting.draw(100, 30..=250);
    let records = keys + setting.draw(102, 10..=150);
    let counted = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number)).rebalance();
        let numbers = numbers.map(move |number| key(number, keys)).parallelism(life.parallelism());
        let counts = numbers.key_by(|key| *key).map_with_state(|key, _, count: &mut Option<u64>| {
            let (counted, left) = next(*count);
            *count = left;
            (*key, counted)
        });
        let _sink = counts.parallelism(life.parallelism()).sink_to(counted.clone());
    })?;
    let mut counts = BTreeMap::<u64, u64>::new();
    let count = |number| {
        let key = key(number, keys);
        let (counted, left) = next(counts.remove(&key));
        counts.extend(left.map(|left| (key, left)));
        (key, counted)
    };
    compare(counted.records(), (0..records).map(count).collect())?;
    Ok(report)
}
