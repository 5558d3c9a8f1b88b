//! What is written to standard output: in order with what jobs write there, and without a panic when nobody reads on.

use std::io::{self, Write};

/// Writes a text and flushes. Whoever reads the other end may stop at any time: then the process ends, as one that gets
/// SIGPIPE does.
pub fn write(text: &str) {
    let mut output = io::stdout().lock();
    if output.write_all(text.as_bytes()).and_then(|()| output.flush()).is_err() {
        std::process::exit(BROKEN_PIPE);
    }
}

/// Writes a text and the end of a line.
pub fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// Writes a text and the end of a line to standard error. What cannot be written is lost: there is nobody to tell.
pub fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// As of a process that SIGPIPE has ended.
pub const BROKEN_PIPE: i32 = 141;
