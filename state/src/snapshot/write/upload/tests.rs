use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, PutResult, Result as StoreResult};

use super::*;
use crate::StateError;

const PART: usize = 10_000;

/// Notes the parts that it gets, and makes a file of them.
#[derive(Clone, Debug)]
struct Parts {
    parts: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Where the file comes to lie; nowhere, without anybody getting to know, if there is no such place.
    file: Option<(Arc<dyn ObjectStore>, Path)>,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let parts = self.parts.clone();
        Box::pin(async move {
            parts.lock().unwrap().push(data.iter().flatten().copied().collect());
            Ok(())
        })
    }

    async fn complete(&mut self) -> StoreResult<PutResult> {
        let content = self.parts.lock().unwrap().concat();
        match &self.file {
            Some((store, path)) => store.put(path, content.into()).await,
            None => Ok(PutResult { e_tag: None, version: None, extensions: Default::default() }),
        }
    }

    async fn abort(&mut self) -> StoreResult<()> {
        Ok(())
    }
}

fn home() -> SnapshotHome {
    SnapshotHome::new(Arc::new(InMemory::new()), Path::from("job"))
}

/// An upload in parts, and the parts that arrive.
fn begun(home: &SnapshotHome) -> (Parts, Upload<'_>) {
    let parts = Parts { parts: Arc::default(), file: Some((home.store().clone(), home.path_of("file"))) };
    begun_with(home, parts)
}

fn begun_with(home: &SnapshotHome, parts: Parts) -> (Parts, Upload<'_>) {
    let multipart = Multipart { upload: Box::new(parts.clone()), under_way: FuturesUnordered::new() };
    (parts, Upload { multipart: Some(multipart), ..Upload::new(home, "file") })
}

/// Bytes of which no two neighbouring runs are alike.
fn bytes(start: usize, length: usize) -> Vec<u8> {
    (start..start + length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn parts_are_alike_whatever_the_pieces_are() {
    let home = home().with_part_bytes(PART);
    // Little by little, more than a part at once, exactly a part, nothing left at the end.
    let cases: [&[usize]; 3] =
        [&[2 * PART + 5, PART - 1, 3 * PART, 7, PART / 2, 1], &[2 * PART, PART], &[5 * PART + 1, PART - 1]];
    for lengths in cases {
        let (parts, mut upload) = begun(&home);
        let mut length = 0;
        for more in lengths {
            let pieces = bytes(length, *more);
            block_on(upload.take(pieces.chunks(1_000).map(Bytes::copy_from_slice))).unwrap();
            length += more;
            assert_eq!(upload.taken() as usize, length);
            assert!(upload.waiting_bytes < PART, "{lengths:?}");
        }
        assert_eq!(block_on(upload.finish()).unwrap(), length as u64);
        let parts = parts.parts.lock().unwrap();
        let (last, whole) = parts.split_last().unwrap();
        assert!(whole.iter().all(|part| part.len() == PART), "{lengths:?}");
        assert!((1..=PART).contains(&last.len()), "{lengths:?}: {}", last.len());
        assert!(parts.concat() == bytes(0, length), "{lengths:?}");
    }
}

#[test]
fn parts_leave_while_more_is_being_encoded() {
    let home = home().with_part_bytes(PART);
    let (parts, mut upload) = begun(&home);
    block_on(upload.take([bytes(0, 2 * PART + 1).into()])).unwrap();
    assert_eq!(parts.parts.lock().unwrap().len(), 2, "not only when too many wait");
}

#[test]
fn a_store_that_calls_an_upload_completed_is_not_believed_before_the_file_is_there() {
    let home = home().with_part_bytes(PART);
    let (_, mut upload) = begun_with(&home, Parts { parts: Arc::default(), file: None });
    block_on(upload.take([bytes(0, 3 * PART).into()])).unwrap();
    let error = block_on(upload.finish()).unwrap_err();
    assert!(matches!(error, StateError::Storage { .. }) && error.to_string().contains("job/file"), "{error}");
}

#[test]
fn a_file_that_is_not_completed_is_none() {
    let home = home().with_part_bytes(PART);
    for parts in [1, 4] {
        let mut upload = Upload::new(&home, "file");
        block_on(upload.take([bytes(0, parts * PART).into()])).unwrap();
        assert_eq!(upload.multipart.is_some(), parts > 1);
        block_on(upload.abort());
        assert_eq!(block_on(home.get_if_present("file")).unwrap(), None);

        let mut upload = Upload::new(&home, "file");
        block_on(upload.take([bytes(0, parts * PART).into()])).unwrap();
        block_on(upload.finish()).unwrap();
        assert!(block_on(home.get("file")).unwrap() == bytes(0, parts * PART));
        block_on(home.delete_files(["file".into()])).unwrap();
    }
}
