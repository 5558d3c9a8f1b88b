//! Positions in the write-ahead log of Postgres.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A position in the write-ahead log of Postgres: a log sequence number, written as `16/B374D848`.
///
/// ```
/// use millstream::connectors::postgres_cdc::Lsn;
///
/// let lsn: Lsn = "16/B374D848".parse()?;
/// assert_eq!(lsn, Lsn(0x16_B374_D848));
/// assert_eq!(lsn.to_string(), "16/B374D848");
/// # Ok::<(), millstream::connectors::postgres_cdc::InvalidLsn>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lsn(pub u64);

/// A text that is no [`Lsn`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLsn(String);

impl fmt::Display for Lsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = InvalidLsn;

    fn from_str(text: &str) -> Result<Self, InvalidLsn> {
        let half = |digits: &str| u32::from_str_radix(digits, 16).ok();
        let halves = text.split_once('/').and_then(|(high, low)| half(high).zip(half(low)));
        let (high, low) = halves.ok_or_else(|| InvalidLsn(text.to_owned()))?;
        Ok(Self(u64::from(high) << 32 | u64::from(low)))
    }
}

impl fmt::Display for InvalidLsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a log sequence number such as `16/B374D848`", self.0)
    }
}

impl std::error::Error for InvalidLsn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_none_are_refused() {
        for text in ["", "/", "16", "16/", "16/G", "1/2/3", "100000000/0", "-1/0"] {
            let error = text.parse::<Lsn>().unwrap_err();
            assert!(error.to_string().contains("log sequence number"), "{text}: {error}");
        }
        assert_eq!("FFFFFFFF/FFFFFFFF".parse(), Ok(Lsn(u64::MAX)));
        assert_eq!(Lsn(0).to_string(), "0/0");
    }
}
