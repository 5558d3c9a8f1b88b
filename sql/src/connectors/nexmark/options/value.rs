//! Texts of options to values, as Flink's `ConfigurationUtils`, `TimeUtils` and `MemorySize` read them.

use std::str::FromStr;

use super::{OUT_OF_ORDER_STRIDE, OptionError, RateShape};

/// The largest `int` of Java.
const MAXIMUM: u64 = i32::MAX as u64;

/// The text of an option.
pub(super) struct Text<'a> {
    pub key: &'a str,
    pub value: &'a str,
}

impl Text<'_> {
    /// A whole number within bounds.
    pub fn integer(&self, minimum: u64, maximum: u64) -> Result<u64, OptionError> {
        let number = self.value.parse().ok().filter(|number| (minimum..=maximum).contains(number));
        number.ok_or_else(|| self.invalid(&format!("a whole number from {minimum} to {maximum}")))
    }

    /// A whole number that may be 0.
    pub fn natural(&self) -> Result<u64, OptionError> {
        self.integer(0, MAXIMUM)
    }

    /// A whole number from 1.
    pub fn count(&self) -> Result<u64, OptionError> {
        self.integer(1, MAXIMUM)
    }

    /// A number of events; none if negative.
    pub fn optional_count(&self) -> Result<Option<u64>, OptionError> {
        match i64::from_str(self.value) {
            Ok(count) => Ok(u64::try_from(count).ok()),
            Err(_) => Err(self.invalid("a whole number of events, or -1 for no end")),
        }
    }

    /// A point in time in milliseconds since the epoch.
    pub fn millis(&self) -> Result<i64, OptionError> {
        self.value.parse().map_err(|_| self.invalid("a time in milliseconds since 1970-01-01T00:00:00Z"))
    }

    pub fn boolean(&self) -> Result<bool, OptionError> {
        if self.value.eq_ignore_ascii_case("true") {
            Ok(true)
        } else if self.value.eq_ignore_ascii_case("false") {
            Ok(false)
        } else {
            Err(self.invalid("true or false"))
        }
    }

    pub fn rate_shape(&self) -> Result<RateShape, OptionError> {
        if self.value.eq_ignore_ascii_case("square") {
            Ok(RateShape::Square)
        } else if self.value.eq_ignore_ascii_case("sine") {
            Ok(RateShape::Sine)
        } else {
            Err(self.invalid("SQUARE or SINE"))
        }
    }

    /// The size of a group of events that change places.
    pub fn group_size(&self) -> Result<u64, OptionError> {
        let size = self.count()?;
        if size.is_multiple_of(OUT_OF_ORDER_STRIDE) {
            return Err(self.invalid(&format!("no multiple of {OUT_OF_ORDER_STRIDE}")));
        }
        Ok(size)
    }

    /// A size in bytes, of at most Java's largest `int`.
    pub fn size(&self) -> Result<u64, OptionError> {
        let bytes = with_unit(self.value, "b", |unit| {
            let shift = match unit {
                "b" | "bytes" => 0,
                "k" | "kb" | "kibibytes" => 10,
                "m" | "mb" | "mebibytes" => 20,
                "g" | "gb" | "gibibytes" => 30,
                "t" | "tb" | "tebibytes" => 40,
                _ => return None,
            };
            Some(1 << shift)
        });
        bytes.filter(|bytes| *bytes <= MAXIMUM).ok_or_else(|| {
            self.invalid(&format!("a size of at most {MAXIMUM} bytes, such as '100' or '2 kb'"))
        })
    }

    /// A time in whole seconds, of which there is at least one.
    pub fn seconds(&self) -> Result<u64, OptionError> {
        let nanos = with_unit(self.value, "ms", |unit| {
            Some(match unit {
                "d" | "day" | "days" => 86_400_000_000_000,
                "h" | "hour" | "hours" => 3_600_000_000_000,
                "m" | "min" | "minute" | "minutes" => 60_000_000_000,
                "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
                "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
                "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
                "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
                _ => return None,
            })
        });
        let seconds = nanos.map(|nanos| nanos / 1_000_000_000);
        seconds.filter(|seconds| (1..=MAXIMUM).contains(seconds)).ok_or_else(|| {
            self.invalid(&format!("a time from one second to {MAXIMUM} seconds, such as '30 s' or '10 min'"))
        })
    }

    fn invalid(&self, expected: &str) -> OptionError {
        let (key, value) = (self.key.to_owned(), self.value.to_owned());
        OptionError::InvalidValue { key, value, expected: expected.to_owned() }
    }
}

/// A whole number times its unit, which may be left out and have any case; none if there is no such unit, no number, or
/// if the product overflows.
fn with_unit(text: &str, default: &str, scale: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim().to_lowercase();
    let unit = if unit.is_empty() { default } else { &unit };
    number.parse::<u64>().ok()?.checked_mul(scale(unit)?)
}
