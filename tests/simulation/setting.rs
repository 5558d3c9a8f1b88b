//! What a seed decides about a job before it runs: sizes, settings, faults.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use millstream::checkpoint::{CheckpointConfig, CheckpointMode};
use millstream::engine::clock::Random;
use millstream::job::JobOutcome;
use millstream::restart::RestartStrategy;
use millstream::simulation::{Faults, Sabotage, Simulation, SimulationReport};
use millstream::{Environment, Result};
use object_store::ObjectStore;

/// How long a job may take, in simulated time.
const LONGEST: Duration = Duration::from_secs(300);

/// The answer of one run: what happened, or why it is wrong.
pub type Verdict = Result<SimulationReport, String>;

/// One seed of one job.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub seed: u64,
    pub sabotage: Sabotage,
    pub checkpoints: Checkpoints,
    /// Whether processes may live on beside their successors.
    pub zombies: bool,
}

/// How checkpoints are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Aligned or not, as the seed says.
    ExactlyOnce,
    AtLeastOnce,
    Off,
}

/// One life of the simulated process.
pub struct Life {
    pub store: Arc<dyn ObjectStore>,
    random: RefCell<Random>,
}

impl Life {
    /// Between 1 and 4 subtasks; in another life perhaps another number.
    pub fn parallelism(&self) -> u32 {
        1 + u32::try_from(self.random.borrow_mut().below(4)).unwrap()
    }
}

impl Setting {
    pub const fn new(seed: u64, sabotage: Sabotage) -> Self {
        Self { seed, sabotage, checkpoints: Checkpoints::ExactlyOnce, zombies: true }
    }

    /// For results that lie in the memory of a process, which no two processes share.
    pub const fn without_zombies(self) -> Self {
        Self { zombies: false, ..self }
    }

    pub const fn with(self, checkpoints: Checkpoints) -> Self {
        Self { checkpoints, ..self }
    }

    fn random(&self, purpose: u64) -> Random {
        Random::new(Random::new(self.seed ^ purpose.rotate_left(32)).next())
    }

    /// A number that the seed decides, another one for each `purpose`.
    pub fn draw(&self, purpose: u64, range: RangeInclusive<u64>) -> u64 {
        let span = usize::try_from(range.end() - range.start() + 1).unwrap();
        range.start() + self.random(purpose).below(span) as u64
    }

    fn millis(&self, purpose: u64, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.draw(purpose, range))
    }

    fn chance(&self, purpose: u64, one_in: u64) -> bool {
        self.draw(purpose, 1..=one_in) == 1
    }

    fn faults(&self) -> Faults {
        let often = |purpose, most| u32::try_from(self.draw(purpose, 50..=most)).unwrap();
        let times = |purpose, most| u32::try_from(self.draw(purpose, 0..=most)).unwrap();
        Faults {
            crash_every: often(1, 2_000),
            crashes: times(2, 5),
            // Without checkpoints nothing shows a process that it has been replaced.
            zombies_per_cent: if self.zombies && self.checkpoints != Checkpoints::Off {
                times(8, 100)
            } else {
                0
            },
            request_every: often(10, 1_500),
            // Without checkpoints the end of a job is not covered: what it commits there comes again if it
            // dies meanwhile and goes on from a savepoint.
            requests: if self.checkpoints == Checkpoints::Off { 0 } else { times(11, 4) },
            failure_every: often(3, 1_500),
            failures: times(4, 4),
            stall_every: often(5, 1_000),
            clock_step_every: often(8, 1_000),
            store_errors_per_mille: times(6, 40),
            io_panics_per_mille: times(9, 15),
            store_delay: times(7, 12),
            encode_records: true,
        }
    }

    fn checkpoint_config(&self) -> CheckpointConfig {
        if self.checkpoints == Checkpoints::Off {
            return CheckpointConfig::disabled();
        }
        let mut config = CheckpointConfig::every(self.millis(20, 5..=40))
            .tolerable_failures(u32::try_from(self.draw(21, 0..=100)).unwrap())
            .retained(usize::try_from(self.draw(22, 1..=3)).unwrap());
        if self.checkpoints == Checkpoints::AtLeastOnce {
            config = config.mode(CheckpointMode::AtLeastOnce);
        }
        if self.checkpoints == Checkpoints::ExactlyOnce && self.chance(29, 2) {
            config = self.unaligned(config);
        } else if self.chance(23, 3) {
            config = config.max_concurrent(usize::try_from(self.draw(24, 2..=3)).unwrap());
        }
        if self.chance(25, 3) {
            config = config.min_pause(self.millis(26, 1..=30));
        }
        if self.chance(27, 2) {
            // The faults end, and then a checkpoint must be able to succeed.
            // A job of thirty subtasks takes thousands of steps for one, more so when several overlap.
            let steps = u32::try_from(self.draw(28, 4_000..=10_000)).unwrap();
            config = config.timeout(self.step() / 2 * steps);
        }
        if self.chance(32, 3) { config.compressed() } else { config }
    }

    fn unaligned(&self, config: CheckpointConfig) -> CheckpointConfig {
        // The timeout is short, since in simulated jobs little time passes.
        config.unaligned_after(if self.chance(30, 2) { Duration::ZERO } else { self.millis(31, 1..=5) })
    }

    /// How much time passes in a step at most.
    fn step(&self) -> Duration {
        Duration::from_micros(self.draw(61, 20..=400))
    }

    fn environment(&self, life: &Life) -> Environment {
        let environment = Environment::new()
            .parallelism(life.parallelism())
            .max_parallelism(u32::try_from(self.draw(40, 4..=12)).unwrap())
            .channel_batches(usize::try_from(self.draw(41, 1..=4)).unwrap())
            .buffer_timeout(self.millis(44, 0..=50))
            .latency_tracking_interval(self.chance(45, 6).then(|| self.millis(46, 20..=200)))
            .checkpointing(self.checkpoint_config())
            .restart_strategy(RestartStrategy::fixed_delay(10_000, self.millis(42, 0..=20)));
        if self.chance(43, 4) { environment.disable_operator_chaining() } else { environment }
    }

    /// Runs the job that `build` adds to an environment, in each life of the process anew.
    pub fn simulate(&self, build: impl Fn(&Environment, &Life)) -> Verdict {
        let lives = RefCell::new(self.random(60));
        let mut simulation = Simulation::new(self.seed).faults(self.faults()).sabotage(self.sabotage);
        simulation.step = self.step();
        simulation.most_steps = 400_000;
        let report = simulation.run(|store| {
            let life = Life { store, random: RefCell::new(Random::new(lives.borrow_mut().next())) };
            let environment = self.environment(&life);
            build(&environment, &life);
            environment.job("job")
        });
        match report {
            // The timeout of a checkpoint, unless it is set, is longer: it must not be what saves a job.
            Ok(report) if report.elapsed > LONGEST => Err(format!("was held up: {report:?}")),
            Ok(report) if report.outcome == JobOutcome::Finished => Ok(report),
            Ok(report) => Err(format!("ended as {:?}", report.outcome)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Says how an answer differs from what it should be.
pub fn compare<T: Ord + std::fmt::Debug>(mut found: Vec<T>, mut expected: Vec<T>) -> Result<(), String> {
    found.sort();
    expected.sort();
    if found == expected {
        return Ok(());
    }
    let mut missing = Vec::new();
    let mut rest = found.into_iter().peekable();
    let mut extra = Vec::new();
    for wanted in expected {
        while rest.peek().is_some_and(|next| *next < wanted) {
            extra.extend(rest.next());
        }
        if rest.peek() == Some(&wanted) {
            rest.next();
        } else {
            missing.push(wanted);
        }
    }
    extra.extend(rest);
    let show =
        |records: &[T]| format!("{} ({:?} …)", records.len(), records.iter().take(4).collect::<Vec<_>>());
    Err(format!("missing: {}, too many: {}", show(&missing), show(&extra)))
}
