//! Values that are made of no others.

use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use crate::connectors::fields::{Leaf, Length, RowContext};
use crate::connectors::random::Random as Bits;
use crate::types::SqlType;
use crate::types::calendar::{MILLIS_PER_DAY, TimestampUnit};
use crate::types::zone::Zone;

/// What values are.
#[derive(Debug)]
pub(super) enum Value {
    Random(Random),
    Sequence(Sequence),
}

/// Values by chance.
#[derive(Debug)]
pub(super) enum Random {
    Boolean,
    /// Between these, both of which occur.
    Integer(i64, i64),
    /// From the first to below the second.
    Float(f64, f64),
    /// Unscaled; both occur.
    Decimal(i128, i128),
    /// So many hexadecimal digits.
    Text(Length),
    Bytes(Length),
    /// Today in this zone.
    Date(Zone),
    /// Now in this zone, with so many digits.
    Time(Zone, u8),
    /// At most so many milliseconds ago, on the clock of the zone if there is one, with so many digits.
    Timestamp(Option<Zone>, i64, u8),
}

/// Values that count up with the rows.
#[derive(Debug)]
pub(super) struct Sequence {
    pub start: i64,
    pub data_type: SqlType,
}

impl Leaf for Value {
    fn append(
        &self,
        column: &mut ColumnBuilder,
        random: &mut Bits,
        row: RowContext,
    ) -> Result<(), ValueError> {
        match self {
            Self::Random(value) => value.append(column, random, row.now),
            Self::Sequence(sequence) => sequence.append(column, row.number),
        }
    }
}

impl Sequence {
    fn append(&self, column: &mut ColumnBuilder, number: u64) -> Result<(), ValueError> {
        let value = self.start.wrapping_add_unsigned(number);
        #[allow(clippy::cast_precision_loss, reason = "as Java's conversion")]
        match &self.data_type {
            SqlType::Float | SqlType::Double => column.append(Scalar::Float(value as f64)),
            SqlType::Decimal(precision, scale) => {
                let unscaled =
                    10_i128.checked_pow((*scale).into()).and_then(|unit| unit.checked_mul(value.into()));
                let limit = 10_i128.pow(u32::from((*precision).min(38)));
                let fits = unscaled.filter(|unscaled| unscaled.unsigned_abs() < limit.unsigned_abs());
                let fits = fits.ok_or_else(|| format!("{value} is out of the range of {}", self.data_type));
                column.append_result(fits.map(Scalar::Decimal))
            }
            SqlType::Char(_) | SqlType::VarChar(_) => column.append(Scalar::Text(&value.to_string())),
            _ => column.append(Scalar::Integer(value)),
        }
    }
}

impl Random {
    fn append(&self, column: &mut ColumnBuilder, random: &mut Bits, now: i64) -> Result<(), ValueError> {
        match self {
            Self::Boolean => column.append(Scalar::Boolean(random.below(2) == 1)),
            Self::Integer(min, max) => column.append(Scalar::Integer(random.between(*min, *max))),
            // Weighed, so that the distance between the ends need not be a number.
            Self::Float(min, max) => {
                let part = random.fraction();
                column.append(Scalar::Float(min.mul_add(1.0 - part, max * part)))
            }
            Self::Decimal(min, max) => column.append(Scalar::Decimal(between(random, *min, *max))),
            Self::Text(length) => {
                let length = length.draw(random);
                let text: String = Nibbles::new(random).take(length as usize).map(hexadecimal).collect();
                column.append(Scalar::Text(&text))
            }
            Self::Bytes(length) => {
                let length = length.draw(random);
                let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
                column.append(Scalar::Bytes(&bytes))
            }
            Self::Date(zone) => {
                let local = zone.to_local(now, 3).unwrap_or(now);
                column.append(Scalar::Integer(local.div_euclid(MILLIS_PER_DAY)))
            }
            Self::Time(zone, precision) => {
                let millis = zone.to_local(now, 3).unwrap_or(now).rem_euclid(MILLIS_PER_DAY);
                column.append(Scalar::Integer(truncated(millis, *precision)))
            }
            Self::Timestamp(zone, max_past, precision) => {
                let instant = now.saturating_sub(random.between(0, *max_past));
                let millis = zone.as_ref().and_then(|zone| zone.to_local(instant, 3)).unwrap_or(instant);
                let unit = TimestampUnit::of_precision(*precision);
                let value = unit.from_millis(truncated(millis, *precision), 0);
                column
                    .append_result(value.map(Scalar::Integer).ok_or_else(|| "now is out of range".to_owned()))
            }
        }
    }
}

/// Milliseconds with so many digits of a second's fraction.
fn truncated(millis: i64, precision: u8) -> i64 {
    let step = [1_000, 100, 10].get(usize::from(precision)).copied().unwrap_or(1);
    millis - millis.rem_euclid(step)
}

/// A number between these, both of which occur. The distance is below 2^127, for a decimal has at most 38 digits.
fn between(random: &mut Bits, min: i128, max: i128) -> i128 {
    let width = max.wrapping_sub(min).unsigned_abs() + 1;
    let bits = u128::from(random.bits()) << 64 | u128::from(random.bits());
    // The excess of the remainder is below 2^-1 only for the widest; nobody counts such numbers.
    min.wrapping_add_unsigned(bits % width)
}

fn hexadecimal(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

/// Four random bits at a time.
struct Nibbles<'a> {
    random: &'a mut Bits,
    bits: u64,
    left: u32,
}

impl<'a> Nibbles<'a> {
    fn new(random: &'a mut Bits) -> Self {
        Self { random, bits: 0, left: 0 }
    }
}

impl Iterator for Nibbles<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.left == 0 {
            (self.bits, self.left) = (self.random.bits(), 16);
        }
        let nibble = (self.bits & 15) as u8;
        self.bits >>= 4;
        self.left -= 1;
        Some(nibble)
    }
}
