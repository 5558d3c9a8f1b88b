//! Patterns of `java.time.format.DateTimeFormatter`, with which DATE_FORMAT and TO_TIMESTAMP are called.
//!
//! [`SimplePattern`] has those of `java.text.SimpleDateFormat`, with which FROM_UNIXTIME, UNIX_TIMESTAMP, TO_DATE and
//! DATE_FORMAT of a text are called.
//!
//! A pattern is compiled once and then formats and parses without allocating anything but what it writes.
//!
//! | Letters | Field |
//! | --- | --- |
//! | `u`, `y` | year; year of the era, which has no year 0. Two letters: the last two digits, read as 2000 to 2099 |
//! | `M`, `L` | month: 1 or 2 digits, `MMM` Jan, `MMMM` January, `MMMMM` J |
//! | `d`, `D` | day of the month, of the year |
//! | `E` | day of the week: `E` to `EEE` Mon, `EEEE` Monday, `EEEEE` M |
//! | `Q`, `q` | quarter: 1 or 2 digits, `QQQ` Q1, `QQQQ` 1st quarter, `QQQQQ` 1 |
//! | `w`, `Y` | week and the year it belongs to: from Sunday, the first is that of 1 January |
//! | `a` | AM or PM |
//! | `H`, `k`, `h`, `K` | hour: 0 to 23, 1 to 24, 1 to 12, 0 to 11 |
//! | `m`, `s` | minute, second |
//! | `S`, `n` | fraction of the second, as many digits as letters; nanosecond |
//! | `'…'`, `''` | text; a quote |
//! | `[…]` | written, and read if it is there |
//!
//! Names are English and weeks are those of the United States, as with Java's locale `en_US`.

mod compile;
mod field;
mod format;
mod names;
mod parse;
mod resolve;
mod simple;
#[cfg(test)]
mod tests;

use field::{Field, NameStyle};
pub use simple::SimplePattern;

use crate::types::calendar::{CivilDateTime, MILLIS_PER_DAY};

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Java knows the letter, this engine does not.
    #[error("the pattern letter `{0}` is not supported")]
    Unsupported(char),
    /// No pattern has this letter.
    #[error("`{0}` is no pattern letter: put text in single quotes")]
    UnknownLetter(char),
    /// The letter does not stand so often in one place.
    #[error("too many pattern letters `{0}`")]
    TooMany(char),
    /// A character that Java keeps for later.
    #[error("`{0}` is reserved in patterns: put it in single quotes")]
    Reserved(char),
    /// A quote is not closed.
    #[error("text in the pattern is not closed by a single quote")]
    UnclosedQuote,
    /// A closing bracket has no opening one.
    #[error("the pattern has `]` without `[`")]
    UnopenedOptional,
}

/// A compiled pattern.
///
/// ```
/// use millstream_sql::types::text::pattern::{Pattern, PatternError};
///
/// let pattern = Pattern::compile("EEE, d MMM yyyy 'at' h:mm a")?;
/// let mut text = String::new();
/// pattern.format(1_602_338_645_000, 0, &mut text);
/// assert_eq!(text, "Sat, 10 Oct 2020 at 2:04 PM");
///
/// let read = pattern.parse(&text).unwrap();
/// assert_eq!(read.date().days(), 18_545);
/// assert_eq!(pattern.parse("Sun, 10 Oct 2020 at 2:04 PM"), None);
///
/// assert_eq!(Pattern::compile("yyyy-MM-dd z").unwrap_err(), PatternError::Unsupported('z'));
/// # Ok::<(), PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// The text has a letter that is not supported, or is no pattern of Java.
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        compile::compile(text).map(|items| Self { items })
    }

    /// Writes the clock's reading so many milliseconds, and nanoseconds beyond them, after 1970-01-01 00:00:00.
    pub fn format(&self, millis: i64, nanos: u32, out: &mut String) {
        format::write(&self.items, CivilDateTime::from_millis(millis, nanos), out);
    }

    /// How many milliseconds long the smallest unit is that the pattern shows, but at most a day: within it, the text stays
    /// the same. `None` if that is less than a second.
    ///
    /// ```
    /// use millstream_sql::types::text::pattern::Pattern;
    ///
    /// let unit = |pattern| Pattern::compile(pattern).unwrap().unit_millis();
    /// assert_eq!((unit("yyyy-MM"), unit("HH:mm"), unit("s.S")), (Some(86_400_000), Some(60_000), None));
    /// ```
    pub fn unit_millis(&self) -> Option<i64> {
        unit_millis(&self.items)
    }

    /// Reads a text that has the pattern's form from its first character to its last.
    ///
    /// As in Flink, what the pattern does not have is taken from 1970-01-01 00:00:00. Values are checked as by Java's
    /// smart resolution: the 31st of a shorter month is its last day, 24:00 is the next midnight, and fields that
    /// contradict each other are refused.
    pub fn parse(&self, text: &str) -> Option<CivilDateTime> {
        resolve::resolve(parse::parse(&self.items, text)?)
    }
}

fn unit_millis(items: &[Item]) -> Option<i64> {
    let units = items.iter().map(|item| match item {
        Item::Literal(_) => Some(MILLIS_PER_DAY),
        Item::Number(Number { field, .. }) | Item::Name(field, _) => field.unit_millis(),
        Item::Optional(items) => unit_millis(items),
    });
    units.collect::<Option<Vec<_>>>()?.into_iter().chain([MILLIS_PER_DAY]).min()
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(Box<str>),
    Number(Number),
    Name(Field, NameStyle),
    Optional(Vec<Item>),
}

/// A field in digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    field: Field,
    min: usize,
    max: usize,
    kind: NumberKind,
    /// So many digits behind it belong to numbers that follow with nothing between them.
    reserved: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberKind {
    /// Digits only.
    Unsigned,
    /// A minus sign in front of negative numbers.
    Signed,
    /// And a plus sign in front of those that have more digits than `min`.
    PlusIfLonger,
    /// The last two digits of a year of 2000 to 2099.
    Reduced,
    /// The first digits of a second's fraction.
    Fraction,
}
