//! What comes out of a window.

use serde::{Deserialize, Serialize};

use super::TimeWindow;

/// The result of one window of one key. Its timestamp is the window's
/// [last point in time](super::Window::max_timestamp).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowResult<K, R, W = TimeWindow> {
    /// The key.
    pub key: K,
    /// The window.
    pub window: W,
    /// What its records have come to.
    pub value: R,
}
