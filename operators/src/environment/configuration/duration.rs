//! Durations as texts.

use std::time::Duration;

/// A duration as Flink's `TimeUtils` reads it: `10 s`, `200ms`, `5` (milliseconds). `None` of what is none.
///
/// ```
/// use std::time::Duration;
///
/// use millstream_operators::parse_duration;
///
/// assert_eq!(parse_duration("1 min"), Some(Duration::from_secs(60)));
/// assert_eq!(parse_duration("often"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let nanos: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    };
    number.checked_mul(nanos).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_many_ways() {
        let cases = [
            ("10 s", 10_000),
            ("200ms", 200),
            ("5", 5),
            ("1 min", 60_000),
            ("2 h", 7_200_000),
            ("1 d", 86_400_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "1.5 s", "-1 s", "10 parsecs"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
