//! Merging what may not be there.

use millstream_runtime::Result;

/// Merges what came later, if anything, into what came before, if anything.
pub(super) fn add<V>(
    sum: &mut Option<V>,
    more: Option<V>,
    mut merge: impl FnMut(&mut V, V) -> Result<()>,
) -> Result<()> {
    match (sum, more) {
        (Some(sum), Some(more)) => merge(sum, more),
        (sum, more @ Some(_)) => {
            *sum = more;
            Ok(())
        }
        (_, None) => Ok(()),
    }
}
