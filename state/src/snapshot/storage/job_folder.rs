//! The name of a job's folder among those of other jobs.

use std::fmt::Write;

/// The name of the folder in which the snapshots of the job of this name lie: letters, digits, `-`, `_`
/// and `.` stand for themselves, and every other byte of the name as `=` and two hexadecimal digits.
/// No two jobs share a folder.
///
/// ```
/// use millstream_state::snapshot::storage::job_folder;
/// assert_eq!(job_folder("flight-delays_2"), "flight-delays_2");
/// assert_eq!(job_folder("flight delays"), "flight=20delays");
/// ```
pub fn job_folder(job: &str) -> String {
    let mut folder = String::with_capacity(job.len());
    for (at, byte) in job.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && at > 0);
        if is_plain {
            folder.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(folder, "={byte:02X}");
        }
    }
    folder
}

/// What earlier builds called the folder of this job: several jobs could have the same.
pub(super) fn earlier_folder(job: &str) -> String {
    let kept =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    let name: String = job.chars().map(kept).collect();
    if name.is_empty() || name.starts_with('.') { format!("job{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_jobs_share_a_folder() {
        let jobs =
            ["a b", "a-b", "a/b", "a=20b", ".a", "joba", "job.a", "ä", "a\u{308}", "a\\b", "..", "=2E"];
        let folders: BTreeSet<_> = jobs.iter().map(|job| job_folder(job)).collect();
        assert_eq!(folders.len(), jobs.len(), "{folders:?}");
        for folder in folders {
            let parsed = object_store::path::Path::from_iter([folder.as_str()]);
            assert_eq!(parsed.as_ref(), folder, "the store has to leave it as it is");
        }
    }
}
