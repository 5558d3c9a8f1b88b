//! How results are written.

use clap::ValueEnum;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// As Flink's SQL client writes them in tableau mode.
    Flink,
    /// An object of JSON a line: `{"op":"+I","row":[…]}`, `{"ok":…}`, `{"error":{…}}`.
    Json,
    /// Rows alone, as `+I[1, Hi]`.
    Plain,
}
