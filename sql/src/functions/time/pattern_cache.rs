//! Patterns that come with the rows: compiled when they change, which mostly is never.

use crate::types::text::pattern::{Pattern, PatternError, SimplePattern};

type Compile<P> = Box<dyn Fn(&str) -> Result<P, PatternError>>;

/// The pattern of the row before.
pub(super) struct PatternCache<P> {
    compile: Compile<P>,
    last: Option<(String, Result<P, PatternError>)>,
}

impl PatternCache<Pattern> {
    /// For patterns of `DateTimeFormatter`.
    pub(super) fn new() -> Self {
        Self { compile: Box::new(Pattern::compile), last: None }
    }
}

impl PatternCache<SimplePattern> {
    /// For patterns of `SimpleDateFormat`, which read years of two digits as near to `now`, in milliseconds.
    pub(super) fn simple(now: i64) -> Self {
        let year = crate::types::calendar::CivilDate::from_days(now.div_euclid(86_400_000)).year();
        Self { compile: Box::new(move |text| SimplePattern::compile(text, year)), last: None }
    }
}

impl<P> PatternCache<P> {
    /// The pattern of this text.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn get(&mut self, text: &str) -> Result<&P, PatternError> {
        let entry = match self.last.take() {
            Some(last) if last.0 == text => last,
            _ => (text.to_owned(), (self.compile)(text)),
        };
        self.last.insert(entry).1.as_ref().map_err(|error| *error)
    }
}

/// What Java says to what is no pattern of `DateTimeFormatter`.
pub(super) fn formatter_message(error: PatternError) -> String {
    match error {
        PatternError::UnknownLetter(letter) => illegal(&format!("Unknown pattern letter: {letter}")),
        PatternError::TooMany(letter) => illegal(&format!("Too many pattern letters: {letter}")),
        PatternError::Reserved(character) => {
            illegal(&format!("Pattern includes reserved character: '{character}'"))
        }
        PatternError::UnclosedQuote => illegal("Pattern ends with an incomplete string literal"),
        PatternError::UnopenedOptional => illegal("Pattern invalid as it contains ] without previous ["),
        PatternError::Unsupported(_) => error.to_string(),
    }
}

/// What Java says to what is no pattern of `SimpleDateFormat`.
pub(super) fn simple_message(error: PatternError) -> String {
    match error {
        PatternError::UnknownLetter(letter) => illegal(&format!("Illegal pattern character '{letter}'")),
        PatternError::UnclosedQuote => illegal("Unterminated quote"),
        _ => error.to_string(),
    }
}

fn illegal(message: &str) -> String {
    format!("java.lang.IllegalArgumentException: {message}")
}
