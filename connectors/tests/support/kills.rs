//! A job as a process that is killed again and again.

use std::path::Path;
use std::time::{Duration, Instant};

use millstream::engine::clock::Random;

use super::support::Process;

/// How long a job may take for its next checkpoint, or to end.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs a job to its end, and kills it up to `kills` times on the way. `latest` is the number of its latest checkpoint, and
/// `start` starts it again, with its log at `log`.
pub fn run_killing(
    kills: u32,
    random: &mut Random,
    log: &Path,
    latest: impl Fn() -> u64,
    mut start: impl FnMut(&mut Random) -> Process,
) {
    let (mut killed, mut useful) = (0, 0);
    let mut progress = (0, Instant::now());
    loop {
        let before = latest();
        let mut process = start(random);
        // Some die young; others get on by a checkpoint at least.
        let dies_young = random.below(4) == 0;
        let lifetime = Duration::from_millis(random.below(if dies_young { 2_000 } else { 600 }) as u64);
        let mut started = Instant::now();
        let status = loop {
            if let Some(status) = process.ended() {
                break Some(status);
            }
            let now = latest();
            if now > progress.0 {
                progress = (now, Instant::now());
            }
            if !dies_young && now == before {
                started = Instant::now();
            }
            if killed < kills && started.elapsed() > lifetime {
                break None;
            }
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(progress.1.elapsed() < PATIENCE, "the job does not get on:\n{}", said());
            std::thread::sleep(Duration::from_millis(5));
        };
        let Some(status) = status else {
            drop(process);
            killed += 1;
            useful += u32::from(latest() > before);
            continue;
        };
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(status.success(), "the job has failed: {status}\n{}", said());
        break;
    }
    eprintln!("killed {killed} times, {useful} of them after a new checkpoint");
    assert!(killed > 0, "the job was over before it could be killed");
}
