//! Certificates that tests make.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of a certificate that has signed itself, for `127.0.0.1`, in PEM.
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Both.
    pub both: PathBuf,
}

impl Certificate {
    pub fn make(folder: &Path, name: &str) -> Self {
        let file = |suffix: &str| folder.join(format!("{name}{suffix}.pem"));
        let made = Self { certificate: file(""), key: file("-key"), both: file("-both") };
        let Self { certificate, key, both } = &made;
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args([Path::new("-keyout"), key, Path::new("-out"), certificate])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = [key, certificate].map(|file| std::fs::read_to_string(file).unwrap());
        std::fs::write(both, text.concat()).unwrap();
        made
    }
}

/// Whether there is what makes them.
pub fn has_openssl() -> bool {
    Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success())
}
