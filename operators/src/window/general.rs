//! The operator under windows of every kind: with triggers, evictors, or of processing time.
//!
//! It keeps the open windows of a key in a list, and sets a timer for whatever will happen to one. Windows of event time
//! without any of that need no such thing: the operators beside this one are made for them.

mod contents;
mod hooks;
mod merging;
mod operator;
mod pane;
mod timers;
mod window_key;

pub use contents::{Combined, Contents, Evicted};
pub(super) use operator::GeneralOperator;
pub(super) use pane::PANES;
pub use window_key::WindowKey;
