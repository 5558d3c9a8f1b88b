//! Runs the examples as what they are for a user: processes with flags, which may be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use millstream::engine::clock::Random;
use millstream::engine::state::snapshot::storage::resolve;

/// The program of an example. `cargo test` builds it; `cargo test --test …` alone does not.
pub fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let program = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "`{}` is missing: run `cargo build --example {name}` (with the profile of this test) first",
        program.display()
    );
    let mut command = Command::new(program);
    command.env("RUST_LOG", "warn").stdin(Stdio::null());
    command
}

/// Runs a program to its end, which must be a good one, and returns what it printed.
pub fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program that must fail by itself, and returns what it said.
pub fn fail(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{command:?}: {}", output.status);
    text(&output)
}

/// Everything a program printed.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Waits until something holds or the program ends. Fails the test after a minute.
pub fn wait_until(child: &mut Child, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing has happened for a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The number of the checkpoint that a job goes on from whose folder this is.
pub fn latest_checkpoint(job_folder: &Path) -> Option<u64> {
    let found = futures::executor::block_on(resolve(&job_folder.to_string_lossy(), None)).ok()?;
    Some(found.checkpoint_name()?.id.number())
}

/// The lines of all committed files in a folder, sorted.
pub fn committed_lines(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with(['.', '_']) {
            lines.extend(std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned));
        }
    }
    lines.sort_unstable();
    lines
}

/// Fails with the first differences, and not with 30,000 lines, if two sorted lists are not the same.
#[track_caller]
pub fn assert_same_lines(got: &[String], expected: &[String], what: &str) {
    if got == expected {
        return;
    }
    let (mut got, mut expected) = (got.iter().peekable(), expected.iter().peekable());
    let mut differences = Vec::new();
    while differences.len() < 20 {
        match (got.peek(), expected.peek()) {
            (None, None) => break,
            (Some(left), Some(right)) if left == right => {
                got.next();
                expected.next();
            }
            (Some(left), right) if right.is_none_or(|right| left < right) => {
                differences.push(format!("too much: {left}"));
                got.next();
            }
            (_, Some(right)) => {
                differences.push(format!("missing:  {right}"));
                expected.next();
            }
            _ => break,
        }
    }
    panic!("{what}: the answer is wrong, for example\n{}", differences.join("\n"));
}

/// Random numbers from the seed in `MILLSTREAM_SEED`, or from another one each time; prints it.
pub fn random_from_environment() -> Random {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let fresh = || RandomState::new().build_hasher().finish();
    let seed = std::env::var("MILLSTREAM_SEED").ok();
    let seed = seed.map_or_else(fresh, |seed| seed.parse().expect("MILLSTREAM_SEED is a number"));
    eprintln!("MILLSTREAM_SEED={seed}");
    Random::new(seed)
}
