//! A master under a simulated driver: tasks, store, network and user do what a seed says, and the rules
//! that must hold whatever happens are checked at every command.

mod driver;
mod rules;

use std::time::Duration;

use self::driver::SimulatedDriver;
use super::*;
use crate::checkpoint::CheckpointConfig;

/// A failing seed replays exactly: call `run` with it.
#[test]
fn the_rules_hold_under_every_seed() {
    let mut outcomes = [0; 4];
    let mut completed = 0;
    for seed in 0..5_000 {
        let driver = run(seed);
        completed += driver.master.statistics().completed();
        outcomes[match driver.outcome() {
            Some(Ok(JobOutcome::Finished)) => 0,
            Some(Ok(JobOutcome::Cancelled)) => 1,
            Some(Ok(JobOutcome::StoppedWithSavepoint)) => 2,
            Some(Err(_)) => 3,
            None => panic!("seed {seed}: the job never ends"),
        }] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 50), "the seeds are too much alike: {outcomes:?}");
    assert!(completed > 5_000, "hardly any checkpoint was completed: {completed}");
}

fn run(seed: u64) -> SimulatedDriver {
    let mut driver = SimulatedDriver::new(seed);
    for _ in 0..driver.random(400) {
        driver.step();
    }
    // From now on nothing goes wrong, and the input ends: so must the job.
    driver.calm = true;
    for _ in 0..3_000 {
        if driver.outcome().is_none() {
            driver.step();
        }
    }
    driver.check_end();
    driver
}

fn config(random: &mut impl FnMut(u64) -> u64) -> MasterConfig {
    let mut seconds =
        |least: u64, most: u64| Duration::from_millis(1_000 * least + random(1_000 * (most - least) + 1));
    let checkpoint = CheckpointConfig::every(seconds(1, 5)).min_pause(seconds(0, 3)).timeout(seconds(4, 20));
    let delay = seconds(0, 3);
    let checkpoint = checkpoint
        .max_concurrent(usize::try_from(random(4)).unwrap())
        .tolerable_failures(u32::try_from(random(4)).unwrap())
        .retained(usize::try_from(random(4)).unwrap());
    let checkpoint = match random(3) {
        0 => checkpoint.max_concurrent(1).unaligned_after(Duration::from_millis(random(2_000))),
        _ => checkpoint,
    };
    let checkpoint = if random(2) == 0 { checkpoint.delete_on_cancellation() } else { checkpoint };
    let checkpoint = if random(10) == 0 { CheckpointConfig::disabled() } else { checkpoint };
    let restart = match random(4) {
        0 => Some(RestartStrategy::FixedDelay { attempts: 3, delay }),
        1 => Some(RestartStrategy::FailureRate { max_failures: 3, per: 10 * delay, delay }),
        _ => Some(RestartStrategy::exponential_delay()),
    };
    MasterConfig { checkpoint, restart, ..MasterConfig::default() }
}
