//! The main job on real data, as a process: its answer is that of an independent computation, at every
//! parallelism, and however often it is killed on the way.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use crate::support::process::{
    self, assert_same_lines, committed_lines, example, fail, latest_checkpoint, random_from_environment,
    succeed,
};
use tempfile::TempDir;

/// The answer of the independent computation.
static EXPECTED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let files = ["01", "02", "10"].map(|month| data.join(format!("flights-2013-{month}.csv.gz")));
    crate::support::flights_reference::compute(&files, data.join("airlines.csv")).unwrap().lines().unwrap()
});

/// The folders of one story: a run, its deaths, and its restores.
struct Story(TempDir);

impl Story {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn output(&self) -> PathBuf {
        self.0.path().join("output")
    }

    fn snapshots(&self) -> PathBuf {
        self.0.path().join("snapshots")
    }

    /// The number of the latest completed checkpoint.
    fn checkpoint(&self) -> Option<u64> {
        latest_checkpoint(&self.snapshots().join("flight_delays"))
    }

    fn command(&self, parallelism: usize) -> Command {
        let mut command = example("flight_delays");
        command.arg("--output").arg(self.output()).arg("--snapshots").arg(self.snapshots());
        command.arg(format!("--parallelism={parallelism}")).arg("--checkpoint-interval=25");
        command
    }

    /// Goes on from the latest checkpoint; from the beginning if there is none.
    fn resume(&self, parallelism: usize) -> Command {
        let mut command = self.command(parallelism);
        if self.checkpoint().is_some() {
            command.arg("--restore").arg(self.snapshots());
        }
        command
    }

    /// Runs to the end, and compares everything that is committed.
    #[track_caller]
    fn finish(&self, mut command: Command, what: &str) {
        let printed = succeed(&mut command);
        assert!(printed.contains("late records: 0\n"), "{what}: {printed}");
        assert_same_lines(&committed_lines(&self.output()), &EXPECTED, what);
    }
}

#[test]
fn the_answer_is_the_same_at_every_parallelism() {
    for parallelism in 1..=4 {
        let story = Story::new();
        story.finish(story.command(parallelism), &format!("parallelism {parallelism}"));
    }
}

/// SIGKILL at random moments: before the first checkpoint, within one, and between two.
#[test]
fn nothing_is_lost_or_doubled_however_often_the_process_is_killed() {
    let mut random = random_from_environment();
    let (mut kills, mut restores) = (0, 0);
    for round in 0..3 {
        let story = Story::new();
        for _ in 0..6 {
            let restored = story.checkpoint();
            restores += u32::from(restored.is_some());
            // About three seconds if nothing comes in between.
            let mut command = story.resume(1 + random.below(4));
            let mut child = command.arg("--rate=30000").stdout(Stdio::null()).spawn().unwrap();
            // Some die young; others get on by a checkpoint at least.
            let dies_young = random.below(4) == 0;
            if !dies_young {
                process::wait_until(&mut child, || story.checkpoint() > restored);
            }
            std::thread::sleep(Duration::from_millis(random.below(250) as u64));
            if child.try_wait().unwrap().is_some() {
                let status = child.wait().unwrap();
                assert!(status.success(), "round {round}: {command:?}: {status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        story.finish(story.resume(1 + random.below(4)), &format!("round {round}"));
    }
    eprintln!("killed {kills} times, {restores} of the attempts began with a checkpoint");
    assert!(
        kills >= 10 && restores >= 6,
        "killed {kills} times, restored {restores} times: too few to judge"
    );
}

#[test]
fn nothing_is_lost_or_doubled_when_the_job_aborts_itself() {
    let story = Story::new();
    for parallelism in [2, 3, 1] {
        let mut command = story.resume(parallelism);
        let output = command.args(["--rate=60000", "--kill-after=25000"]).output().unwrap();
        assert!(process::text(&output).contains("go on with --restore"), "{}", process::text(&output));
        assert_eq!(output.status.code(), None, "abort is a signal, not an exit");
    }
    assert!(story.checkpoint().is_some(), "an attempt of 400 ms takes checkpoints every 25 ms");
    story.finish(story.resume(2), "after three deaths");
}

/// A process that is believed dead, and goes on when another has taken its place and come to the end:
/// nothing that it does any more counts, and it says why.
#[test]
fn a_process_that_was_replaced_stops_and_changes_nothing() {
    for (parallelism, successor) in [(2, 2), (3, 1), (1, 4)] {
        let story = Story::new();
        let mut command = story.command(parallelism);
        command.arg("--rate=20000").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut older = command.spawn().unwrap();
        process::wait_until(&mut older, || story.checkpoint() >= Some(3));
        signal(&older, "STOP");

        let what = format!("{successor} subtasks after {parallelism}");
        story.finish(story.resume(successor), &what);
        signal(&older, "CONT");
        let output = older.wait_with_output().unwrap();
        let said = process::text(&output);
        assert!(output.status.code().is_some_and(|code| code != 0), "{what}: {}: {said}", output.status);
        assert!(said.contains("fenced: process"), "{what}: {said}");
        assert_same_lines(&committed_lines(&story.output()), &EXPECTED, &what);
    }
}

fn signal(process: &Child, signal: &str) {
    let sent = Command::new("kill").args([format!("-{signal}"), process.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// There is nothing to go on with before the first checkpoint is complete, and that must be said.
#[test]
fn a_restore_without_a_checkpoint_is_an_error_that_says_so() {
    let story = Story::new();
    let snapshots = story.snapshots();
    let restore = || fail(story.command(2).arg("--restore").arg(&snapshots));

    let said = fail(story.command(2).args(["--restore", "/no/such/place"]));
    assert!(said.contains("no snapshot at `/no/such/place`: there is no such folder"), "{said}");
    let said = restore();
    assert!(said.contains("neither a manifest, nor a completed `chk-…` folder"), "{said}");
    std::fs::create_dir_all(snapshots.join("flight_delays/chk-1")).unwrap();
    std::fs::write(snapshots.join("flight_delays/chk-1/0-0-17.state"), "cut short").unwrap();
    let said = restore();
    assert!(said.contains("has not completed any checkpoint"), "{said}");
    assert!(!story.output().exists(), "a job that could not begin has written nothing");

    // The same folders are good for a start from the beginning.
    story.finish(story.command(2), "fresh start");
}
