//! Folders of PARTITIONED BY: `dt=2024-01-01/hr=7`.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalog::Table;
use crate::error::{SqlError, SqlResult};

/// The folder of rows whose value is NULL or empty.
const DEFAULT_NAME: &str = "__DEFAULT_PARTITION__";

/// Which columns are folders, and how.
#[derive(Clone, Debug)]
pub(super) struct Partitioning {
    names: Arc<[String]>,
    default_name: Arc<str>,
}

impl Partitioning {
    /// That of a table.
    pub(super) fn new(table: &Table, default_name: Option<String>) -> SqlResult<Self> {
        let columns = table.partition_keys.iter().filter_map(|column| table.columns.get(*column));
        let names = columns.map(|column| {
            if super::can_be_folder(&column.field.data_type) {
                return Ok(column.name.to_string());
            }
            Err(SqlError::unsupported(format!(
                "column '{}' of type {} cannot be a partition of files",
                column.name, column.field.data_type
            )))
        });
        let default_name = default_name.as_deref().unwrap_or(DEFAULT_NAME);
        Ok(Self { names: names.collect::<SqlResult<_>>()?, default_name: default_name.into() })
    }

    /// Columns of these names.
    #[cfg(test)]
    pub(super) fn of(names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { names, default_name: DEFAULT_NAME.into() }
    }

    /// The columns with their values by the name of a folder; NULL is what stands for it there.
    pub(super) fn values(&self, folder: &str) -> Vec<(String, String)> {
        let parts = folder.split('/').filter_map(|part| part.split_once('='));
        parts.map(|(name, value)| (unescape(name), unescape(value))).collect()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Appends `name=value`, behind a slash if it is not the first.
    pub(super) fn write(&self, index: usize, value: Option<&str>, out: &mut String) {
        if index > 0 {
            out.push('/');
        }
        escape(self.names.get(index).map_or("", String::as_str), out);
        out.push('=');
        match value {
            None | Some("") => out.push_str(&self.default_name),
            Some(value) => escape(value, out),
        }
    }

    /// The value of a column by the folders in a file's name; `None` if the name does not say, `Some(None)` for NULL.
    pub(super) fn value(&self, file: &str, name: &str) -> Option<Option<String>> {
        let folders = file.rsplit_once('/')?.0.rsplit('/');
        let mut values = folders.filter_map(|folder| {
            let (found, value) = folder.split_once('=')?;
            (unescape(found) == name).then_some(value)
        });
        let value = values.next()?;
        Some((value != &*self.default_name).then(|| unescape(value)))
    }
}

/// Characters that are not letters to some file system or to Hive are written as `%` and two digits.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        let is_special =
            matches!(character, '\0'..='\u{1f}' | '\u{7f}') || "\"#%'*/:=?\\{}[]^".contains(character);
        if is_special {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{:02X}", u32::from(character));
        } else {
            out.push(character);
        }
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let code =
            more.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Partitioning, escape, unescape};

    #[test]
    fn texts_come_back_from_folders() {
        for text in ["a", "2020-10-10 00:00:05.123", "a/b=c%d", "ä\n", "100%", "%zz", "x..y"] {
            let mut folder = String::new();
            escape(text, &mut folder);
            assert!(!folder.contains(['/', '=', '\n']), "{folder}");
            assert_eq!(unescape(&folder), text);
        }
    }

    #[test]
    fn values_are_in_the_name_of_a_file() {
        let names = ["dt".to_owned(), "h:r".to_owned()];
        let partitioning = Partitioning { names: names.into(), default_name: "none".into() };
        let mut folder = String::new();
        partitioning.write(0, Some("2020-10-10"), &mut folder);
        partitioning.write(1, None, &mut folder);
        assert_eq!(folder, "dt=2020-10-10/h%3Ar=none");
        let file = format!("/data/dt=old/{folder}/part-0-0.csv");
        assert_eq!(partitioning.value(&file, "dt"), Some(Some("2020-10-10".to_owned())));
        assert_eq!(partitioning.value(&file, "h:r"), Some(None));
        assert_eq!(partitioning.value(&file, "x"), None);
    }
}
