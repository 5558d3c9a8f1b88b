//! How errors are written.

use clap::ValueEnum;
use millstream_runtime::{Error, ErrorKind};
use millstream_sql::SqlError;

use crate::output;
use crate::style::Style;

/// How errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorStyle {
    /// As Flink's SQL client writes them: the class of the exception and the message, then the place.
    Flink,
    /// One line: place and message.
    Short,
}

/// Writes an error of a statement; `text` is that of the script.
pub fn statement(error: &SqlError, text: &str, errors: ErrorStyle, style: Style) {
    if style == Style::Json {
        let position = error.position(text);
        let place = position.map_or_else(String::new, |position| {
            format!(",\"line\":{},\"column\":{}", position.line, position.column)
        });
        let hint = error.hint().map_or_else(String::new, |hint| format!(",\"hint\":{}", quoted(hint)));
        let class = quoted(&error.kind().to_string());
        output::line(&format!(
            "{{\"error\":{{\"class\":{class},\"message\":{}{hint}{place}}}}}",
            quoted(error.message())
        ));
        return;
    }
    match errors {
        ErrorStyle::Flink => output::error_line(&format!(
            "[ERROR] Could not execute SQL statement. Reason:\n{}: {}",
            error.kind(),
            error.render(text)
        )),
        ErrorStyle::Short => {
            let place = error
                .position(text)
                .map_or_else(String::new, |position| format!("{}:{}: ", position.line, position.column));
            let hint = error.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
            output::error_line(&format!("error: {place}{}{hint}", error.message()));
        }
    }
}

/// Writes the error that a job failed with; it prints its causes itself.
pub fn job(error: &Error, errors: ErrorStyle, style: Style) {
    let class = class(error.kind());
    if style == Style::Json {
        let (class, message) = (quoted(class), quoted(&error.to_string()));
        output::line(&format!("{{\"error\":{{\"class\":{class},\"message\":{message}}}}}"));
        return;
    }
    match errors {
        ErrorStyle::Flink => {
            output::error_line(&format!("[ERROR] Could not execute SQL statement. Reason:\n{class}: {error}"))
        }
        ErrorStyle::Short => output::error_line(&format!("error: the job failed: {error}")),
    }
}

/// The exception that Flink would have failed with, as near as the kind says.
const fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Function => "org.apache.flink.table.api.TableRuntimeException",
        ErrorKind::InvalidInput => "java.lang.IllegalArgumentException",
        ErrorKind::InvalidJob => "org.apache.flink.table.api.TableException",
        ErrorKind::External => "java.io.IOException",
        _ => "org.apache.flink.runtime.JobException",
    }
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
