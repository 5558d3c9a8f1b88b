//! Names in the SQL of databases.

/// A name as SQL has it, whatever characters are in it.
pub(crate) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
