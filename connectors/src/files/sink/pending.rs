//! Where the contents of a file are until it is committed.

use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

const FILE: &str = ".pending";
const RECEIPT: &str = ".receipt";

/// Whether a file is a hidden one of a part that has not been committed.
pub(super) fn is_pending(file: &str) -> bool {
    file.starts_with(".part-") && (file.ends_with(FILE) || file.ends_with(RECEIPT))
}

/// The hidden name of a file with these contents. `run` is a number that no other attempt has, so that nothing an attempt
/// left behind can be taken for what a later one wrote under the same name.
pub(super) fn hidden_file(name: &impl std::fmt::Display, run: u64) -> String {
    format!(".{name}.{run:016x}{FILE}")
}

/// The hidden name of a receipt of an upload to the file of this name, which no other attempt has.
pub(super) fn hidden_receipt(name: &impl std::fmt::Display) -> String {
    format!(".{name}{RECEIPT}")
}

/// An upload all of whose parts are there: enough for anyone to complete it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload {
    /// What the store calls it.
    pub(super) id: String,
    /// What the store calls its parts.
    pub(super) parts: Vec<String>,
}

impl Upload {
    /// Its text in a receipt or a snapshot.
    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "an upload cannot be written down").caused_by(error)
        })
    }
}

/// Where the contents of a file are until it is committed.
///
/// In snapshots this is a text, as it was when there were only hidden files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) enum Pending {
    /// In a file with a hidden name, which is then renamed: its path.
    File(String),
    /// In an upload to the visible name, which is then completed.
    Upload(Upload),
    /// In an upload that a file with a hidden name describes: the path of that.
    Receipt(String),
}

impl From<String> for Pending {
    fn from(text: String) -> Self {
        // No path ends as an upload does.
        if let Some(upload) = text.ends_with('}').then(|| serde_json::from_str(&text).ok()).flatten() {
            return Self::Upload(upload);
        }
        if text.ends_with(RECEIPT) { Self::Receipt(text) } else { Self::File(text) }
    }
}

impl From<Pending> for String {
    fn from(pending: Pending) -> Self {
        match pending {
            Pending::File(path) | Pending::Receipt(path) => path,
            // Cannot fail for texts; if it did, what comes back would be an upload that nobody knows.
            Pending::Upload(upload) => upload.to_json().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pending, Upload, hidden_file, hidden_receipt, is_pending};

    #[test]
    fn all_kinds_come_back_from_their_text() {
        let upload = Upload { id: "a\"{}.pending".to_owned(), parts: vec!["\"e-tag\"".to_owned()] };
        for pending in [
            Pending::File(format!("out/{}", hidden_file(&"part-0-1.csv", 7))),
            Pending::Receipt(format!("out/{}", hidden_receipt(&"part-0-1-2.csv"))),
            Pending::Upload(upload),
            Pending::Upload(Upload::default()),
        ] {
            assert_eq!(Pending::from(String::from(pending.clone())), pending);
        }
    }

    #[test]
    fn hidden_files_are_known_by_their_names() {
        assert!(
            is_pending(&hidden_file(&"part-0-1.csv", 7)) && is_pending(&hidden_receipt(&"part-0-1-2.csv"))
        );
        assert!(!is_pending("part-0-1.csv") && !is_pending(".part-probe") && !is_pending(".other.pending"));
    }
}
