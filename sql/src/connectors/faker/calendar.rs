//! Days, years and months of the proleptic Gregorian calendar, without zones.

#[cfg(test)]
mod tests;

/// The milliseconds of a day.
pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// A point in time in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The year; 0 is the one before 1.
    pub(super) year: i64,
    /// The month, from 1.
    pub(super) month: i64,
    /// The day of the month, from 1.
    pub(super) day: i64,
    /// The day of the week, from 0 for Sunday.
    pub(super) weekday: i64,
    /// The milliseconds since midnight.
    pub(super) millis: i64,
}

impl Moment {
    /// The point in time that is so many milliseconds from 1970-01-01 00:00:00.
    pub(super) fn of(millis: i64) -> Self {
        let days = millis.div_euclid(DAY_MILLIS);
        let (year, month, day) = civil(days);
        Self { year, month, day, weekday: (days + 4).rem_euclid(7), millis: millis.rem_euclid(DAY_MILLIS) }
    }

    /// The hour, from 0 to 23.
    pub(super) fn hour(&self) -> i64 {
        self.millis / 3_600_000
    }

    /// The minute of the hour.
    pub(super) fn minute(&self) -> i64 {
        self.millis / 60_000 % 60
    }

    /// The second of the minute.
    pub(super) fn second(&self) -> i64 {
        self.millis / 1_000 % 60
    }

    /// The millisecond of the second.
    pub(super) fn millisecond(&self) -> i64 {
        self.millis % 1_000
    }
}

/// Year, month and day of the day that is so many from 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin on the first of March, so that the leap day is the last of its year; the calendar repeats itself
    // every 400 years, which are 146,097 days.
    let from_march_0000 = days + 719_468;
    let cycle = from_march_0000.div_euclid(146_097);
    let day_of_cycle = from_march_0000.rem_euclid(146_097);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    // Five months from March have 153 days, again and again.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

/// The days from 1970-01-01 to this day; one that its month does not have counts on into the next.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * 146_097 + day_of_cycle - 719_468
}

/// The milliseconds from 1970-01-01 00:00:00 to what this text says: `2024-05-06` or `2024-05-06 07:08:09`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "00:00:00"));
    let numbers = |text: &str, separator: char| {
        let mut parts = text.split(separator).map(|part| {
            let digits =
                !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse::<i64>().ok() } else { None }
        });
        let numbers = (parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(numbers)
    };
    let (year, month, day) = numbers(date, '-')?;
    let (hour, minute, second) = numbers(time, ':')?;
    let since = days(year, month, day);
    let valid = (1..=12).contains(&month) && civil(since) == (year, month, day);
    let valid = valid && hour < 24 && minute < 60 && second < 60;
    valid.then_some(since * DAY_MILLIS + ((hour * 60 + minute) * 60 + second) * 1_000)
}
