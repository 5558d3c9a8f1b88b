//! Before a fresh start: whether the directory can be written to, and what to do about files that
//! lie there already.

use futures::TryStreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::ObjectStoreExt;

use super::part::{PartName, is_pending};
use crate::files::location::Location;

/// A file that is written and deleted to see whether that can be done.
const PROBE: &str = ".part-probe";

/// What to do about committed files of earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    Refuse,
    Keep,
    Delete,
}

/// Makes a directory ready for a fresh start; answers the first counter that is free.
pub(super) async fn prepare_directory(directory: &Location, earlier: Earlier) -> Result<u64> {
    let probe = directory.child(PROBE);
    let written = probe.store.put(&probe.path, Vec::new().into()).await;
    written.map_err(|error| directory.failed("write to", error))?;
    probe.store.delete(&probe.path).await.map_err(|error| probe.failed("delete", error))?;

    let files = directory.list().await?;
    let parts = files.iter().filter_map(|(file, _)| Some((file, file.parse::<PartName>().ok()?)));
    match earlier {
        Earlier::Keep => Ok(parts.map(|(_, part)| part.counter.saturating_add(1)).max().unwrap_or(0)),
        Earlier::Refuse => match parts.map(|(file, _)| file).next() {
            None => Ok(0),
            Some(file) => Err(Error::new(
                ErrorKind::InvalidJob,
                format!(
                    "`{}` holds files of an earlier run, such as `{file}`: choose another directory, \
                     or let the sink append to them or overwrite them",
                    directory.name
                ),
            )),
        },
        Earlier::Delete => {
            let ours = files.iter().filter(|(file, _)| file.parse::<PartName>().is_ok() || is_pending(file));
            let paths = ours.map(|(file, _)| Ok(directory.path.clone().join(file.as_str())));
            let paths = futures::stream::iter(paths.collect::<Vec<_>>());
            let deleted =
                directory.store.delete_stream(Box::pin(paths)).try_for_each(|_| async { Ok(()) }).await;
            deleted.map_err(|error| directory.failed("delete earlier files in", error))?;
            Ok(0)
        }
    }
}
