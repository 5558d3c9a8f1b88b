//! What the settings of a session say of object stores, under the names of Flink's configuration of
//! [S3](https://nightlies.apache.org/flink/flink-docs-stable/docs/deployment/filesystems/s3/).

use super::Session;

/// Settings, and the options of stores that they are.
const SETTINGS: &[(&str, &str)] = &[
    ("s3.access-key", "aws_access_key_id"),
    ("s3.endpoint", "aws_endpoint"),
    ("s3.endpoint.region", "aws_region"),
    ("s3.region", "aws_region"),
    ("s3.secret-key", "aws_secret_access_key"),
];

impl Session {
    /// The options of object stores, as [`Stores::set_option`](millstream_state::stores::Stores::set_option) takes them.
    pub fn store_options(&self) -> impl Iterator<Item = (&'static str, &str)> {
        SETTINGS.iter().filter_map(|(key, option)| {
            let value = self.setting(key)?.trim();
            (!value.is_empty()).then_some((*option, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, Session};
    use crate::catalog::options::OPTIONS;

    #[test]
    fn settings_are_known_and_become_options() {
        for (key, _) in SETTINGS {
            assert!(OPTIONS.iter().any(|option| option.key == *key), "{key}");
        }
        let mut session = Session::new();
        session.settings.insert("s3.endpoint".to_owned(), "http://localhost:9000".to_owned());
        session.settings.insert("s3.region".to_owned(), " ".to_owned());
        let options: Vec<_> = session.store_options().collect();
        assert_eq!(options, [("aws_endpoint", "http://localhost:9000")]);
    }
}
