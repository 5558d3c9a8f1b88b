//! Calls that block their thread.

use millstream_runtime::{Error, ErrorKind, Result};
use tokio::runtime::Handle;

/// Makes a call that blocks, on a thread of its own. Where there is no runtime, in the simulation, it is made at once.
pub(super) async fn off_thread<T: Send + 'static>(
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match Handle::try_current() {
        // A panic in it is that of whoever waits for the answer.
        Ok(runtime) => match runtime.spawn_blocking(call).await {
            Ok(result) => result,
            Err(failure) => match failure.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::new(ErrorKind::Cancelled, "a call of the database was dropped")),
            },
        },
        Err(_) => call(),
    }
}
