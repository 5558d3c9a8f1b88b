//! Processes that are believed dead and live on beside their successors.

use super::{SLEEP_STEPS, World};
use crate::driver::simulation::process::Process;
use crate::error::ErrorKind;

/// A process that is believed dead goes on for so many steps at most.
const ZOMBIE_STEPS: usize = 6_000;

/// It falls asleep about once in so many steps.
const ZOMBIE_PAUSE_EVERY: usize = 300;

pub(super) struct Zombie {
    process: Process,
    /// The step at which it really dies.
    until: u64,
    /// It does nothing until then.
    sleeps_until: u64,
}

impl World {
    /// A process is dead, or at least believed to be.
    pub(super) fn presume_dead(&mut self, process: Process) {
        let lives_on = self.random.below(100) < self.settings.faults.zombies_per_cent as usize;
        // What a user has named by its path is restored whenever the process gets to it, however old it is
        // by then: nobody starts a job twice like that.
        let lives_on = lives_on && (process.has_begun || process.goes_on);
        if lives_on && self.zombie.is_none() {
            self.report.zombies += 1;
            let until = self.report.steps + self.random.below(ZOMBIE_STEPS) as u64;
            self.zombie = Some(Zombie { process, until, sleeps_until: 0 });
        } else {
            self.count(&process);
            self.report.orphaned_requests += self.store.orphan(process.number, self.report.steps) as u64;
        }
    }

    /// Whether a process that is believed dead may yet go on from what the job's folder says: it has not got
    /// there so far.
    pub(super) fn may_go_on_elsewhere(&self) -> bool {
        self.zombie.as_ref().is_some_and(|zombie| zombie.process.goes_on && !zombie.process.has_begun)
    }

    /// One thing happens in the process that is believed dead.
    pub(super) fn let_zombie_live(&mut self) {
        let Some(mut zombie) = self.zombie.take() else { return };
        if self.random.below(ZOMBIE_PAUSE_EVERY) == 0 {
            // Its host sleeps, and it goes on much later.
            zombie.sleeps_until = self.report.steps + self.random.below(SLEEP_STEPS) as u64;
        }
        if self.report.steps >= zombie.sleeps_until {
            // Time passes by what happens to the living: a clock of the dead must not drag it along.
            self.step(&mut zombie.process, self.report.steps < self.sleeps_until);
        }
        match &zombie.process.result {
            None if self.report.steps < zombie.until => self.zombie = Some(zombie),
            result => {
                let is_fenced = matches!(result, Some(Err(error)) if error.kind() == ErrorKind::Fenced);
                self.report.fenced += u32::from(is_fenced);
                self.count(&zombie.process);
                let orphaned = self.store.orphan(zombie.process.number, self.report.steps);
                self.report.orphaned_requests += orphaned as u64;
            }
        }
    }
}
