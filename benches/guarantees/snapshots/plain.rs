//! The plain side: as many bytes to as many files and back, and what both sides do to folders.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::SUBTASKS;

const BUFFER: usize = 8 << 20;

/// All files in a folder and the folders in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

pub fn size(folder: &Path) -> u64 {
    files(folder).iter().map(|file| file.metadata().unwrap().len()).sum()
}

pub fn sync(folder: &Path) {
    std::thread::scope(|scope| {
        for file in files(folder) {
            scope.spawn(move || File::open(file).unwrap().sync_all().unwrap());
        }
    });
}

/// Empties a folder, and waits for what the files before have left for the disk to do.
pub fn empty(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    assert!(Command::new("sync").status().is_ok_and(|status| status.success()));
}

/// Drops files that have been synced from the page cache; `dd` has a flag for that.
pub fn forget(folder: &Path) {
    for file in files(folder) {
        let input = format!("if={}", file.display());
        let dropped = Command::new("dd").args([&input, "iflag=nocache", "count=0", "status=none"]).status();
        assert!(
            dropped.is_ok_and(|status| status.success()),
            "`dd` cannot drop {} from the cache",
            file.display()
        );
    }
}

pub fn write(folder: &Path, bytes: u64) {
    let share = bytes / u64::from(SUBTASKS);
    std::thread::scope(|scope| {
        for index in 0..SUBTASKS {
            scope.spawn(move || {
                let buffer: Vec<u8> = (0..BUFFER).map(|index| index as u8).collect();
                let mut file = File::create(folder.join(index.to_string())).unwrap();
                let mut left = share;
                while left > 0 {
                    let part = left.min(BUFFER as u64);
                    file.write_all(&buffer[..part as usize]).unwrap();
                    left -= part;
                }
            });
        }
    });
}

pub fn read(folder: &Path) {
    std::thread::scope(|scope| {
        for file in files(folder) {
            scope.spawn(move || {
                let (mut file, mut buffer) = (File::open(file).unwrap(), vec![0; BUFFER]);
                while file.read(&mut buffer).unwrap() > 0 {}
            });
        }
    });
}
