//! A text that is read from left to right.

use crate::types::calendar::{CivilDate, CivilDateTime, TimestampUnit};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What is left of a text. Each step takes something away, or answers `None` and leaves the text as it is.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.as_bytes() }
    }

    pub(super) fn is_at_end(self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn byte(&mut self, expected: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == expected).then(|| self.rest = rest)
    }

    /// A number of so many digits, no more, and at most 18.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<u64> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length < least || length > most.min(18) {
            return None;
        }
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
    }

    pub(super) fn small(&mut self, least: usize, most: usize) -> Option<u8> {
        u8::try_from(self.number(least, most)?).ok()
    }

    /// What the pattern `[MM][M]` reads: two digits, or one, or nothing; and the same number once more, if it stands there.
    pub(super) fn field(&mut self) -> Option<Option<u8>> {
        let number = match *self.rest {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ref rest @ ..] => {
                self.rest = rest;
                (tens - b'0') * 10 + (ones - b'0')
            }
            [ones @ b'0'..=b'9', ref rest @ ..] => {
                self.rest = rest;
                return Some(Some(ones - b'0'));
            }
            // A minus and digits are a number to the second letter, and no field is negative.
            [b'-', b'0'..=b'9', ..] => return None,
            _ => return Some(None),
        };
        let mut again = *self;
        if again.number(1, 18) == Some(u64::from(number)) {
            *self = again;
        }
        Some(Some(number))
    }

    /// A fraction of a second, in nanoseconds: a point and up to nine digits.
    pub(super) fn fraction(&mut self) -> Option<u32> {
        self.byte(b'.')?;
        let before = self.rest.len();
        let number = self.number(0, 9)?;
        let length = before - self.rest.len();
        u32::try_from(number * 10_u64.pow(9 - length as u32)).ok()
    }

    /// A fraction of a second of any length: nanoseconds, and how many digits of them are given.
    pub(super) fn long_fraction(&mut self) -> Option<(u32, u8)> {
        self.byte(b'.')?;
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let kept = length.min(9);
        let number = digits.iter().take(kept).fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        Some((number * 10_u32.pow(9 - kept as u32), kept as u8))
    }

    /// A year as `java.time` writes it: four digits, or more with a sign.
    pub(super) fn year(&mut self) -> Option<i32> {
        let (negative, positive) = (self.byte(b'-').is_some(), self.byte(b'+').is_some());
        if negative && positive {
            return None;
        }
        let number = match (negative, positive) {
            (false, false) => self.number(4, 4)?,
            (_, true) => self.number(5, 9)?,
            (true, _) => self.number(4, 9)?,
        };
        let year = i32::try_from(number).ok()?;
        if negative { (year != 0).then_some(-year) } else { Some(year) }
    }
}

/// A clock's hour, minute, second and fraction as nanoseconds since midnight, if there is such a time.
pub(super) fn nanos_of_day(hour: u8, minute: u8, second: u8, nanos: u32) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some(seconds * NANOS_PER_SECOND + i64::from(nanos))
}

/// The value of a TIMESTAMP(`precision`): digits beyond the precision are cut off.
pub(super) fn to_value(date: CivilDate, nanos_of_day: i64, precision: u8) -> Option<i64> {
    let reading = CivilDateTime::new(date, nanos_of_day)?.truncated(precision);
    reading.timestamp(TimestampUnit::of_precision(precision))
}
