//! The options of a format.

use crate::connectors::Options;
use crate::error::SqlResult;

/// The options of a format: those of a table that begin with the format's name, as `json.` does. Where a record has several
/// parts, what comes before says for which of them the format is: `key.json.`, `value.json.`.
#[derive(Debug)]
pub(super) struct FormatOptions<'a> {
    options: &'a mut Options,
    prefix: String,
}

impl<'a> FormatOptions<'a> {
    /// Those of the format `name`; `part` is empty or ends with a dot.
    pub fn new(options: &'a mut Options, part: &str, name: &str) -> Self {
        Self { options, prefix: format!("{part}{name}.") }
    }

    /// The whole key of an option, as the table has it.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The value of an option.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.options.take(&self.key(name))
    }

    /// TRUE or FALSE; FALSE if the table does not say it.
    ///
    /// # Errors
    /// If it is neither.
    pub fn flag(&mut self, name: &str) -> SqlResult<bool> {
        Ok(self.boolean(name)?.unwrap_or_default())
    }

    /// TRUE or FALSE.
    ///
    /// # Errors
    /// If it is neither.
    pub fn boolean(&mut self, name: &str) -> SqlResult<Option<bool>> {
        self.options.boolean(&self.key(name))
    }
}
