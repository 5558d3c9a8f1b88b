//! Proof by simulation: whole jobs under thousands of seeds, with crashes, failures and a store that
//! fails, against answers computed in plain Rust.
//!
//! `MILLSTREAM_SEEDS=100000` runs so many seeds over all jobs, from 0 on or from
//! `MILLSTREAM_FIRST_SEED=900000`; `MILLSTREAM_SEED=4711` runs a single one of every job, and with
//! `MILLSTREAM_JOB='timers'` of that one only.

#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/flaky_store.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod flaky_store;
mod jobs;
mod ledger;
mod mutations;
mod setting;
mod trickle;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};

use millstream::engine::guard::catch;
use millstream::simulation::{Sabotage, SimulationReport};
use parking_lot::Mutex;

use self::jobs::{JOBS, Job};
use self::setting::{Setting, Verdict};

/// How many seeds are run unless the environment says otherwise, over all jobs.
const SEEDS: u64 = 2_000;

/// Runs one seed of one job. A panic, too, is an answer.
fn run((_, job): Job, setting: Setting) -> Verdict {
    catch(|| Ok(job(&setting))).unwrap_or_else(|panic| Err(panic.to_string()))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect(variable))
}

/// What happened in all seeds together.
#[derive(Debug, Default)]
struct Totals {
    runs: u64,
    steps: u64,
    crashes: u64,
    failures: u64,
    clock_steps: u64,
    restarts: u64,
    restores: u64,
    checkpoints: u64,
    failed_checkpoints: u64,
    reused_blocks: u64,
    blocks_of_changes: u64,
    unaligned_checkpoints: u64,
    store_errors: u64,
    io_panics: u64,
    multipart_uploads: u64,
    orphaned_requests: u64,
    zombies: u64,
    fenced: u64,
    savepoints: u64,
    stops: u64,
}

impl Totals {
    fn add(&mut self, report: &SimulationReport) {
        self.runs += 1;
        self.steps += report.steps;
        self.crashes += u64::from(report.crashes);
        self.failures += u64::from(report.failures);
        self.clock_steps += report.clock_steps;
        self.restarts += u64::from(report.restarts);
        self.restores += report.restores;
        self.checkpoints += report.checkpoints;
        self.failed_checkpoints += report.failed_checkpoints;
        self.reused_blocks += report.reused_blocks;
        self.blocks_of_changes += report.blocks_of_changes;
        self.unaligned_checkpoints += report.unaligned_checkpoints;
        self.store_errors += report.store_errors;
        self.io_panics += report.io_panics;
        self.multipart_uploads += report.multipart_uploads;
        self.orphaned_requests += report.orphaned_requests;
        self.zombies += u64::from(report.zombies);
        self.fenced += u64::from(report.fenced);
        self.savepoints += u64::from(report.savepoints);
        self.stops += u64::from(report.stops);
    }
}

#[test]
fn every_seed_gives_the_exact_answer() {
    let single = number("MILLSTREAM_SEED");
    let only = std::env::var("MILLSTREAM_JOB").ok();
    if let Some(only) = &only {
        assert!(JOBS.iter().any(|(name, _)| name == only), "MILLSTREAM_JOB: there is no job `{only}`");
    }
    let jobs = JOBS.len() as u64;
    let each = number("MILLSTREAM_SEEDS").unwrap_or(SEEDS).div_ceil(jobs);
    let first = number("MILLSTREAM_FIRST_SEED").unwrap_or(0);
    let seeds =
        single.map_or(first..first.checked_add(each).expect("room for the seeds"), |seed| seed..seed + 1);
    let count = seeds.end - seeds.start;
    println!("MILLSTREAM_FIRST_SEED={} MILLSTREAM_SEEDS={}: {count} of each job", seeds.start, count * jobs);
    let (next, totals, wrong) = (AtomicU64::new(0), Mutex::new(Totals::default()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count * jobs || wrong.lock().len() >= 20 {
                return;
            }
            let job = JOBS[usize::try_from(index % jobs).unwrap()];
            if only.as_ref().is_some_and(|only| only != job.0) {
                continue;
            }
            let seed = seeds.start + index / jobs;
            match run(job, Setting::new(seed, Sabotage::None)) {
                Ok(report) => totals.lock().add(&report),
                Err(error) => {
                    wrong.lock().push(format!("MILLSTREAM_SEED={seed} MILLSTREAM_JOB='{}': {error}", job.0))
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
    let (totals, mut wrong) = (totals.into_inner(), wrong.into_inner());
    wrong.sort();
    println!("{totals:?}");
    assert!(wrong.is_empty(), "wrong answers; to repeat one, set the variables:\n{}", wrong.join("\n"));
    if single.is_none() && only.is_none() && count >= 50 {
        // What has not happened has not been tested.
        let runs = totals.runs;
        assert!(totals.crashes > runs && totals.failures > runs / 2, "{totals:?}");
        assert!(totals.clock_steps > runs && totals.io_panics > runs / 4, "{totals:?}");
        assert!(totals.restores > runs / 2 && totals.restarts > runs / 2, "{totals:?}");
        assert!(totals.checkpoints > 2 * runs && totals.failed_checkpoints > runs / 2, "{totals:?}");
        assert!(totals.store_errors > runs && totals.orphaned_requests > runs / 2, "{totals:?}");
        assert!(totals.reused_blocks > runs && totals.multipart_uploads > runs / 20, "{totals:?}");
        assert!(totals.unaligned_checkpoints > runs / 4, "{totals:?}");
        assert!(totals.blocks_of_changes > runs / 12, "{totals:?}");
        assert!(totals.savepoints > runs / 5 && totals.stops > runs / 8, "{totals:?}");
        assert!(totals.zombies > runs / 3 && totals.fenced > runs / 8, "{totals:?}");
    }
}

#[test]
fn a_seed_repeats_exactly() {
    for job in JOBS {
        let report = |seed| run(*job, Setting::new(seed, Sabotage::None)).map(|report| format!("{report:?}"));
        for seed in 0..3 {
            assert_eq!(report(seed), report(seed), "{}", job.0);
        }
    }
}
