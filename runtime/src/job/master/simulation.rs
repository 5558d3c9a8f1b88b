//! A master in a random world: tasks, store, network and user do what a seed says, and the rules
//! that must hold whatever happens are checked at every command.

mod rules;
mod world;

use std::time::Duration;

use self::world::World;
use super::*;
use crate::checkpoint::CheckpointConfig;

/// A failing seed replays exactly: call `run` with it.
#[test]
fn the_rules_hold_in_any_world() {
    let mut outcomes = [0; 4];
    let mut completed = 0;
    for seed in 0..5_000 {
        let world = run(seed);
        completed += world.master.statistics().completed();
        outcomes[match world.outcome() {
            Some(Ok(JobOutcome::Finished)) => 0,
            Some(Ok(JobOutcome::Cancelled)) => 1,
            Some(Ok(JobOutcome::StoppedWithSavepoint)) => 2,
            Some(Err(_)) => 3,
            None => panic!("seed {seed}: the job never ends"),
        }] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 50), "the worlds are too much alike: {outcomes:?}");
    assert!(completed > 5_000, "hardly any checkpoint was completed: {completed}");
}

fn run(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..world.random(400) {
        world.step();
    }
    // From now on nothing goes wrong, and the input ends: so must the job.
    world.calm = true;
    for _ in 0..3_000 {
        if world.outcome().is_none() {
            world.step();
        }
    }
    world.check_end();
    world
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
    let checkpoint = if random(10) == 0 { CheckpointConfig::disabled() } else { checkpoint };
    let restart = match random(4) {
        0 => Some(RestartStrategy::FixedDelay { attempts: 3, delay }),
        1 => Some(RestartStrategy::FailureRate { max_failures: 3, per: 10 * delay, delay }),
        _ => Some(RestartStrategy::exponential_delay()),
    };
    MasterConfig { checkpoint, restart, ..MasterConfig::default() }
}
