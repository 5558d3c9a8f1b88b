//! How long single operators keep their state: the hint STATE_TTL.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A time-to-live, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTtl {
    /// How long state is kept; for ever if this is nothing.
    pub duration: Duration,
    /// As EXPLAIN shows it.
    pub text: Arc<str>,
}

impl fmt::Display for StateTtl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How long a join keeps the rows of its inputs; `None` for as long as `table.exec.state.ttl` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinStateTtl {
    /// Those of the left input.
    pub left: Option<StateTtl>,
    /// Those of the right input.
    pub right: Option<StateTtl>,
}

impl JoinStateTtl {
    /// As Flink's EXPLAIN writes it; `None` if there was no hint.
    pub fn describe(&self) -> Option<String> {
        let sides = [("LEFT", &self.left), ("RIGHT", &self.right)].into_iter();
        let sides: Vec<_> =
            sides.filter_map(|(name, ttl)| Some(format!("{name}={}", ttl.as_ref()?))).collect();
        (!sides.is_empty()).then(|| format!("[[STATE_TTL options:{{{}}}]]", sides.join(", ")))
    }
}
