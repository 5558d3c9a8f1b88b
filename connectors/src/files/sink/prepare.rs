//! Before a fresh start: whether the directory can be written to, and what to do about files that
//! lie there already.

use futures::TryStreamExt;
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::ObjectStoreExt;

use super::part::PartName;
use super::pending::is_pending;
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
pub(super) async fn prepare_directory(
    directory: &Location,
    earlier: Earlier,
    partitioned: bool,
) -> Result<u64> {
    let probe = directory.child(PROBE);
    let written = probe.store.put(&probe.path, Vec::new().into()).await;
    written.map_err(|error| directory.failed("write to", error))?;
    probe.store.delete(&probe.path).await.map_err(|error| probe.failed("delete", error))?;

    let files = list_parts(directory, partitioned).await?;
    let parts = files.iter().filter_map(|file| Some((file, part_of(file)?)));
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
            let ours = files.iter().filter(|file| part_of(file).is_some() || is_pending(file_name(file)));
            // Each is named as a folder is: its characters stand for themselves.
            let paths = ours.map(|file| directory.folder(file).map(|file| Ok(file.path)));
            let paths = futures::stream::iter(paths.collect::<Result<Vec<_>>>()?);
            let deleted =
                directory.store.delete_stream(Box::pin(paths)).try_for_each(|_| async { Ok(()) }).await;
            deleted.map_err(|error| directory.failed("delete earlier files in", error))?;
            Ok(0)
        }
    }
}

/// The paths of all files in the directory, or of all in the folders below too.
pub(super) async fn list_parts(directory: &Location, partitioned: bool) -> Result<Vec<String>> {
    let files = if partitioned { directory.list_all().await? } else { directory.list().await? };
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

/// The name at the end of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name of the part that a file is, if it is one.
pub(super) fn part_of(path: &str) -> Option<PartName> {
    file_name(path).parse().ok()
}
