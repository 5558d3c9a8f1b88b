//! Time zones: what the clock shows at an instant, and when a clock showed something.
//!
//! Zones are named as `java.time.ZoneId` names them: regions of the time zone database (`Europe/Berlin`), offsets
//! (`+08:00`), and offsets with a prefix (`GMT+8`, `UTC`). The database is compiled in, so that the answers do not depend on
//! the machine.

mod id;
mod rounding;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

pub use rounding::{ceil_instant, floor_instant};

use super::calendar::TimestampUnit;

/// The first and last instant of the years that jiff knows, less a day for offsets; before and after, offsets are those
/// of these instants.
const KNOWN_SECONDS: std::ops::RangeInclusive<i64> = -377_705_000_000..=253_402_200_000;

/// The name of a zone that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no time zone is called `{id}`: give a region like 'America/Los_Angeles', an offset like 'GMT+03:00', or 'UTC'"
)]
pub struct UnknownZone {
    /// What was asked for.
    pub id: String,
}

/// A time zone. Cloning is cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    rules: Rules,
}

#[derive(Clone, Debug, PartialEq)]
enum Rules {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(TimeZone),
}

impl Zone {
    /// The clock of Greenwich.
    pub const UTC: Self = Self { rules: Rules::Fixed(0) };

    /// The zone of an identifier, as `java.time.ZoneId.of` and, without offsets that have no prefix, Flink's
    /// `table.local-time-zone`. Regions are told apart by case.
    ///
    /// # Errors
    ///
    /// There is no such zone.
    ///
    /// ```
    /// use millstream_sql::types::zone::Zone;
    ///
    /// let zone = Zone::of("Asia/Shanghai")?;
    /// assert_eq!(zone.to_local(0, 3), Some(8 * 3_600_000));
    /// assert!(Zone::of("PST").is_err());
    /// # Ok::<(), millstream_sql::types::zone::UnknownZone>(())
    /// ```
    pub fn of(id: &str) -> Result<Self, UnknownZone> {
        id::parse(id).ok_or_else(|| UnknownZone { id: id.to_owned() })
    }

    /// The zone of an identifier, as `java.util.TimeZone.getTimeZone`, which CONVERT_TZ asks: also three letters
    /// (`PST`), only offsets with `GMT` in front, and Greenwich for what there is not.
    ///
    /// ```
    /// use millstream_sql::types::zone::Zone;
    ///
    /// assert_eq!(Zone::or_greenwich("PST"), Zone::of("America/Los_Angeles")?);
    /// assert_eq!(Zone::or_greenwich("nowhere"), Zone::UTC);
    /// # Ok::<(), millstream_sql::types::zone::UnknownZone>(())
    /// ```
    pub fn or_greenwich(id: &str) -> Self {
        id::parse_legacy(id).unwrap_or(Self::UTC)
    }

    /// Whether the zone has one offset at all times.
    pub fn is_fixed(&self) -> bool {
        matches!(self.rules, Rules::Fixed(_))
    }

    /// How far the clock is ahead of Greenwich's at an instant: both in seconds.
    pub fn offset_at(&self, instant: i64) -> i32 {
        match &self.rules {
            Rules::Fixed(offset) => *offset,
            Rules::Region(zone) => zone.to_offset(known(instant)).seconds(),
        }
    }

    /// How far the clock is ahead of Greenwich's when it shows `local`, both in seconds, as `java.time` decides it: of two
    /// such times, at the first; in a gap that the clock jumps over, as before it.
    pub fn offset_of_local(&self, local: i64) -> i32 {
        self.offsets_of_local(local).0
    }

    /// The offset of `java.time`, and what others there are.
    fn offsets_of_local(&self, local: i64) -> (i32, AmbiguousOffset) {
        let offset = match &self.rules {
            Rules::Fixed(offset) => {
                let seconds = *offset;
                let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
                return (seconds, AmbiguousOffset::Unambiguous { offset });
            }
            Rules::Region(zone) => {
                zone.to_ambiguous_timestamp(Offset::UTC.to_datetime(known(local))).offset()
            }
        };
        match offset {
            AmbiguousOffset::Unambiguous { offset: first }
            | AmbiguousOffset::Gap { before: first, .. }
            | AmbiguousOffset::Fold { before: first, .. } => (first.seconds(), offset),
        }
    }

    /// When the clock shows a time, as `java.util.Calendar` decides it, which UNIX_TIMESTAMP and CONVERT_TZ ask: as
    /// [`to_instant`](Self::to_instant), but of two such times the second. Both in milliseconds; `None` beyond 64 bits.
    pub fn to_instant_of_calendar(&self, local: i64) -> Option<i64> {
        let offset = match self.offsets_of_local(local.div_euclid(1_000)) {
            (_, AmbiguousOffset::Fold { after, .. }) => after.seconds(),
            (offset, _) => offset,
        };
        local.checked_sub(i64::from(offset) * 1_000)
    }

    /// What the clock shows at an instant: a TIMESTAMP_LTZ(`precision`) to a TIMESTAMP of the same precision. `None` beyond
    /// 64 bits.
    pub fn to_local(&self, instant: i64, precision: u8) -> Option<i64> {
        let per_second = units_per_second(precision);
        let offset = i64::from(self.offset_at(instant.div_euclid(per_second)));
        instant.checked_add(offset * per_second)
    }

    /// When the clock shows a time: a TIMESTAMP(`precision`) to a TIMESTAMP_LTZ of the same precision. Times that there are
    /// twice are the first; times that the clock jumps over are moved by the jump: see
    /// [`offset_of_local`](Self::offset_of_local). `None` beyond 64 bits.
    ///
    /// ```
    /// use millstream_sql::types::text::timestamp::parse_timestamp;
    /// use millstream_sql::types::zone::Zone;
    ///
    /// let berlin = Zone::of("Europe/Berlin")?;
    /// let instant = |text| berlin.to_instant(parse_timestamp(text, 0).unwrap(), 0).unwrap();
    /// // Clocks went from 2 to 3.
    /// assert_eq!(instant("2024-03-31 02:30:00"), instant("2024-03-31 03:30:00"));
    /// # Ok::<(), millstream_sql::types::zone::UnknownZone>(())
    /// ```
    pub fn to_instant(&self, local: i64, precision: u8) -> Option<i64> {
        let per_second = units_per_second(precision);
        let offset = i64::from(self.offset_of_local(local.div_euclid(per_second)));
        local.checked_sub(offset * per_second)
    }
}

fn units_per_second(precision: u8) -> i64 {
    1_000_000_000 / TimestampUnit::of_precision(precision).nanos()
}

fn known(seconds: i64) -> Timestamp {
    let seconds = seconds.clamp(*KNOWN_SECONDS.start(), *KNOWN_SECONDS.end());
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
