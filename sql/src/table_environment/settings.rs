//! SET and RESET.

use super::{TableEnvironment, TableResult};
use crate::catalog::check_setting;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{SqlOption, StringLiteral};

impl TableEnvironment {
    /// Changes a setting of the session; the answer is a warning, if there is something to say.
    ///
    /// # Errors
    /// If the setting is known and the value is not what it must be.
    pub fn set(&mut self, key: &str, value: &str) -> SqlResult<Option<String>> {
        let warning = check_setting(key, value)?;
        self.session.settings.insert(key.to_owned(), value.to_owned());
        Ok(warning)
    }

    pub(super) fn set_statement(&mut self, option: Option<&SqlOption>) -> SqlResult<TableResult> {
        let Some(option) = option else {
            let rows = self.session.settings.iter().map(|(key, value)| vec![key.clone(), value.clone()]);
            return Ok(TableResult::rows(["key", "value"], rows));
        };
        let warning = self.set(&option.key.value, &option.value.value);
        Ok(match warning.map_err(|error: SqlError| error.at(option.value.span))? {
            Some(warning) => TableResult::Warning(warning),
            None => TableResult::Ok,
        })
    }

    pub(super) fn reset(&mut self, key: Option<&StringLiteral>) -> TableResult {
        match key {
            Some(key) => {
                self.session.settings.remove(&key.value);
            }
            None => self.session.settings.clear(),
        }
        TableResult::Ok
    }
}
