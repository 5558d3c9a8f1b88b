//! The names of zones.

use jiff::tz::TimeZoneDatabase;

use super::{Rules, Zone};

/// The largest offset of `java.time.ZoneOffset`.
const MAX_OFFSET: i32 = 18 * 3_600;

/// The three letters that `java.util.TimeZone` knows, as `java.time.ZoneId.SHORT_IDS`.
const SHORT_IDS: [(&str, &str); 28] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("EST", "-05:00"),
    ("HST", "-10:00"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("MST", "-07:00"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// The zone of a `java.time.ZoneId`.
pub(super) fn parse(id: &str) -> Option<Zone> {
    match id {
        "Z" => return Some(Zone::UTC),
        _ if id.starts_with(['+', '-']) => return offset(id).map(fixed),
        _ => {}
    }
    for prefix in ["UTC", "GMT", "UT"] {
        match id.strip_prefix(prefix) {
            Some("") => return Some(Zone::UTC),
            Some(rest) if rest.starts_with(['+', '-']) && id != "GMT+0" && id != "GMT-0" => {
                return offset(rest).map(fixed);
            }
            _ => {}
        }
    }
    region(id)
}

/// The zone of a `java.util.TimeZone`, whose offsets are `GMT+h`, `GMT+hh`, `GMT+hmm`, `GMT+hhmm` and `GMT+hh:mm`.
pub(super) fn parse_legacy(id: &str) -> Option<Zone> {
    if let Some((_, meaning)) = SHORT_IDS.iter().find(|(short, _)| *short == id) {
        return parse(meaning);
    }
    if let Some(clock) = id.strip_prefix("GMT").filter(|rest| rest.starts_with(['+', '-'])) {
        let digits = clock.get(1..)?;
        let (hours, minutes) = match digits.split_once(':') {
            Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
            Some(_) => return None,
            None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
            None => (digits, "0"),
        };
        let (hours, minutes) = (small(hours, 2)?, small(minutes, 2)?);
        let seconds = (hours * 60 + minutes) * 60;
        let known = hours <= 23 && minutes <= 59;
        return known.then(|| fixed(if clock.starts_with('-') { -seconds } else { seconds }));
    }
    if matches!(id, "UTC" | "GMT" | "UT") { Some(Zone::UTC) } else { region(id) }
}

fn fixed(seconds: i32) -> Zone {
    Zone { rules: Rules::Fixed(seconds) }
}

fn region(id: &str) -> Option<Zone> {
    // Three letters mean different offsets to different people: Java keeps them out, the database has these.
    if matches!(id, "EST" | "MST" | "HST") {
        return None;
    }
    let zone = TimeZoneDatabase::bundled().get(id).ok()?;
    // The database does not look at case, Java does.
    (zone.iana_name() == Some(id)).then_some(Zone { rules: Rules::Region(zone) })
}

/// An offset of a `java.time.ZoneOffset`, in seconds: `+h`, `+hh`, `+hh:mm`, `+hhmm`, `+hh:mm:ss`, `+hhmmss`.
fn offset(text: &str) -> Option<i32> {
    let negative = text.starts_with('-');
    let clock = text.get(1..)?;
    let (hours, minutes, seconds) = match *clock.as_bytes() {
        [_] | [_, _] => (small(clock, 2)?, 0, 0),
        [_, _, b':', _, _] => (small(clock.get(..2)?, 2)?, small(clock.get(3..)?, 2)?, 0),
        [_, _, _, _] => (small(clock.get(..2)?, 2)?, small(clock.get(2..)?, 2)?, 0),
        [_, _, b':', _, _, b':', _, _] => {
            (small(clock.get(..2)?, 2)?, small(clock.get(3..5)?, 2)?, small(clock.get(6..)?, 2)?)
        }
        [_, _, _, _, _, _] => {
            (small(clock.get(..2)?, 2)?, small(clock.get(2..4)?, 2)?, small(clock.get(4..)?, 2)?)
        }
        _ => return None,
    };
    let total = (hours * 60 + minutes) * 60 + seconds;
    let known = minutes <= 59 && seconds <= 59 && total <= MAX_OFFSET;
    known.then_some(if negative { -total } else { total })
}

/// A number of digits only, and not more than so many.
fn small(text: &str, most: usize) -> Option<i32> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}
