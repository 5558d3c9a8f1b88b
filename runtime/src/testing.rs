//! Harnesses: one operator on its own, with a clock and an I/O pool that the test drives.
//!
//! As Flink's `OneInputStreamOperatorTestHarness`: push records and watermarks in, look at what
//! comes out, take a snapshot, restore it (also into other subtasks), go on. The clock stands still
//! until [`advance`](Harness::advance) moves it; I/O runs at once, or when
//! [`run_io`](Harness::run_io) says so ([`HarnessSetup::manual_io`]).
//!
//! ```
//! use millstream_runtime::Result;
//! use millstream_runtime::batch::Batch;
//! use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
//! use millstream_runtime::testing::OperatorHarness;
//! use millstream_state::Timestamp;
//! use millstream_state::snapshot::part::Redistribution;
//!
//! /// Numbers the records it sees.
//! #[derive(Default)]
//! struct Number(u64);
//!
//! impl OperatorHooks<(u64, char)> for Number {
//!     fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
//!         self.0 = cx.take_list::<u64>("seen")?.into_iter().flatten().sum();
//!         Ok(())
//!     }
//!     fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
//!         cx.list("seen", Redistribution::Split, [&self.0])
//!     }
//! }
//! impl Operator<char, (u64, char)> for Number {
//!     fn process(&mut self, batch: &mut Batch<char>, output: &mut Output<'_, (u64, char)>) -> Result<()> {
//!         batch.drain_timed().try_for_each(|(record, timestamp)| {
//!             self.0 += 1;
//!             output.emit((self.0, record), timestamp)
//!         })
//!     }
//! }
//!
//! let mut before = OperatorHarness::new(Number::default())?;
//! before.push('a', Timestamp::MIN)?;
//! let snapshot = before.snapshot(1)?;
//! before.push('b', Timestamp::MIN)?;
//! assert_eq!(before.take_records(), [(1, 'a'), (2, 'b')]);
//!
//! let mut after = OperatorHarness::restore(Number::default(), &snapshot)?;
//! after.push_all(['x', 'y'])?;
//! assert_eq!(after.take_records(), [(2, 'x'), (3, 'y')]);
//! # Ok::<(), millstream_runtime::Error>(())
//! ```

mod capture;
mod fleet;
mod harness;
mod head;
mod one_input;
mod services;
mod setup;
mod snapshot;
mod source;
mod two_inputs;

#[cfg(test)]
pub(crate) use capture::Captured;
pub use capture::Emitted;
pub use fleet::KeyedFleet;
pub use harness::{Harness, OperatorHarness, SourceHarness, TwoInputHarness};
pub use head::{Head, NoInput, OneInput, TwoInputs};
pub use setup::HarnessSetup;
pub use snapshot::HarnessSnapshot;

#[cfg(test)]
pub(crate) use services::HarnessServices;

#[cfg(test)]
mod tests;
