//! FLOOR and CEIL of instants.

use super::Zone;
use crate::parser::ast::TimeUnit;
use crate::types::calendar::{ceil_millis, floor_millis};

/// [`floor_millis`] on a zone's clock, of an instant in milliseconds. As in Flink, the offset is that of the instant, also
/// where the clock was changed since the unit began.
///
/// ```
/// use millstream_sql::parser::ast::TimeUnit;
/// use millstream_sql::types::zone::{Zone, floor_instant};
///
/// let zone = Zone::of("GMT+1").unwrap();
/// assert_eq!(floor_instant(TimeUnit::Day, 0, &zone), Some(-3_600_000));
/// ```
pub fn floor_instant(unit: TimeUnit, instant: i64, zone: &Zone) -> Option<i64> {
    let offset = millis_ahead(instant, zone);
    floor_millis(unit, instant.checked_add(offset)?)?.checked_sub(offset)
}

/// [`ceil_millis`] on a zone's clock, of an instant in milliseconds, with the offset of the instant.
pub fn ceil_instant(unit: TimeUnit, instant: i64, zone: &Zone) -> Option<i64> {
    let offset = millis_ahead(instant, zone);
    ceil_millis(unit, instant.checked_add(offset)?)?.checked_sub(offset)
}

fn millis_ahead(instant: i64, zone: &Zone) -> i64 {
    i64::from(zone.offset_at(instant.div_euclid(1_000))) * 1_000
}
