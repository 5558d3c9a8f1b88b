//! Where a registry is, and who asks.

use std::fmt;

use crate::error::{SqlError, SqlResult};
use crate::formats::options::FormatOptions;

/// Where a registry is, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryAddress {
    /// Its URLs, of which one must answer.
    pub urls: Vec<String>,
    /// Who asks.
    pub authorization: Authorization,
}

/// Who asks a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Authorization {
    /// Nobody says so.
    None,
    /// `user:password`.
    Basic(String),
    /// A token.
    Bearer(String),
}

impl fmt::Debug for Authorization {
    /// Secrets are kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic(_) => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

/// Options of Flink that are not supported, each with why.
const UNSUPPORTED: [(&str, &str); 5] = [
    ("properties", "the registry is asked without a client of Confluent"),
    ("ssl.keystore.location", "keystores of Java are not read"),
    ("ssl.keystore.password", "keystores of Java are not read"),
    ("ssl.truststore.location", "truststores of Java are not read"),
    ("ssl.truststore.password", "truststores of Java are not read"),
];

/// Takes the address and the subject.
pub(in crate::formats) fn take(
    options: &mut FormatOptions<'_>,
) -> SqlResult<(RegistryAddress, Option<String>)> {
    for (name, why) in UNSUPPORTED {
        if options.take(name).is_some() {
            let key = options.key(name);
            return Err(SqlError::unsupported(format!("option '{key}' is not supported: {why}")));
        }
    }
    let url = options.take("url").or_else(|| options.take("schema-registry.url"));
    let Some(url) = url else {
        return Err(SqlError::validation(format!(
            "One or more required options are missing. Missing required options are: {}",
            options.key("url")
        )));
    };
    let urls: Vec<_> = url.split(',').map(|url| url.trim().trim_end_matches('/').to_owned()).collect();
    if urls.iter().any(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(SqlError::validation(format!(
            "Invalid value '{url}' for option '{}': it must be URLs that begin with http:// or https://",
            options.key("url")
        )));
    }
    let subject = options.take("subject").or_else(|| options.take("schema-registry.subject"));
    Ok((RegistryAddress { urls, authorization: authorization(options)? }, subject))
}

fn authorization(options: &mut FormatOptions<'_>) -> SqlResult<Authorization> {
    let basic = secret(options, "basic-auth.credentials-source", "USER_INFO", "basic-auth.user-info")?;
    let bearer = secret(options, "bearer-auth.credentials-source", "STATIC_TOKEN", "bearer-auth.token")?;
    match (basic, bearer) {
        (Some(_), Some(_)) => Err(SqlError::validation(format!(
            "options '{}' and '{}' cannot both be set",
            options.key("basic-auth.credentials-source"),
            options.key("bearer-auth.credentials-source")
        ))),
        (Some(basic), None) => Ok(Authorization::Basic(basic)),
        (None, Some(bearer)) => Ok(Authorization::Bearer(bearer)),
        (None, None) => Ok(Authorization::None),
    }
}

/// What is written in the option `value`, if the option `source` says that it is there.
fn secret(
    options: &mut FormatOptions<'_>,
    source: &str,
    known: &str,
    value: &str,
) -> SqlResult<Option<String>> {
    let (found, secret) = (options.take(source), options.take(value));
    match (found, secret) {
        (None, _) => Ok(None),
        (Some(found), _) if found != known => Err(SqlError::unsupported(format!(
            "'{}' = '{found}' is not supported: only {known} is",
            options.key(source)
        ))),
        (Some(_), None) => Err(SqlError::validation(format!(
            "option '{}' is missing, which '{}' asks for",
            options.key(value),
            options.key(source)
        ))),
        (Some(_), secret) => Ok(secret),
    }
}
