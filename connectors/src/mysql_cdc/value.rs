//! Values to text, in one form, whether they come as rows or out of the binary log.

use bytes::Bytes;
use mysql_async::Value;
use mysql_async::binlog::value::BinlogValue;

use super::types::Kind;
use crate::cdc::record::ColumnValue;

/// What is wrong with a value.
pub(super) type Problem = String;

/// A value of a row that a query answers. Strings are in UTF-8, and times in UTC: that is how the session is set.
pub(super) fn of_row(kind: &Kind, value: Value) -> Result<ColumnValue, Problem> {
    match (kind, value) {
        (_, Value::NULL) => Ok(ColumnValue::Null),
        (Kind::Text(_) | Kind::Enum(_) | Kind::Set(_), Value::Bytes(text)) => {
            Ok(ColumnValue::Text(text.into()))
        }
        (Kind::Json, Value::Bytes(text)) => {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&text);
            parsed.map(|json| text_of(json.to_string())).map_err(|error| error.to_string())
        }
        (kind, value) => of_either(kind, value),
    }
}

/// A value that the binary log has.
pub(super) fn of_binlog(kind: &Kind, value: BinlogValue<'_>) -> Result<ColumnValue, Problem> {
    let value = match value {
        BinlogValue::Value(value) => value,
        BinlogValue::Jsonb(json) => {
            let json = serde_json::Value::try_from(json);
            return json.map(|json| text_of(json.to_string())).map_err(|error| error.to_string());
        }
        BinlogValue::JsonDiff(_) => {
            return Err(
                "the log has a part of a JSON document alone: SET GLOBAL binlog_row_value_options = ''"
                    .into(),
            );
        }
    };
    match (kind, value) {
        (_, Value::NULL) => Ok(ColumnValue::Null),
        (Kind::Text(charset), Value::Bytes(text)) => Ok(ColumnValue::Text(charset.decode(text).into())),
        (Kind::Binary { padded_to: Some(length) }, Value::Bytes(mut bytes)) => {
            bytes.resize(bytes.len().max(*length), 0);
            Ok(ColumnValue::Text(bytes.into()))
        }
        // Whether a number is below zero is not always in the log.
        (Kind::Integer { bits: 64, is_unsigned: true }, Value::Int(number)) => {
            Ok(text_of(number.cast_unsigned().to_string()))
        }
        (Kind::Integer { bits, is_unsigned }, Value::Int(number)) if *bits < 64 => {
            let all = 1_i64 << bits;
            let number = number.rem_euclid(all);
            let is_negative = !is_unsigned && number >= all / 2;
            Ok(text_of((if is_negative { number - all } else { number }).to_string()))
        }
        // Which one it is of its labels; none for a value that the server has not accepted.
        (Kind::Enum(labels), Value::Int(number)) => {
            let index = usize::try_from(number).map_err(|_| unknown_label(number))?;
            let Some(index) = index.checked_sub(1) else { return Ok(text_of(String::new())) };
            labels.get(index).map(|label| text_of(label.clone())).ok_or_else(|| unknown_label(number))
        }
        // A bit for each label, the lowest first.
        (Kind::Set(labels), Value::Bytes(bits)) => {
            let has = |index: usize| bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
            let known: Vec<_> = labels
                .iter()
                .enumerate()
                .filter(|(index, _)| has(*index))
                .map(|(_, label)| label.as_str())
                .collect();
            let count: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
            if known.len() < count as usize {
                return Err("the column's type has no such label".into());
            }
            Ok(text_of(known.join(",")))
        }
        // Seconds since 1970, as a text with a fraction or as a number.
        (Kind::Timestamp { fraction }, Value::Bytes(text)) => of_epoch(&text, *fraction).map(text_of),
        (Kind::Timestamp { fraction }, Value::Int(seconds)) => {
            of_epoch(seconds.to_string().as_bytes(), *fraction).map(text_of)
        }
        // Years are counted from 1900, and 0 is the year 0.
        (Kind::Year, Value::Bytes(text)) if text == b"1900" => Ok(text_of("0".into())),
        (Kind::Year, Value::Bytes(text)) => Ok(ColumnValue::Text(text.into())),
        (kind, value) => of_either(kind, value),
    }
}

fn of_either(kind: &Kind, value: Value) -> Result<ColumnValue, Problem> {
    Ok(match (kind, value) {
        (Kind::Unsupported, _) => ColumnValue::Unavailable,
        (Kind::Integer { .. } | Kind::Year, Value::Int(number)) => text_of(number.to_string()),
        (Kind::Integer { .. } | Kind::Year, Value::UInt(number)) => text_of(number.to_string()),
        (Kind::Float, Value::Float(number)) => text_of(number.to_string()),
        (Kind::Double, Value::Double(number)) => text_of(number.to_string()),
        (Kind::Decimal, Value::Bytes(text)) => ColumnValue::Text(without_filling(text).into()),
        (Kind::Binary { .. } | Kind::Bit, Value::Bytes(bytes)) => ColumnValue::Text(bytes.into()),
        (Kind::Date, Value::Date(year, month, day, ..)) => text_of(format!("{year:04}-{month:02}-{day:02}")),
        (
            Kind::DateTime { fraction } | Kind::Timestamp { fraction },
            Value::Date(year, month, day, hour, minute, second, micros),
        ) => {
            let second = with_fraction(second.into(), micros, *fraction);
            text_of(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second}"))
        }
        (Kind::Time { fraction }, Value::Time(is_negative, days, hours, minutes, seconds, micros)) => {
            let sign = if is_negative { "-" } else { "" };
            let hours = u64::from(days) * 24 + u64::from(hours);
            let second = with_fraction(seconds.into(), micros, *fraction);
            text_of(format!("{sign}{hours:02}:{minutes:02}:{second}"))
        }
        (kind, value) => return Err(format!("{} is no value of the kind {kind:?}", value.as_sql(false))),
    })
}

fn text_of(text: String) -> ColumnValue {
    ColumnValue::Text(Bytes::from(text))
}

/// A number without the zeros in front that ZEROFILL puts there, and the log does not.
fn without_filling(mut text: Vec<u8>) -> Vec<u8> {
    let is_filling = |pair: &[u8]| matches!(pair, [b'0', next] if next.is_ascii_digit());
    let count = text.windows(2).take_while(|pair| is_filling(pair)).count();
    text.drain(..count);
    text
}

fn unknown_label(number: i64) -> Problem {
    format!("the column's type has no label with the number {number}")
}

/// The second of a minute, with so many digits of its fraction.
fn with_fraction(second: u32, micros: u32, fraction: u32) -> String {
    match fraction {
        0 => format!("{second:02}"),
        1..=6 => {
            format!("{second:02}.{:0width$}", micros / 10_u32.pow(6 - fraction), width = fraction as usize)
        }
        _ => format!("{second:02}.{micros:06}"),
    }
}

/// Seconds since 1970 as a date and a time of day. 0 is the date that is none.
fn of_epoch(text: &[u8], fraction: u32) -> Result<String, Problem> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let (seconds, micros) = text.split_once('.').unwrap_or((text, "0"));
    let (Ok(seconds), Ok(micros)) = (seconds.parse::<i64>(), micros.parse::<u32>()) else {
        return Err(format!("{text} is not a number of seconds"));
    };
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = if seconds == 0 && micros == 0 { "0000-00-00".to_owned() } else { date_of(days) };
    let second_of_minute = with_fraction(u32::try_from(second % 60).unwrap_or_default(), micros, fraction);
    Ok(format!("{date} {:02}:{:02}:{second_of_minute}", second / 3_600, second / 60 % 60))
}

/// The date so many days after 1970-01-01, by eras of 400 years that begin on 1 March.
fn date_of(days: i64) -> String {
    const DAYS_OF_ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::super::charset::Charset;
    use super::*;

    fn bytes(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    fn binlog(kind: &Kind, value: Value) -> String {
        let value = of_binlog(kind, BinlogValue::Value(value)).unwrap();
        value.text().unwrap_or_else(|| panic!("{value:?}")).to_owned()
    }

    #[test]
    fn numbers_without_a_sign_are_read_as_what_they_are() {
        for (bits, is_unsigned, number, text) in [
            (8, true, -1, "255"),
            (24, true, -1, "16777215"),
            (32, true, 7, "7"),
            (64, true, -1, "18446744073709551615"),
            (64, false, -1, "-1"),
            (24, false, -8_388_608, "-8388608"),
            // What the library makes of the bytes of the number before.
            (24, false, 8_388_608, "-8388608"),
            (24, false, 8_388_607, "8388607"),
        ] {
            assert_eq!(binlog(&Kind::Integer { bits, is_unsigned }, Value::Int(number)), text);
        }
    }

    #[test]
    fn seconds_are_dates_in_utc() {
        for (seconds, fraction, text) in [
            ("0", 0, "0000-00-00 00:00:00"),
            ("1", 0, "1970-01-01 00:00:01"),
            ("951782400", 0, "2000-02-29 00:00:00"),
            ("1709251199.123456", 6, "2024-02-29 23:59:59.123456"),
            ("1709251199.120000", 2, "2024-02-29 23:59:59.12"),
            ("2147483647", 0, "2038-01-19 03:14:07"),
            ("4102444799", 0, "2099-12-31 23:59:59"),
        ] {
            assert_eq!(binlog(&Kind::Timestamp { fraction }, bytes(seconds)), text);
        }
    }

    #[test]
    fn labels_are_found_by_their_numbers() {
        let labels = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let (one, some) = (Kind::Enum(labels.clone()), Kind::Set(labels));
        assert_eq!([0, 1, 3].map(|number| binlog(&one, Value::Int(number))), ["", "a", "c"]);
        assert_eq!(binlog(&some, Value::Bytes(vec![0b101])), "a,c");
        for (kind, value) in [(&one, Value::Int(4)), (&some, Value::Bytes(vec![0b1000]))] {
            assert!(of_binlog(kind, BinlogValue::Value(value)).unwrap_err().contains("no"));
        }
    }

    #[test]
    fn rows_and_the_log_have_the_same_texts() {
        let time = Value::Time(true, 34, 22, 59, 59, 120_000);
        assert_eq!(binlog(&Kind::Time { fraction: 3 }, time.clone()), "-838:59:59.120");
        assert_eq!(of_row(&Kind::Time { fraction: 3 }, time).unwrap().text(), Some("-838:59:59.120"));
        let padded = Kind::Binary { padded_to: Some(3) };
        assert_eq!(binlog(&padded, bytes("a")), "a\0\0");
        assert_eq!(binlog(&Kind::Text(Charset::Latin1), Value::Bytes(vec![0xe9])), "é");
        assert_eq!(of_row(&Kind::Text(Charset::Latin1), bytes("é")).unwrap().text(), Some("é"));
        assert_eq!(
            (binlog(&Kind::Year, bytes("1900")), binlog(&Kind::Year, bytes("2024"))),
            ("0".into(), "2024".into())
        );
        assert_eq!(
            of_row(&Kind::Json, bytes("{\"b\": 1.0, \"a\": []}")).unwrap().text(),
            Some("{\"a\":[],\"b\":1.0}")
        );
        assert_eq!(of_row(&Kind::Unsupported, bytes("x")), Ok(ColumnValue::Unavailable));
        assert!(of_row(&Kind::Date, Value::Int(1)).unwrap_err().contains("Date"));
    }
}
