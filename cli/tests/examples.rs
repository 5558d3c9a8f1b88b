//! Each script of `examples/sql` gives what plain Rust computes from the same files and events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use millstream_sql::connectors::nexmark::{Event, Generator, Options};

/// The folder that the scripts' paths begin in.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The changes that a script writes.
fn changes(script: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_millstream"))
        .current_dir(repository())
        .args(["sql", "--style", "plain", "-f"])
        .arg(Path::new("examples/sql").join(script))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The rows that are left after all changes, sorted.
fn rows(script: &str) -> Vec<String> {
    let mut rows = BTreeMap::<String, i64>::new();
    for change in changes(script) {
        let (kind, row) = change.split_at(2);
        *rows.entry(row.to_owned()).or_default() += match kind {
            "+I" | "+U" => 1,
            "-U" | "-D" => -1,
            other => panic!("{other} is no change: {change}"),
        };
    }
    rows.into_iter()
        .flat_map(|(row, count)| {
            assert!(count >= 0, "{row} is gone more often than it came");
            std::iter::repeat_n(row, usize::try_from(count).unwrap())
        })
        .collect()
}

struct Flight {
    day: i64,
    dep_delay: Option<i64>,
    arr_delay: Option<i64>,
    carrier: String,
    number: i64,
    tailnum: String,
    dest: String,
    distance: i64,
    /// `2013-01-01T10:00:00Z`
    time_hour: String,
}

/// The flights of January, in the order of the file.
fn flights() -> Vec<Flight> {
    let file = std::fs::File::open(repository().join("examples/data/flights-2013-01.csv.gz")).unwrap();
    let mut reader = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
    let records = reader.records().map(|record| {
        let record = record.unwrap();
        let number = |column: usize| record[column].parse().ok();
        Flight {
            day: number(2).unwrap(),
            dep_delay: number(5),
            arr_delay: number(8),
            carrier: record[9].to_owned(),
            number: number(10).unwrap(),
            tailnum: record[11].to_owned(),
            dest: record[13].to_owned(),
            distance: number(15).unwrap(),
            time_hour: record[18].to_owned(),
        }
    });
    records.collect()
}

/// A timestamp of whole hours as a row shows it.
fn shown(time_hour: &str) -> String {
    time_hour.strip_suffix(":00Z").unwrap().to_owned()
}

/// A double as Java writes it, for numbers of moderate size.
fn double(value: f64) -> String {
    format!("{value:?}")
}

fn mean(values: &[i64]) -> f64 {
    values.iter().map(|value| *value as f64).sum::<f64>() / values.len() as f64
}

#[test]
fn delays_by_carrier_and_hour() {
    let mut windows = BTreeMap::<(String, String), Vec<Option<i64>>>::new();
    for flight in flights() {
        windows.entry((flight.time_hour, flight.carrier)).or_default().push(flight.dep_delay);
    }
    let mut expected: Vec<String> = windows
        .into_iter()
        .map(|((hour, carrier), delays)| {
            let known: Vec<i64> = delays.iter().copied().flatten().collect();
            let late = known.iter().filter(|delay| **delay > 15).count();
            let mean = if known.is_empty() { "null".to_owned() } else { double(mean(&known)) };
            format!("[{}, {carrier}, {}, {late}, {mean}]", shown(&hour), delays.len())
        })
        .collect();
    expected.sort();
    assert_eq!(rows("delays_by_carrier_and_hour.sql"), expected);
}

#[test]
fn worst_airports_of_each_day() {
    let mut days = BTreeMap::<i64, BTreeMap<String, Vec<i64>>>::new();
    for flight in flights() {
        if let Some(delay) = flight.arr_delay {
            days.entry(flight.day).or_default().entry(flight.dest).or_default().push(delay);
        }
    }
    let mut expected = Vec::new();
    for (day, airports) in days {
        let mut ranked: Vec<(f64, String)> =
            airports.into_iter().map(|(airport, delays)| (mean(&delays), airport)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        for (place, (mean, airport)) in ranked.into_iter().take(3).enumerate() {
            expected.push(format!("[{day}, {}, {airport}, {}]", place + 1, double(mean)));
        }
    }
    expected.sort();
    assert_eq!(rows("worst_airports_of_each_day.sql"), expected);
}

#[test]
fn worst_carrier() {
    // The changelog itself: what is the worst after each flight.
    let mut delays = BTreeMap::<String, (f64, f64)>::new();
    let mut expected: Vec<String> = Vec::new();
    let mut worst: Option<String> = None;
    for flight in flights() {
        let Some(delay) = flight.dep_delay else { continue };
        let (sum, count) = delays.entry(flight.carrier).or_default();
        (*sum, *count) = (*sum + delay as f64, *count + 1.0);
        let ranked = delays.iter().map(|(carrier, (sum, count))| (sum / count, carrier));
        let best = ranked.reduce(|best, other| if other.0 > best.0 { other } else { best });
        let now = best.map(|(mean, carrier)| format!("[{carrier}, {}]", double(mean)));
        if now != worst {
            worst.clone_from(&now);
            expected.extend(now);
        }
    }
    let changes = changes("worst_carrier.sql");
    let shown: Vec<String> = changes
        .iter()
        .filter(|change| change.starts_with("+I") || change.starts_with("+U"))
        .map(|change| change[2..].to_owned())
        .collect();
    // Between two answers the changes of one carrier may show another for a moment; the last is the last.
    assert_eq!(shown.last(), expected.last());
    assert!(expected.iter().all(|answer| shown.contains(answer)), "an answer was never shown");
    assert_eq!(rows("worst_carrier.sql"), [expected.last().unwrap().clone()]);
}

#[test]
fn flights_by_airline_name() {
    let text = std::fs::read_to_string(repository().join("examples/data/airlines.csv")).unwrap();
    let names: BTreeMap<&str, &str> = text.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let mut airlines = BTreeMap::<&str, (i64, i64)>::new();
    for flight in flights() {
        let (count, miles) = airlines.entry(names[&*flight.carrier]).or_default();
        (*count, *miles) = (*count + 1, *miles + flight.distance);
    }
    let mut expected: Vec<String> =
        airlines.into_iter().map(|(name, (count, miles))| format!("[{name}, {count}, {miles}]")).collect();
    expected.sort();
    assert_eq!(rows("flights_by_airline_name.sql"), expected);
}

#[test]
fn late_flights_by_aircraft() {
    let mut last = BTreeMap::<String, Flight>::new();
    for flight in flights() {
        if flight.arr_delay.is_none_or(|delay| delay <= 60) {
            continue;
        }
        // The first of several of the same hour stays.
        match last.get(&flight.tailnum) {
            Some(known) if known.time_hour >= flight.time_hour => {}
            _ => drop(last.insert(flight.tailnum.clone(), flight)),
        }
    }
    let times: BTreeMap<String, String> =
        last.iter().map(|(tailnum, flight)| (tailnum.clone(), shown(&flight.time_hour))).collect();
    let rows = rows("late_flights_by_aircraft.sql");
    assert_eq!(rows.len(), last.len());
    let known = flights();
    for row in rows {
        let columns: Vec<&str> = row.trim_matches(['[', ']']).split(", ").collect();
        assert_eq!(times.get(columns[0]).map(String::as_str), Some(columns[1]), "{row}");
        let is_flight = |flight: &Flight| {
            flight.tailnum == columns[0]
                && shown(&flight.time_hour) == columns[1]
                && flight.carrier == columns[2]
                && flight.number.to_string() == columns[3]
                && flight.arr_delay.map(|delay| delay.to_string()).as_deref() == Some(columns[4])
        };
        assert!(known.iter().any(is_flight), "{row} is no flight");
    }
}

#[test]
fn hottest_auctions() {
    let options = [("first-event.rate", "1000"), ("events.num", "50000"), ("seed", "1")];
    let options = Options::parse(options).unwrap();
    let generator = Generator::new(&options);
    let mut windows = BTreeMap::<i64, BTreeMap<i64, i64>>::new();
    for number in 0..50_000 {
        let Event::Bid(bid) = generator.event(generator.number_at(number)) else { continue };
        // A window of ten seconds ends every two.
        let first = (bid.date_time.div_euclid(2_000) + 1) * 2_000;
        for end in (0..5).map(|window| first + window * 2_000) {
            *windows.entry(end).or_default().entry(bid.auction).or_default() += 1;
        }
    }
    let mut expected = Vec::new();
    for (end, auctions) in windows {
        let most = auctions.values().copied().max().unwrap();
        let mut text = String::new();
        millstream_sql::types::text::timestamp::write_timestamp_row(end, 3, &mut text);
        let hottest = auctions.into_iter().filter(|(_, count)| *count == most);
        expected.extend(hottest.map(|(auction, count)| format!("[{text}, {auction}, {count}]")));
    }
    expected.sort();
    assert_eq!(rows("hottest_auctions.sql"), expected);
}
