//! Patterns and joins on real data, as processes: their answers are those of an independent computation over the files, at every
//! parallelism, and after a death.

#![allow(missing_docs, reason = "a test")]
#![allow(dead_code, reason = "other tests use the rest of the support")]
#![allow(clippy::disallowed_methods, reason = "a test of processes: it waits and looks at the clock")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/process.rs"]
mod process;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use process::{assert_same_lines, committed_lines, example, latest_checkpoint, succeed, text};
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct Row {
    dep_delay: String,
    tailnum: String,
    dest: String,
    minute: i64,
    time_hour: String,
}

/// When a flight was due, in minutes and as text; where it went, and how late it was.
#[derive(Clone)]
struct Flight {
    minutes: i64,
    due: String,
    dest: String,
    delay: i64,
}

/// Minutes since 2013 began: the files hold no other year, which has no leap day.
fn minutes(time_hour: &str, minute: i64) -> i64 {
    let number = |from: usize, to: usize| time_hour[from..to].parse::<usize>().unwrap();
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = days[..number(5, 7) - 1].iter().sum::<usize>() + number(8, 10) - 1;
    i64::try_from((days * 24 + number(11, 13)) * 60).unwrap() + minute
}

/// The flights of each aircraft that left, in the order in which they were due.
static FLIGHTS: LazyLock<BTreeMap<String, Vec<Flight>>> = LazyLock::new(|| {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let mut flights = BTreeMap::<String, Vec<Flight>>::new();
    for month in ["01", "02", "10"] {
        let file = std::fs::File::open(data.join(format!("flights-2013-{month}.csv.gz"))).unwrap();
        let mut rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
        for row in rows.deserialize() {
            let Row { dep_delay, tailnum, dest, minute, time_hour } = row.unwrap();
            let Ok(delay) = dep_delay.parse() else { continue };
            if tailnum == "NA" {
                continue;
            }
            let due = format!("{}:{minute:02}:00.000Z", &time_hour[..13]);
            let minutes = minutes(&time_hour, minute);
            flights.entry(tailnum).or_default().push(Flight { minutes, due, dest, delay });
        }
    }
    flights.values_mut().for_each(|flights| flights.sort_by_key(|flight| flight.minutes));
    flights
});

/// Three late flights one after the other, all due within less than a day; each flight counts once.
fn chains() -> Vec<String> {
    let mut lines = Vec::new();
    for (tail, flights) in &*FLIGHTS {
        let mut next = 0;
        while next + 3 <= flights.len() {
            let three = &flights[next..next + 3];
            if three.iter().all(|flight| flight.delay > 15) && three[2].minutes - three[0].minutes < 24 * 60 {
                let delays: Vec<_> = three.iter().map(|flight| flight.delay.to_string()).collect();
                lines.push(format!("{tail},{},{},{}", three[0].due, three[2].due, delays.join("+")));
                next += 3;
            } else {
                next += 1;
            }
        }
    }
    lines.sort();
    lines
}

fn turnarounds() -> Vec<String> {
    let late = |flight: &Flight| if flight.delay > 15 { "late" } else { "in time" };
    let mut lines = Vec::new();
    for (tail, flights) in &*FLIGHTS {
        for first in flights {
            for next in flights.iter().filter(|next| (120..=720).contains(&(next.minutes - first.minutes))) {
                let Flight { due, dest, .. } = first;
                lines.push(format!("{tail},{due},{},{dest},{},{}", next.due, late(first), late(next)));
            }
        }
    }
    lines.sort();
    lines
}

fn command(name: &str, folder: &Path) -> Command {
    let mut command = example(name);
    command.arg("--output").arg(folder.join("output")).arg("--snapshots").arg(folder.join("snapshots"));
    command
}

fn check(name: &str, expected: &[String], last_but_one: &str) {
    for parallelism in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let printed = succeed(command(name, folder.path()).arg(format!("--parallelism={parallelism}")));
        assert!(printed.ends_with("late records: 0\n") && printed.contains(last_but_one), "{printed}");
        assert_same_lines(&committed_lines(&folder.path().join("output")), expected, name);
    }
    let folder = killed_with_a_checkpoint(name);
    let mut restored = command(name, folder.path());
    succeed(restored.arg("--parallelism=3").arg("--restore").arg(folder.path().join("snapshots")));
    assert_same_lines(&committed_lines(&folder.path().join("output")), expected, "after a death");
}

/// The folder of a run that was killed behind a checkpoint. A busy machine takes longer to make one: then it goes more slowly.
fn killed_with_a_checkpoint(name: &str) -> TempDir {
    for rate in [60_000, 20_000, 5_000] {
        let folder = tempfile::tempdir().unwrap();
        let mut dying = command(name, folder.path());
        dying.args(["--kill-after=40000", "--checkpoint-interval=20", "--parallelism=2"]);
        let said = text(&dying.arg(format!("--rate={rate}")).output().unwrap());
        assert!(said.contains("killed after 40000 records"), "{said}");
        if latest_checkpoint(&folder.path().join("snapshots").join(name)).is_some() {
            return folder;
        }
    }
    panic!("no checkpoint is complete after 40000 records at 5000 a second");
}

#[test]
fn chains_of_delays_are_those_that_one_finds_by_going_through_the_flights() {
    let expected = chains();
    assert!(expected.len() > 100, "{} chains", expected.len());
    check("delay_chains", &expected, &format!("{} chains of ", expected.len()));
}

#[test]
fn turnarounds_are_those_of_two_nested_loops() {
    let expected = turnarounds();
    assert!(expected.len() > 1_000, "{} pairs", expected.len());
    check("turnaround", &expected, &format!("{} pairs of flights", expected.len()));
}
