//! An independent answer for the flights job, in plain Rust over the example data: no engine, no parallelism,
//! no watermark. What a job commits is compared with the lines this module yields.
//!
//! The event time of a flight is its scheduled departure in UTC: `time_hour`, cut to the full hour, plus
//! `minute`. So `time_hour` *is* the start of its hourly window and the date in it the start of its daily
//! window, and no date arithmetic is needed that could go wrong the same way as the engine's.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A window of one airline at one airport.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Start of the window, `2013-01-01T10:00:00.000Z`.
    pub start: String,
    pub carrier: String,
    /// Name of the airline.
    pub name: String,
    /// FAA code of the airport the flights leave from.
    pub origin: String,
}

/// What is computed for each [`Group`], over its flights that were not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    pub flights: u64,
    /// Flights that left more than 15 minutes late.
    pub delayed: u64,
    /// Sum of the departure delays in minutes; early departures count as negative.
    pub sum_delay: i64,
    /// Largest departure delay in minutes; negative if all left early.
    pub max_delay: i64,
}

/// A flight that never left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cancelled {
    /// Scheduled departure, `2013-01-01T21:30:00.000Z`.
    pub scheduled: String,
    pub carrier: String,
    /// Name of the airline.
    pub name: String,
    pub origin: String,
    pub dest: String,
    /// Flight number.
    pub flight: u32,
}

/// The whole answer for a set of flight files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Tumbling windows of one hour.
    pub hourly: BTreeMap<Group, Figures>,
    /// Tumbling windows of one UTC day.
    pub daily: BTreeMap<Group, Figures>,
    /// Each cancelled flight, and how many times the files list it.
    pub cancelled: BTreeMap<Cancelled, usize>,
}

#[derive(Deserialize)]
struct Airline {
    carrier: String,
    name: String,
}

#[derive(Deserialize)]
struct Flight {
    dep_time: String,
    dep_delay: String,
    carrier: String,
    flight: u32,
    origin: String,
    dest: String,
    minute: u32,
    time_hour: String,
}

/// Computes the answer for `flights` (CSV files, packed if the name ends in `.gz`), named from `airlines`.
pub fn compute(flights: &[impl AsRef<Path>], airlines: impl AsRef<Path>) -> Result<Answer> {
    let mut names = HashMap::new();
    for airline in open(airlines.as_ref())?.deserialize() {
        let Airline { carrier, name } = airline?;
        names.insert(carrier, name);
    }
    let mut answer = Answer::default();
    for path in flights {
        for flight in open(path.as_ref())?.deserialize() {
            add(&mut answer, flight?, &names)?;
        }
    }
    Ok(answer)
}

fn open(path: &Path) -> Result<csv::Reader<Box<dyn Read>>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> =
        if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(csv::Reader::from_reader(bytes))
}

fn add(answer: &mut Answer, flight: Flight, names: &HashMap<String, String>) -> Result<()> {
    let Flight { dep_time, dep_delay, carrier, flight, origin, dest, minute, time_hour } = flight;
    let name = names.get(&carrier).ok_or_else(|| format!("no airline {carrier}"))?.clone();
    let hour = time_hour.strip_suffix(":00:00Z").ok_or_else(|| format!("not a full hour: {time_hour}"))?;
    let (day, _) = hour.split_once('T').ok_or_else(|| format!("not a time: {time_hour}"))?;
    if minute > 59 {
        return Err(format!("minute {minute} of {time_hour}").into());
    }
    if dep_time == "NA" {
        let scheduled = format!("{hour}:{minute:02}:00.000Z");
        let cancelled = Cancelled { scheduled, carrier, name, origin, dest, flight };
        *answer.cancelled.entry(cancelled).or_insert(0) += 1;
        return Ok(());
    }
    let delay: i64 = dep_delay.parse()?;
    let daily = Group { start: format!("{day}T00:00:00.000Z"), carrier, name, origin };
    let hourly = Group { start: format!("{hour}:00:00.000Z"), ..daily.clone() };
    for (windows, group) in [(&mut answer.hourly, hourly), (&mut answer.daily, daily)] {
        let none = Figures { flights: 0, delayed: 0, sum_delay: 0, max_delay: i64::MIN };
        let figures = windows.entry(group).or_insert(none);
        figures.flights += 1;
        figures.delayed += u64::from(delay > 15);
        figures.sum_delay += delay;
        figures.max_delay = figures.max_delay.max(delay);
    }
    Ok(())
}

impl Answer {
    /// `hourly,start,carrier,name,origin,flights,delayed,sum_delay,max_delay`, sorted as text.
    pub fn hourly_lines(&self) -> Result<Vec<String>> {
        window_lines("hourly", &self.hourly)
    }

    /// `daily,start,carrier,name,origin,flights,delayed,sum_delay,max_delay`, sorted as text.
    pub fn daily_lines(&self) -> Result<Vec<String>> {
        window_lines("daily", &self.daily)
    }

    /// `cancelled,scheduled,carrier,name,origin,dest,flight`, sorted as text.
    pub fn cancelled_lines(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for (c, &times) in &self.cancelled {
            let flight = c.flight.to_string();
            let fields = ["cancelled", &c.scheduled, &c.carrier, &c.name, &c.origin, &c.dest, &flight];
            lines.extend(vec![line(&fields)?; times]);
        }
        lines.sort();
        Ok(lines)
    }

    /// All lines, sorted as text.
    pub fn lines(&self) -> Result<Vec<String>> {
        let mut lines = [self.hourly_lines()?, self.daily_lines()?, self.cancelled_lines()?].concat();
        lines.sort();
        Ok(lines)
    }
}

fn window_lines(kind: &str, windows: &BTreeMap<Group, Figures>) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (group, figures) in windows {
        let counts = [figures.flights.to_string(), figures.delayed.to_string()];
        let delays = [figures.sum_delay.to_string(), figures.max_delay.to_string()];
        let key = [kind, &group.start, &group.carrier, &group.name, &group.origin].map(str::to_owned);
        lines.push(line(&[&key[..], &counts, &delays].concat())?);
    }
    lines.sort();
    Ok(lines)
}

/// One CSV line without its line end, quoted where it must be.
fn line(fields: &[impl AsRef<[u8]>]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields)?;
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(months: &[&str]) -> Answer {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
        let files: Vec<_> = months.iter().map(|m| data.join(format!("flights-2013-{m}.csv.gz"))).collect();
        compute(&files, data.join("airlines.csv")).unwrap()
    }

    fn total(windows: &BTreeMap<Group, Figures>) -> (u64, u64, i64, i64) {
        let sum = |part: fn(&Figures) -> i64| windows.values().map(part).sum::<i64>();
        let flights = windows.values().map(|f| f.flights).sum();
        let delayed = windows.values().map(|f| f.delayed).sum();
        (flights, delayed, sum(|f| f.sum_delay), windows.values().map(|f| f.max_delay).max().unwrap())
    }

    /// The totals were taken from the files with awk.
    #[test]
    fn totals_of_each_month() {
        for (month, windows, cancelled, totals) in [
            ("01", (9_460, 1_000), 521, (26_483, 4_918, 265_801, 1_301)),
            ("02", (8_333, 912), 1_261, (23_690, 4_796, 256_251, 853)),
            ("10", (10_207, 1_030), 236, (28_653, 4_284, 178_909, 702)),
        ] {
            let answer = of(&[month]);
            assert_eq!((answer.hourly.len(), answer.daily.len()), windows, "month {month}");
            assert_eq!(answer.cancelled.values().sum::<usize>(), cancelled, "month {month}");
            assert_eq!((total(&answer.hourly), total(&answer.daily)), (totals, totals), "month {month}");
        }
    }

    /// The last flights of January and the first of February share a UTC day, but no hour.
    #[test]
    fn a_day_can_span_two_files() {
        let answer = of(&["01", "02", "10"]);
        assert_eq!((answer.hourly.len(), answer.daily.len()), (28_000, 2_919));
    }

    #[test]
    fn lines_as_counted_by_hand() {
        let lines = of(&["01"]).lines().unwrap();
        for expected in [
            "hourly,2013-01-01T22:00:00.000Z,UA,United Air Lines Inc.,EWR,11,2,132,31",
            "cancelled,2013-01-01T21:30:00.000Z,EV,ExpressJet Airlines Inc.,EWR,RDU,4308",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected}");
        }
    }

    #[test]
    fn a_field_with_a_comma_is_quoted() {
        assert_eq!(line(&["UA", "Air, Inc."]).unwrap(), r#"UA,"Air, Inc.""#);
    }
}
