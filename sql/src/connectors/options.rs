//! The options of a table, taken one by one, so that those left over are known to be mistakes.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use millstream_operators::parse_duration;

use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;

/// The options of a table.
#[derive(Debug)]
pub struct Options {
    connector: String,
    left: BTreeMap<String, String>,
    asked: BTreeSet<String>,
}

impl Options {
    /// What WITH says.
    pub fn new(options: BTreeMap<String, String>) -> Self {
        Self { connector: String::new(), left: options, asked: BTreeSet::new() }
    }

    pub(super) fn set_connector(&mut self, name: &str) {
        name.clone_into(&mut self.connector);
    }

    /// Gives an option another value.
    pub(super) fn set(&mut self, key: &str, value: String) {
        self.left.insert(key.to_owned(), value);
    }

    /// The value of an option.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.asked.insert(key.to_owned());
        self.left.remove(key)
    }

    /// The value of an option that must be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn require(&mut self, key: &str) -> SqlResult<String> {
        self.take(key).ok_or_else(|| {
            SqlError::validation(format!(
                "One or more required options are missing. Missing required options are: {key}"
            ))
        })
    }

    /// The value of an option, parsed; `kind` says of what it is the text: "a number".
    ///
    /// # Errors
    /// If it does not parse.
    pub fn parse<T: FromStr>(&mut self, key: &str, kind: &str) -> SqlResult<Option<T>> {
        self.take(key).map(|value| value.trim().parse().map_err(|_| invalid(key, &value, kind))).transpose()
    }

    /// TRUE or FALSE.
    ///
    /// # Errors
    /// If it is neither.
    pub fn boolean(&mut self, key: &str) -> SqlResult<Option<bool>> {
        let parse = |value: String| match value.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(invalid(key, &value, "true or false")),
        };
        self.take(key).map(parse).transpose()
    }

    /// A duration as Flink writes them: `10 s`, `200ms`, `1 min`; a number alone is milliseconds.
    ///
    /// # Errors
    /// If it is none.
    pub fn duration(&mut self, key: &str) -> SqlResult<Option<Duration>> {
        let value = self.take(key);
        value
            .map(|value| {
                parse_duration(&value).ok_or_else(|| invalid(key, &value, "a duration such as '10 s'"))
            })
            .transpose()
    }

    /// All options whose keys begin so; they are given without the beginning.
    pub fn take_prefixed(&mut self, prefix: &str) -> BTreeMap<String, String> {
        let keys: Vec<_> = self.left.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        let taken = keys
            .into_iter()
            .filter_map(|key| Some((key.strip_prefix(prefix)?.to_owned(), self.left.remove(&key)?)));
        taken.collect()
    }

    /// Checks that no option is left that nobody has asked for.
    ///
    /// # Errors
    /// If there is one.
    pub fn finish(self) -> SqlResult<()> {
        if self.left.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = self.left.keys().cloned().collect();
        let supported: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let nearest = keys.first().and_then(|key| nearest(key, &supported));
        let hint = match nearest {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => format!("supported options: {}", supported.join(", ")),
        };
        Err(SqlError::validation(format!(
            "Unsupported options found for '{}'. Unsupported options: {}",
            self.connector,
            keys.join(", ")
        ))
        .with_hint(hint))
    }
}

fn invalid(key: &str, value: &str, kind: &str) -> SqlError {
    SqlError::validation(format!("Invalid value '{value}' for option '{key}': it must be {kind}"))
}

/// A size as Flink's `MemorySize` reads it, in bytes: `128MB`, `1 kb`; units are powers of 1024.
pub(super) fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kibibytes" => 10,
        "m" | "mb" | "mebibytes" => 20,
        "g" | "gb" | "gibibytes" => 30,
        "t" | "tb" | "tebibytes" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::{Options, parse_bytes};

    #[test]
    fn sizes_have_units() {
        assert_eq!(
            [parse_bytes("128MB"), parse_bytes(" 3 kb"), parse_bytes("7")],
            [Some(128 << 20), Some(3 << 10), Some(7)]
        );
        assert_eq!([parse_bytes("MB"), parse_bytes("1.5MB"), parse_bytes("99999999tb")], [None; 3]);
    }

    #[test]
    fn an_option_that_nobody_asks_for_is_a_mistake() {
        let mut options = Options::new([("number-of-row".to_owned(), "5".to_owned())].into());
        assert_eq!(options.parse::<u64>("number-of-rows", "a number"), Ok(None));
        let error = options.finish().unwrap_err();
        assert!(error.message().contains("number-of-row"), "{error}");
        assert_eq!(error.hint(), Some("did you mean 'number-of-rows'?"));
    }
}
