use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{PutResult, Result as StoreResult};

use super::*;

const PART: usize = 10_000;

/// Notes the parts that it gets.
#[derive(Clone, Debug, Default)]
struct Parts(Arc<Mutex<Vec<Vec<u8>>>>);

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let parts = self.0.clone();
        Box::pin(async move {
            parts.lock().unwrap().push(data.iter().flatten().copied().collect());
            Ok(())
        })
    }

    async fn complete(&mut self) -> StoreResult<PutResult> {
        Ok(PutResult { e_tag: None, version: None, extensions: Default::default() })
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
    let parts = Parts::default();
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
        let parts = parts.0.lock().unwrap();
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
    assert_eq!(parts.0.lock().unwrap().len(), 2, "not only when too many wait");
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
