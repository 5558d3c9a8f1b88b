//! Servers that tests start by the scripts of `tests/services/`.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// Whether there is a Java to run servers with.
pub fn has_java() -> bool {
    let java = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    java.is_ok_and(|status| status.success())
}

/// A port that is free, as is the one after it.
pub fn free_ports() -> u16 {
    free_range(2)
}

/// The first of so many ports, one after another, that are free.
pub fn free_range(count: u16) -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind("127.0.0.1:0").ok()?;
            let port = first.local_addr().ok()?.port();
            for more in 1..count {
                TcpListener::bind(("127.0.0.1", port.checked_add(more)?)).ok()?;
            }
            Some(port)
        })
        .unwrap()
}
