//! Servers that tests start by the scripts of `tests/services/`.

use std::path::PathBuf;

/// Where the scripts install servers, and keep their data.
pub fn home() -> PathBuf {
    std::env::var_os("SERVICES_HOME")
        .map_or_else(|| std::env::temp_dir().join("millstream-services"), PathBuf::from)
}

/// Whether a test that needs `server` is left out, which is said aloud: because that is asked for, or because `program`, which
/// the server needs, is not there.
///
/// # Panics
/// If it is not there, and no test may be left out.
pub fn is_skipped(server: &str, program: &str, is_there: impl FnOnce() -> bool) -> bool {
    if std::env::var_os("MILLSTREAM_SKIP_SERVICES").is_some() {
        eprintln!("SKIPPED: this test needs {server}, and MILLSTREAM_SKIP_SERVICES is set");
        return true;
    }
    if is_there() {
        return false;
    }
    let reason = format!("SKIPPED: no `{program}`, which {server} of the tests needs");
    assert!(std::env::var_os("MILLSTREAM_REQUIRE_SERVICES").is_none(), "{reason}");
    eprintln!("{reason}");
    true
}
