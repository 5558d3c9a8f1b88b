//! An upload in parts to the simulated store: each part, and the completion, is a request of its own.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, PutOptions, PutPayload, PutResult, Result, UploadPart};
use parking_lot::Mutex;

use super::FaultyStore;

/// An upload that was begun.
pub(super) struct FaultyUpload {
    store: FaultyStore,
    location: Path,
    options: PutOptions,
    /// Those that have arrived, each at its place. One that has not is missing in the completed file: an
    /// upload that is completed all the same leaves a file that a restore must refuse.
    parts: Arc<Mutex<Vec<Option<PutPayload>>>>,
}

impl FaultyUpload {
    pub(super) fn new(store: FaultyStore, location: Path, options: PutOptions) -> Self {
        Self { store, location, options, parts: Arc::default() }
    }
}

impl fmt::Debug for FaultyUpload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FaultyUpload").field("location", &self.location).finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (store, parts) = (self.store.clone(), self.parts.clone());
        let index = parts.lock().len();
        parts.lock().push(None);
        Box::pin(async move {
            let arrive = async move {
                // Not if the upload has been given up meanwhile.
                if let Some(part) = parts.lock().get_mut(index) {
                    *part = Some(data);
                }
                Ok(())
            };
            store.act(arrive).await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (store, location) = (self.store.clone(), self.location.clone());
        let (parts, options) = (self.parts.clone(), self.options.clone());
        let complete = async move {
            let parts: Vec<PutPayload> = parts.lock().iter().flatten().cloned().collect();
            let whole = parts.iter().flat_map(|part| part.iter().cloned()).collect();
            store.chance.lock().multipart_uploads += 1;
            store.inner.put_opts(&location, whole, options).await
        };
        self.store.act(complete).await
    }

    async fn abort(&mut self) -> Result<()> {
        let parts = self.parts.clone();
        let abort = async move {
            parts.lock().clear();
            Ok(())
        };
        self.store.act(abort).await
    }
}
