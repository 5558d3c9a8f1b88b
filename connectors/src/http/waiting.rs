//! Waiting for something, but not for too long.

use std::time::Duration;

use futures::future::{Either, select};
use millstream_runtime::clock::Sleeper;

/// What a future comes to, if it does so in time. Where it does not, it is dropped.
pub(super) async fn within<T>(
    sleeper: &Sleeper,
    most: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(std::pin::pin!(future), sleeper.sleep(most)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}

/// The same, for as long as it takes if there is no limit.
pub(super) async fn within_limit<T>(
    sleeper: &Sleeper,
    most: Option<Duration>,
    future: impl Future<Output = T>,
) -> Option<T> {
    match most {
        Some(most) => within(sleeper, most, future).await,
        None => Some(future.await),
    }
}
