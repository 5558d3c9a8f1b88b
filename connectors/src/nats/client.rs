//! What is said to NATS. All of it runs on the I/O pool.

mod failure;
mod patience;
mod publish;
mod puller;
mod session;
mod stream;

pub(super) use patience::Stopwatch;
pub(super) use publish::{Outgoing, header, publish};
pub(super) use puller::{FetchedMessage, OnLost, Pulled, Puller, Wanted};
pub(super) use session::{Session, Tries};
pub(super) use stream::StreamView;
