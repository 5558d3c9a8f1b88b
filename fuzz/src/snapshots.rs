//! Manifests, and whole snapshots in which something is changed.

use bytes::Bytes;
use futures::executor::block_on;
use millstream::engine::state::snapshot::format::FileKind;
use millstream::engine::state::snapshot::read::{OperatorShare, load};
use millstream::state::snapshot::{Manifest, ResolvedSnapshot};

use super::memory::{content_of, folder, framed};

const MANIFEST: &str = "chk-2/manifest";

macro_rules! fixture {
    ($($file:literal),*) => {
        [$(($file, include_bytes!(concat!("../../state/tests/fixtures/v1/", $file)).as_slice())),*]
    };
}

/// A checkpoint that refers to files of the one before it.
const FILES: [(&str, &[u8]); 5] =
    fixture!("chk-2/manifest", "chk-1/0-0.state", "chk-1/0-1.state", "chk-2/0-0.state", "chk-2/0-1.state");

pub fn manifest(bytes: &[u8]) {
    let _ = Manifest::decode(MANIFEST, &Bytes::copy_from_slice(bytes));
    let Ok(manifest) = Manifest::decode(MANIFEST, &framed(FileKind::Manifest, bytes)) else { return };
    let written = manifest.encode().expect("what was read can be written");
    assert_eq!(Manifest::decode(MANIFEST, &written).expect("what was written can be read"), manifest);
    // What looks into a snapshot without restoring it adds these up.
    let _ = (manifest.files(), manifest.total_bytes(), manifest.bytes_in("chk-2"));
    for operator in &manifest.operators {
        let _ = (operator.entries(), operator.total_bytes());
    }
}

pub fn valid_manifests() -> Vec<Vec<u8>> {
    vec![content_of(FILES[0].1)]
}

/// Changes single bytes of a snapshot's files, and restores it at some parallelisms. Four bytes make an edit: which
/// file, where (two bytes), and what is added to the byte there. The manifest keeps a checksum that is right.
pub fn restore(edits: &[u8]) {
    let mut files = FILES.map(|(name, content)| (name, content.to_vec()));
    files[0].1 = content_of(FILES[0].1);
    for edit in edits.chunks_exact(4) {
        let [file, low, high, value] = [edit[0], edit[1], edit[2], edit[3]];
        let content = &mut files[usize::from(file) % FILES.len()].1;
        let at = usize::from(u16::from_le_bytes([low, high])) % content.len();
        content[at] = content[at].wrapping_add(value);
    }
    files[0].1 = framed(FileKind::Manifest, &files[0].1).to_vec();
    let is_whole = files.iter().zip(FILES).all(|((_, content), (_, whole))| content == whole);
    let home = folder(files.map(|(name, content)| (name, content.into())));
    let resolved = ResolvedSnapshot { home, manifest_file: MANIFEST.into(), listed: None };
    let loaded = match block_on(load(&resolved)) {
        Ok(loaded) => loaded,
        Err(error) => return assert!(!is_whole, "{error}"),
    };
    let operators = loaded.manifest().operators.clone();
    for operator in operators {
        let (id, max_parallelism) = (operator.operator, operator.max_parallelism);
        for parallelism in [1, 2, 3] {
            for subtask in 0..parallelism {
                let restored = loaded.for_subtask(id, subtask, parallelism, max_parallelism);
                assert!(restored.is_ok() || !is_whole, "{restored:?}");
                let _ = loaded.as_base_of(&[OperatorShare { operator: id, subtask, parallelism }]);
            }
        }
    }
}

/// No edit, one that changes nothing, and one in each file.
pub fn valid_edits() -> Vec<Vec<u8>> {
    let mut edits = vec![Vec::new(), vec![0, 40, 0, 0]];
    edits.extend((0..5).map(|file| vec![file, 40, 0, 1]));
    edits
}
