//! Trying again what an outside system did not do at once.

use crate::error::{ErrorKind, Result};

/// Does something up to `tries` times, as long as it fails with [`ErrorKind::External`]; after each
/// failure but the last it waits for `pause`, which is given how many there have been.
pub(super) async fn retried<T, W: Future<Output = Result<T>>, P: Future<Output = ()>>(
    tries: u32,
    mut work: impl FnMut() -> W,
    pause: impl Fn(u32) -> P,
) -> Result<T> {
    for failures in 1..tries {
        match work().await {
            Err(error) if error.kind() == ErrorKind::External => {
                tracing::debug!(%error, failures, "trying again");
                pause(failures).await;
            }
            result => return result,
        }
    }
    work().await
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::ready;

    use super::*;
    use crate::error::Error;

    /// How often work is done that fails with these errors, one after another, and then succeeds.
    fn tries(errors: &[ErrorKind]) -> (usize, Result<()>) {
        let mut done = 0;
        let work = || {
            done += 1;
            ready(errors.get(done - 1).map_or(Ok(()), |kind| Err(Error::new(*kind, "no"))))
        };
        let result = block_on(retried(3, work, |_| ready(())));
        (done, result)
    }

    #[test]
    fn only_outside_systems_get_another_chance_and_not_for_ever() {
        use ErrorKind::{External, Fenced};
        assert!(matches!(tries(&[]), (1, Ok(()))));
        assert!(matches!(tries(&[External, External]), (3, Ok(()))));
        assert!(matches!(tries(&[External; 3]), (3, Err(_))));
        assert!(matches!(tries(&[Fenced]), (1, Err(_))));
    }
}
