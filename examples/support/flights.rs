//! The flights of the example data: when they were due, and what is known of the order of the files' rows.

use std::path::Path;
use std::time::Duration;

use millstream::Timestamp;
use millstream::connectors::files::{CsvFormat, FileSource};
use serde::{Deserialize, Serialize};

/// A flight is delayed if it leaves more than this many minutes late.
pub const DELAYED_MINUTES: i64 = 15;

/// Rows of one local day are sorted by actual departure: two of them are at most a day apart, and
/// the longest day of the year, when the clocks go back, has 25 hours.
pub const LONGEST_DAY: Duration = Duration::from_secs(25 * 3_600);

/// The scheduled departure, in UTC: the event time of a flight.
pub fn scheduled(time_hour: &str, minute: i64) -> Timestamp {
    // A row whose hour cannot be read gets no timestamp, and what needs one refuses it.
    let hour = time_hour.parse::<jiff::Timestamp>();
    hour.map_or(Timestamp::MIN, |hour| Timestamp::from_millis(hour.as_millisecond() + minute * 60_000))
}

/// A file holds one month: no flight in `flights-2013-10.csv.gz` is due before October begins.
pub fn start_of_month(path: &str) -> Option<Timestamp> {
    let month = path.rsplit('/').next()?.split_once('-')?.1.get(..7)?;
    let start: jiff::Timestamp = format!("{month}-01T00:00:00Z").parse().ok()?;
    Some(Timestamp::from_millis(start.as_millisecond()))
}

/// A row of the file, as it stands there: what is missing is `NA`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Departure {
    pub dep_delay: String,
    pub tailnum: String,
    pub origin: String,
    pub dest: String,
    pub minute: i64,
    pub time_hour: String,
}

impl Departure {
    /// When it was due.
    pub fn scheduled(&self) -> Timestamp {
        scheduled(&self.time_hour, self.minute)
    }

    /// How many minutes late it left, negative if early; `None` if it never left.
    pub fn delay(&self) -> Option<i64> {
        self.dep_delay.parse().ok()
    }

    /// Whether it left.
    pub fn has_left(&self) -> bool {
        self.delay().is_some()
    }

    /// Whether it left, and of an aircraft that is known.
    pub fn is_known(&self) -> bool {
        self.has_left() && self.tailnum != "NA"
    }

    /// Whether it left late.
    pub fn is_delayed(&self) -> bool {
        self.delay().is_some_and(|minutes| minutes > DELAYED_MINUTES)
    }
}

/// All departures in the files of a folder, with a watermark under which none is late.
pub fn departures(folder: &Path, rate: Option<f64>) -> FileSource<CsvFormat<Departure>> {
    FileSource::csv::<Departure>(folder.join("flights-*.csv*"))
        .timestamps(Departure::scheduled)
        .watermarks(LONGEST_DAY)
        .split_start(start_of_month)
        .rate(rate)
}
