//! Rolling counts and sums: state of every key in every checkpoint, and nothing held back.

use std::collections::{BTreeMap, BTreeSet};

use millstream::sink::{CollectSink, Collected};

use crate::ledger::Ledger;
use crate::setting::{Checkpoints, Setting, Verdict, compare};
use crate::trickle::Trickle;

const fn key(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % 13
}

fn counts(records: u64) -> Vec<(u64, u64)> {
    let mut seen = BTreeMap::<u64, u64>::new();
    let count = |number| {
        let count = seen.entry(key(number)).or_default();
        *count += 1;
        (key(number), *count)
    };
    (0..records).map(count).collect()
}

pub fn count_and_reduce(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=400);
    let (counted, summed) = (Ledger::new(setting), Ledger::new(setting));
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let numbers = numbers.parallelism(life.parallelism()).rebalance().map(|number| number);
        let numbers = numbers.parallelism(life.parallelism());
        let counts = numbers.key_by(|number| key(*number)).count().parallelism(life.parallelism());
        // A text, whose hash travels with the record.
        let pairs = numbers.map(|number| (key(number), number)).key_by(|(key, _)| key.to_string());
        let sums = pairs.reduce(|(key, sum), (_, number)| (key, sum + number));
        let sums = sums.parallelism(life.parallelism());
        let _sinks = (counts.sink_to(counted.clone()), sums.sink_to(summed.clone()));
    })?;
    compare(counted.records(), counts(records))?;
    let mut greatest = BTreeMap::<u64, u64>::new();
    let sums = summed.records();
    compare(vec![sums.len() as u64], vec![records])?;
    for (key, sum) in sums {
        let so_far = greatest.entry(key).or_default();
        *so_far = sum.max(*so_far);
    }
    let mut totals = BTreeMap::<u64, u64>::new();
    (0..records).for_each(|number| *totals.entry(key(number)).or_default() += number);
    compare(greatest.into_iter().collect(), totals.into_iter().collect())?;
    Ok(report)
}

/// The splits of the source come up while the job runs.
pub fn of_splits_that_come_up(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=300);
    let counted = Ledger::new(setting);
    let report = setting.simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number).gradual());
        let numbers = numbers.parallelism(life.parallelism());
        let counts = numbers.key_by(|number| key(*number)).count().parallelism(life.parallelism());
        let _sink = counts.sink_to(counted.clone());
    })?;
    compare(counted.records(), counts(records))?;
    Ok(report)
}

pub fn collected(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 1..=200);
    let collected = Collected::default();
    let report = setting.without_zombies().simulate(|env, _| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let counts = numbers.key_by(|number| key(*number)).count();
        let _sink = counts.sink_to(CollectSink::new(&collected));
    })?;
    compare(collected.to_vec(), counts(records))?;
    Ok(report)
}

/// After each failure everything begins anew, and nothing may be left of what was before.
pub fn without_checkpoints(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 1..=100);
    let collected = Collected::default();
    let report = setting.with(Checkpoints::Off).simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number));
        let counts = numbers.key_by(|number| key(*number)).count().parallelism(life.parallelism());
        let _sink = counts.sink_to(CollectSink::new(&collected)).parallelism(life.parallelism());
    })?;
    compare(collected.to_vec(), counts(records))?;
    Ok(report)
}

/// Records may come twice, but none is lost and none made up, neither on the way nor in state.
pub fn at_least_once(setting: &Setting) -> Verdict {
    let records = setting.draw(100, 20..=150);
    let ledger = Ledger::new(setting);
    let report = setting.with(Checkpoints::AtLeastOnce).simulate(|env, life| {
        let numbers = env.from_source(Trickle::new(setting, 101, records, |number| number)).rebalance();
        let numbers = numbers.map(|number| number).parallelism(life.parallelism());
        let seen = numbers.key_by(|number| key(*number)).fold(Vec::new(), |seen, number| seen.push(number));
        let _sink = seen.parallelism(life.parallelism()).sink_to(ledger.clone());
    })?;
    let emitted = ledger.records();
    let last = emitted.iter().filter_map(|(_, seen)| seen.last()).copied();
    let last: BTreeSet<u64> = last.collect();
    compare(last.into_iter().collect(), (0..records).collect())?;
    let mut kept = BTreeMap::<u64, BTreeSet<u64>>::new();
    for (key, seen) in emitted {
        let seen: BTreeSet<u64> = seen.into_iter().collect();
        let most = kept.entry(key).or_default();
        if seen.len() > most.len() {
            *most = seen;
        }
    }
    compare(kept.into_values().flatten().collect(), (0..records).collect())?;
    Ok(report)
}
