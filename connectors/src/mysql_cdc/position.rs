//! Positions in the binary log.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A position in the binary log of a server: between two events of a file. Written as `mysql-bin.000003:1234`.
///
/// Positions are compared by the numbers of their files, and then by the places in them; the GTID has no part in that.
///
/// ```
/// use millstream::connectors::mysql_cdc::BinlogPosition;
///
/// let positions = [("log.999999", 900), ("log.1000000", 4), ("log.1000000", 256)]
///     .map(|(file, position)| BinlogPosition::new(file, position));
/// assert!(positions.is_sorted());
/// assert_eq!(positions[0].to_string(), "log.999999:900");
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BinlogPosition {
    /// The name of the file.
    pub file: Arc<str>,
    /// How many bytes of the file are before.
    pub position: u64,
    /// The GTID of the last transaction before, where the log has them and one has been read.
    pub gtid: Option<Arc<str>>,
}

impl BinlogPosition {
    /// A position of which no GTID is known.
    pub fn new(file: impl Into<Arc<str>>, position: u64) -> Self {
        Self { file: file.into(), position, gtid: None }
    }

    /// What orders positions. Files are numbered, with six digits or more.
    fn order(&self) -> (Option<u64>, u64) {
        let number = self.file.rsplit_once('.').and_then(|(_, number)| number.parse().ok());
        (number, self.position)
    }
}

impl PartialEq for BinlogPosition {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for BinlogPosition {}

impl PartialOrd for BinlogPosition {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BinlogPosition {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.file, &other.file) {
            return self.position.cmp(&other.position);
        }
        self.order().cmp(&other.order())
    }
}

impl Hash for BinlogPosition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.order().hash(state);
    }
}

impl fmt::Display for BinlogPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gtid_does_not_tell_positions_apart() {
        let plain = BinlogPosition::new("bin.000001", 4);
        let with = BinlogPosition { gtid: Some("0-1-7".into()), ..plain.clone() };
        assert_eq!(plain, with);
        assert!(BinlogPosition::default() < plain, "the default is before all others");
        assert!(BinlogPosition::new("bin.000002", 4) > BinlogPosition::new("bin.000001", 900));
    }
}
