//! This test's program, started again as a process that can be killed.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use millstream::engine::clock::Random;

/// A running process. It is killed when this is dropped.
pub struct Process(Child);

impl Process {
    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the ignored test `process::the_process`, to which `set` gives its environment; what it says goes to a file.
pub fn start(log: &Path, set: impl FnOnce(&mut Command) -> &mut Command) -> Process {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "process::the_process", "--nocapture"]);
    let command = set(&mut command).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    Process(command.spawn().unwrap())
}

/// Random numbers from the seed in `MILLSTREAM_SEED`, or from another one each time; prints it.
pub fn random() -> Random {
    let seed = std::env::var("MILLSTREAM_SEED").ok();
    let seed = seed.map_or_else(|| RandomState::new().build_hasher().finish(), |seed| seed.parse().unwrap());
    eprintln!("MILLSTREAM_SEED={seed}");
    Random::new(seed)
}
