//! Commits a file whose contents are an upload: the file appears, whole, when the upload is completed, and that is done once.
//!
//! The answer to a request may be lost, and the request repeated by the client or after a restart: then the store no longer
//! knows the upload. Whether it was completed is told by the file alone: no other upload has its name, and there are servers
//! that, having died while they completed an upload, call it completed when they are asked again, and never do it.

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::is_missing;
use object_store::multipart::PartId;

use super::{Committable, delete, look, lost, read};
use crate::files::location::Location;
use crate::files::sink::pending::Upload;

/// Completes an upload.
pub(super) async fn complete(file: &Committable, upload: &Upload, target: &Location) -> Result<()> {
    let parts = upload.parts.iter().map(|part| PartId { content_id: part.clone() }).collect();
    let completed = target.uploads()?.complete_multipart(&target.path, &upload.id, parts).await;
    if is_there(file, target).await? {
        return Ok(());
    }
    let Err(error) = completed else {
        let problem = format!(
            "the store says that the upload `{}` is completed, but `{}` is not there: if that does not pass, the server has \
             lost the upload",
            upload.id, target.path
        );
        return Err(Error::new(ErrorKind::External, problem));
    };
    if is_missing(&error) {
        return Err(lost(format!(
            "a completed checkpoint covers the upload `{}` to `{}`, but neither it nor the file is there: has a lifecycle \
             rule of the bucket aborted it?",
            upload.id, target.path
        )));
    }
    Err(target.failed("complete the upload to", error))
}

/// Completes the upload that a receipt describes, and deletes the receipt.
pub(super) async fn complete_by_receipt(
    file: &Committable,
    receipt: &Location,
    target: &Location,
) -> Result<()> {
    let Some(content) = read(receipt).await? else {
        // It is deleted when the upload has been completed.
        if is_there(file, target).await? {
            return Ok(());
        }
        return Err(lost(format!(
            "a completed checkpoint covers `{}`, but neither it nor `{}` is there",
            receipt.path, target.path
        )));
    };
    let upload: Upload = serde_json::from_slice(&content).map_err(|error| {
        let problem = format!("`{}` is no receipt of an upload", receipt.path);
        Error::new(ErrorKind::Restore, problem).caused_by(error)
    })?;
    complete(file, &upload, target).await?;
    delete(receipt).await
}

/// Whether the file is there.
async fn is_there(file: &Committable, target: &Location) -> Result<bool> {
    match look(target).await? {
        None => Ok(false),
        Some(there) if there.size == file.length => Ok(true),
        Some(there) => {
            let Committable { target, length, .. } = file;
            Err(lost(format!(
                "`{target}` has {} bytes instead of {length}: somebody has overwritten it",
                there.size
            )))
        }
    }
}
