//! Writes what every target accepts to `corpus/<target>/`, so that fuzzing begins from there.

use std::fs::{create_dir_all, write};
use std::path::Path;

fn main() -> std::io::Result<()> {
    for target in millstream_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        create_dir_all(&folder)?;
        for (index, bytes) in (target.valid)().iter().enumerate() {
            write(folder.join(format!("valid-{index}")), bytes)?;
        }
    }
    Ok(())
}
