//! The arguments of a method, and what may be wrong with them.

use super::error::ExpressionError;

/// How many characters, words or digits a method may be told to generate: more is a mistake, or an attack.
pub(super) const MAXIMUM_COUNT: u64 = 65_536;

/// An argument: text, which the method may want to be a number or else.
pub(super) struct Argument {
    /// The text without its quotes.
    pub(super) text: String,
    /// Where the text begins, in bytes of the expression.
    pub(super) offset: usize,
}

impl Argument {
    fn mistake(&self, expected: &str) -> ExpressionError {
        ExpressionError::new(format!("`{}` is not {expected}", self.text), self.offset)
    }

    /// A mistake at this byte of the text.
    pub(super) fn mistake_at(&self, index: usize, message: impl Into<String>) -> ExpressionError {
        // A quote in the text is two in the expression.
        let quotes = self.text.bytes().take(index).filter(|byte| *byte == b'\'').count();
        ExpressionError::new(message, self.offset + index + quotes)
    }

    /// A whole number of 64 bits.
    pub(super) fn integer(&self) -> Result<i64, ExpressionError> {
        self.text.trim().parse().map_err(|_| self.mistake("a whole number of 64 bits"))
    }

    /// A number.
    pub(super) fn number(&self) -> Result<f64, ExpressionError> {
        let number = self.text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.mistake("a number"))
    }

    /// A whole number from 0 to this.
    pub(super) fn count(&self, most: u64) -> Result<u64, ExpressionError> {
        let count = self.text.trim().parse().ok().filter(|count| *count <= most);
        count.ok_or_else(|| self.mistake(&format!("a whole number from 0 to {most}")))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self) -> Result<bool, ExpressionError> {
        self.text.trim().to_ascii_lowercase().parse().map_err(|_| self.mistake("true or false"))
    }

    /// One character.
    pub(super) fn character(&self) -> Result<char, ExpressionError> {
        let mut characters = self.text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(self.mistake("one character")),
        }
    }

    /// A unit of time in nanoseconds: the constants of Java's `TimeUnit` and `ChronoUnit`, in any case.
    pub(super) fn unit(&self) -> Result<i64, ExpressionError> {
        match self.text.trim().to_ascii_uppercase().as_str() {
            "NANOSECONDS" | "NANOS" => Ok(1),
            "MICROSECONDS" | "MICROS" => Ok(1_000),
            "MILLISECONDS" | "MILLIS" => Ok(1_000_000),
            "SECONDS" => Ok(1_000_000_000),
            "MINUTES" => Ok(60 * 1_000_000_000),
            "HOURS" => Ok(3_600 * 1_000_000_000),
            "DAYS" => Ok(86_400 * 1_000_000_000),
            _ => Err(self.mistake(
                "a unit of time: NANOSECONDS, MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS or DAYS",
            )),
        }
    }
}

/// The arguments of one call.
pub(super) struct Arguments<'a> {
    /// The method with its class, as the catalogue spells it.
    pub(super) method: String,
    /// What the method takes, for example `'min','max'`; empty if nothing.
    pub(super) parameters: &'static str,
    /// Where the call's name begins, in bytes of the expression.
    pub(super) offset: usize,
    /// The arguments in order.
    pub(super) list: &'a [Argument],
}

impl Arguments<'_> {
    /// There are too many or too few.
    pub(super) fn wrong_number(&self) -> ExpressionError {
        let (count, method) = (self.list.len(), &self.method);
        let arguments = if count == 1 { "argument" } else { "arguments" };
        let takes = if self.parameters.is_empty() { "no arguments" } else { self.parameters };
        ExpressionError::new(format!("`{method}` takes {takes}, not {count} {arguments}"), self.offset)
    }

    /// The arguments do not go together.
    pub(super) fn contradiction(&self, message: &str) -> ExpressionError {
        ExpressionError::new(format!("`{}`: {message}", self.method), self.offset)
    }
}
