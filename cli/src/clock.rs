//! By which clock jobs run.

use millstream_operators::Environment;
use millstream_runtime::driver::simulation::Simulation;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_sql::SqlError;

/// By which clock jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobClock {
    /// The computer's.
    Wall,
    /// One that stands still while something happens, and jumps ahead otherwise.
    Virtual {
        /// Decides in which order subtasks run.
        seed: u64,
    },
}

/// After so many steps a job in virtual time is taken for one that does not end.
const MOST_STEPS: u64 = 50_000_000;

/// Runs a job in virtual time. `build` adds it to an environment; it is called once.
///
/// # Errors
/// What the job fails with.
pub fn run_virtually(
    seed: u64,
    name: &str,
    build: impl Fn() -> std::result::Result<Environment, SqlError>,
) -> Result<()> {
    let mut simulation = Simulation::new(seed);
    simulation.most_steps = MOST_STEPS;
    let report = simulation.run(|_| {
        let environment = build().map_err(|error| Error::new(ErrorKind::InvalidJob, error.to_string()))?;
        environment.job(name)
    });
    report.map(drop)
}
