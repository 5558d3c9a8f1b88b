//! What operators over windows have in common: how time is cut, and when a window is over.

mod assigner;
mod attached;
mod slicing;
mod time;

pub(super) use assigner::WindowAssigner;
pub(super) use attached::by_window;
pub(super) use slicing::Slicing;
pub(super) use time::{LocalTimes, WindowClock};
