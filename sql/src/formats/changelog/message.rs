//! The members of messages that count, by their places.

use super::Dialect;
use crate::chunk::ValueError;
use crate::formats::json::{find_members, present};

/// How many members of a message are looked for, at most.
const MOST: usize = 9;

/// The members of a Debezium message.
pub(super) const DEBEZIUM: &[&str] = &["before", "after", "op", "source", "ts_ms", "schema"];
/// The members of a Canal message.
pub(super) const CANAL: &[&str] =
    &["data", "old", "type", "database", "table", "sqlType", "pkNames", "ts", "es"];
/// The members of a Maxwell message.
pub(super) const MAXWELL: &[&str] =
    &["data", "old", "type", "database", "table", "primary_key_columns", "ts"];

/// A message, whose members are found.
pub(super) struct Message<'a> {
    names: &'static [&'static str],
    found: [Option<&'a str>; MOST],
}

impl<'a> Message<'a> {
    pub(super) fn parse(dialect: &Dialect, raw: &'a str) -> Result<Self, ValueError> {
        let names = match dialect {
            Dialect::Debezium { .. } => DEBEZIUM,
            Dialect::Canal { .. } => CANAL,
            Dialect::Maxwell => MAXWELL,
        };
        let mut message = Self { names, found: [None; MOST] };
        if !matches!(dialect, Dialect::Debezium { schema_include: true }) {
            find_members(raw, position(names), &mut message.found)?;
            return Ok(message);
        }
        let mut outer = [None; 2];
        find_members(raw, position(&["schema", "payload"]), &mut outer)?;
        let [schema, payload] = outer.map(present);
        find_members(payload.ok_or_else(|| missing("payload"))?, position(names), &mut message.found)?;
        if let Some(place) = names.iter().position(|name| *name == "schema") {
            message.found.iter_mut().skip(place).take(1).for_each(|found| *found = schema);
        }
        Ok(message)
    }

    /// A member that is there and not NULL.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let place = self.names.iter().position(|known| *known == name)?;
        present(self.found.get(place).copied().flatten())
    }

    /// A member that must be there.
    pub(super) fn require(&self, name: &str) -> Result<&'a str, ValueError> {
        self.get(name).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> ValueError {
    ValueError::new(format!("the message has no \"{name}\", or it is null"))
}

fn position(names: &[&str]) -> impl Fn(&str, usize) -> Option<usize> {
    move |name, expected| {
        if names.get(expected).is_some_and(|known| *known == name) {
            return Some(expected);
        }
        names.iter().position(|known| *known == name)
    }
}
