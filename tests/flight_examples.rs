//! Patterns, joins, ranks and asynchronous I/O on real data, as processes: their answers are those of an independent computation over the files, at every
//! parallelism, and after a death.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::support::process::{
    assert_same_lines, committed_lines, example, latest_checkpoint, succeed, text,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

const NONE_IS_LATE: &str = "late records: 0\n";

#[derive(Deserialize)]
struct Row {
    dep_delay: String,
    tailnum: String,
    origin: String,
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

/// All rows of the files of a kind.
fn rows<T: DeserializeOwned>(kind: &str) -> Vec<T> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let read = |month| {
        let file = std::fs::File::open(data.join(format!("{kind}-2013-{month}.csv.gz"))).unwrap();
        let rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file)).into_deserialize();
        rows.collect::<Result<Vec<T>, _>>().unwrap()
    };
    ["01", "02", "10"].into_iter().flat_map(read).collect()
}

/// The flights of each aircraft that left, in the order in which they were due.
static FLIGHTS: LazyLock<BTreeMap<String, Vec<Flight>>> = LazyLock::new(|| {
    let mut flights = BTreeMap::<String, Vec<Flight>>::new();
    for Row { dep_delay, tailnum, dest, minute, time_hour, .. } in rows("flights") {
        let Ok(delay) = dep_delay.parse() else { continue };
        if tailnum == "NA" {
            continue;
        }
        let due = format!("{}:{minute:02}:00.000Z", &time_hour[..13]);
        let minutes = minutes(&time_hour, minute);
        flights.entry(tailnum).or_default().push(Flight { minutes, due, dest, delay });
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

/// The five destinations with the most flights in the 24 hours before each sixth hour.
fn ranks() -> Vec<String> {
    const STEP: i64 = 6 * 60;
    let mut counts = BTreeMap::<i64, BTreeMap<String, u64>>::new();
    for Row { dep_delay, dest, minute, time_hour, .. } in rows("flights") {
        if dep_delay == "NA" {
            continue;
        }
        let due = minutes(&time_hour, minute);
        let first = (due / STEP + 1) * STEP;
        for end in (0..4).map(|step| first + step * STEP) {
            *counts.entry(end).or_default().entry(dest.clone()).or_default() += 1;
        }
    }
    let mut lines = Vec::new();
    for (end, counts) in counts {
        let mut counts: Vec<_> = counts.into_iter().collect();
        // Those of equal counts are in the order of their names, and stay so.
        counts.sort_by_key(|(_, flights)| std::cmp::Reverse(*flights));
        for (place, (dest, flights)) in (1..=5).zip(counts) {
            lines.push(format!("{},{place},{dest},{flights}", stamp(end)));
        }
    }
    lines.sort();
    lines
}

/// Each flight with the manufacturer and the seats of its aircraft.
fn aircraft() -> Vec<String> {
    let planes = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/planes.csv");
    let mut rows = csv::Reader::from_path(planes).unwrap();
    let rows = rows.records().map(|row| row.unwrap());
    let planes: BTreeMap<_, _> =
        rows.map(|row| (row[0].to_owned(), format!("{},{}", &row[3], &row[6]))).collect();
    let mut lines = Vec::new();
    for (tail, flights) in &*FLIGHTS {
        let plane = planes.get(tail).map_or("unknown,0", String::as_str);
        lines.extend(flights.iter().map(|flight| format!("{tail},{},{},{plane}", flight.due, flight.dest)));
    }
    lines.sort();
    lines
}

/// A time of 2013 as text, from its minutes since the year began.
fn stamp(minutes: i64) -> String {
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut day, mut month) = (minutes / (24 * 60), 0);
    while day >= days[month] {
        day -= days[month];
        month += 1;
    }
    format!("2013-{:02}-{:02}T{:02}:{:02}:00.000Z", month + 1, day + 1, minutes / 60 % 24, minutes % 60)
}

#[derive(Deserialize)]
struct Observation {
    origin: String,
    wind_speed: f64,
    precip: f64,
    visib: f64,
    time_hour: String,
}

/// By day, airport and weather: flights, late ones, and minutes of delay.
fn weather_days() -> Vec<String> {
    let observations: BTreeMap<(String, i64), Observation> = rows("weather")
        .into_iter()
        .map(|row: Observation| ((row.origin.clone(), minutes(&row.time_hour, 0)), row))
        .collect();
    let mut days = BTreeMap::<(i64, String, &str), (u64, u64, i64)>::new();
    for Row { dep_delay, origin, minute, time_hour, .. } in rows("flights") {
        let Ok(delay) = dep_delay.parse::<i64>() else { continue };
        let (due, hour) = (minutes(&time_hour, minute), minutes(&time_hour, 0));
        // Observations are of full hours: that of the flight's hour, or else that of the hour before.
        let of_hour = |hour| observations.get(&(origin.clone(), hour));
        let weather = match of_hour(hour).or_else(|| of_hour(hour - 60)) {
            None => "unknown",
            Some(found) if found.precip > 0.0 => "rain or snow",
            Some(found) if found.visib < 5.0 => "fog",
            Some(found) if found.wind_speed > 20.0 => "wind",
            Some(_) => "fair",
        };
        let (flights, late, sum) = days.entry((due / (24 * 60), origin, weather)).or_default();
        *flights += 1;
        *late += u64::from(delay > 15);
        *sum += delay;
    }
    let line = |((day, origin, weather), (flights, late, sum))| {
        format!("{},{origin},{weather},{flights},{late},{sum}", stamp(day * 24 * 60))
    };
    let mut lines: Vec<_> = days.into_iter().map(line).collect();
    lines.sort();
    lines
}

fn command(name: &str, folder: &Path) -> Command {
    let mut command = example(name);
    command.arg("--output").arg(folder.join("output")).arg("--snapshots").arg(folder.join("snapshots"));
    command
}

fn check(name: &str, expected: &[String], last_but_one: &str, last: &str) {
    for parallelism in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let printed = succeed(command(name, folder.path()).arg(format!("--parallelism={parallelism}")));
        assert!(printed.ends_with(last) && printed.contains(last_but_one), "{printed}");
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
    check("delay_chains", &expected, &format!("{} chains of ", expected.len()), NONE_IS_LATE);
}

#[test]
fn turnarounds_are_those_of_two_nested_loops() {
    let expected = turnarounds();
    assert!(expected.len() > 1_000, "{} pairs", expected.len());
    check("turnaround", &expected, &format!("{} pairs of flights", expected.len()), NONE_IS_LATE);
}

#[test]
fn aircraft_are_those_of_a_table_whatever_the_register_does() {
    let expected = aircraft();
    assert!(expected.iter().any(|line| line.ends_with(",unknown,0")));
    check(
        "enrich_async",
        &expected,
        " answers a second",
        &format!("{} flights with their aircraft\n", expected.len()),
    );
}

#[test]
fn ranks_are_those_of_counts_in_a_map() {
    let expected = ranks();
    assert!(expected.len() > 1_000, "{} places", expected.len());
    check("busiest_airports", &expected, &format!("{} places", expected.len()), NONE_IS_LATE);
}

#[test]
fn weather_is_that_of_the_full_hour_before() {
    let expected = weather_days();
    assert!(expected.len() > 400 && expected.iter().any(|line| line.contains(",fog,")), "{expected:?}");
    check("weather_delays", &expected, &format!("{} groups of flights", expected.len()), NONE_IS_LATE);
}
