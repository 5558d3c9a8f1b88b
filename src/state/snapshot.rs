//! What a checkpoint or savepoint on a store holds: read without the job that wrote it.
//!
//! ```
//! use futures::executor::block_on;
//! use millstream::prelude::*;
//! use millstream::state::snapshot::resolve;
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().to_string_lossy().into_owned();
//!
//! let env = Environment::new().parallelism(1).checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
//! env.from_collection([1, 2, 1]).key_by(|number| *number).count().uid("counts").discard();
//! env.execute("count")?;
//!
//! let snapshot = block_on(resolve(&path, None))?;
//! let manifest = block_on(snapshot.home.read_manifest(&snapshot.manifest_file))?;
//! let counts = manifest.operators.iter().find(|operator| operator.uid.as_deref() == Some("counts"));
//! assert_eq!(counts.map(|counts| counts.entries()), Some(2), "one for each number");
//! # Ok::<(), millstream::Error>(())
//! ```

pub use millstream_state::snapshot::manifest::{Manifest, OperatorManifest, SnapshotKind};
pub use millstream_state::snapshot::part::{
    BlockReference, KeyedPart, ListPart, OperatorPart, Redistribution, StateKind, StateMeta,
};
pub use millstream_state::snapshot::storage::{ResolvedSnapshot, SnapshotHome, open_url, resolve};
pub use millstream_state::{CheckpointId, CheckpointName, KeyGroup};
