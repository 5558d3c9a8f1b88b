//! What is wrong with an option.

/// Why options cannot be those of the Nexmark connector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The connector has no such option.
    #[error("unsupported option '{key}' for connector 'nexmark': {remedy}")]
    Unknown {
        /// The option's name.
        key: String,
        /// The option that was probably meant, or all there are.
        remedy: String,
    },
    /// The option cannot have this value.
    #[error("invalid value '{value}' for option '{key}': it must be {expected}")]
    InvalidValue {
        /// The option's name.
        key: String,
        /// The text that was given.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// There would be no events.
    #[error(
        "'person.proportion', 'auction.proportion' and 'bid.proportion' are all 0, so there would be no events: \
         set one of them to at least 1"
    )]
    NoProportion,
}

impl OptionError {
    pub(super) fn unknown(key: &str, nearest: Option<&str>, all: &[&str]) -> Self {
        let remedy = match nearest {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => format!("there are {}", all.join(", ")),
        };
        Self::Unknown { key: key.to_owned(), remedy }
    }
}
