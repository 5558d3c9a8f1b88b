//! The headers of requests, as they are set.

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION};

/// Headers that were set, and are not known to be right.
#[derive(Clone, Default)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// The headers; one that was set twice is sent twice.
    ///
    /// # Errors
    /// Which one is wrong. Its value is not shown: it may be a secret.
    pub(super) fn map(&self) -> Result<HeaderMap, String> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.0 {
            let parsed = HeaderName::try_from(name)
                .map_err(|_| format!("`{name}` cannot be the name of a header of HTTP"))?;
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| format!("the header `{name}` has characters that HTTP does not allow"))?;
            value.set_sensitive([AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(&parsed));
            map.append(parsed, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_wrong_are_named_without_their_values() {
        let map = |name: &str, value: &str| {
            let mut headers = Headers::default();
            headers.set(name, value);
            headers.map()
        };
        assert!(map("Authorization", "Bearer x").unwrap()["authorization"].is_sensitive());
        assert_eq!(map("a b", "x").unwrap_err(), "`a b` cannot be the name of a header of HTTP");
        let error = map("Authorization", "secret\n").unwrap_err();
        assert_eq!(error, "the header `Authorization` has characters that HTTP does not allow");
    }
}
