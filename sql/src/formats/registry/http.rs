//! A client of schema registries: Confluent's REST interface, of which it knows three calls.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_connectors::tls::client_config;
use millstream_runtime::{Error, ErrorKind, Result};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;

use super::{
    Authorization, RegistryAddress, SchemaId, SchemaReference, SchemaRegistry, SchemaText, SchemaType,
};
use crate::error::{SqlError, SqlResult};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// How long to wait before a registry is asked again that could not be reached, or had an error of its own: about eight
/// seconds altogether. Then the job fails, and its restart strategy decides.
const DELAYS: &[Duration] = &[
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// What a registry speaks.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A schema registry that is asked over HTTP. Its futures must run in a tokio runtime.
#[derive(Clone, Debug)]
pub struct HttpRegistry {
    client: Client,
    urls: Arc<[String]>,
    delays: &'static [Duration],
}

impl HttpRegistry {
    /// The registry at an address; nothing is asked yet.
    ///
    /// # Errors
    /// If the authorization cannot be sent.
    pub fn new(address: &RegistryAddress) -> SqlResult<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
        let authorization = match &address.authorization {
            Authorization::None => None,
            Authorization::Basic(user) => Some(format!("Basic {}", STANDARD.encode(user))),
            Authorization::Bearer(token) => Some(format!("Bearer {token}")),
        };
        if let Some(text) = authorization {
            let mut value = HeaderValue::try_from(text).map_err(|_| {
                SqlError::validation(
                    "a token for the schema registry has characters that HTTP does not allow",
                )
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let unable = |problem: String| {
            SqlError::validation(format!("a client of the schema registry cannot be made: {problem}"))
        };
        let tls = client_config().map_err(|error| unable(error.to_string()))?;
        let client = Client::builder()
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| unable(error.to_string()))?;
        Ok(Self { client, urls: address.urls.clone().into(), delays: DELAYS })
    }

    /// Asks until a registry answers, or there is no hope for it.
    async fn ask<T: for<'de> Deserialize<'de>>(
        self,
        method: Method,
        path: String,
        body: Option<String>,
        what: String,
    ) -> Result<T> {
        for delay in self.delays {
            match self.ask_once(&method, &path, body.as_ref(), &what).await {
                Err(error) if error.kind().is_retryable() => {
                    tracing::warn!(%error, "the schema registry is asked again");
                    pause(*delay).await;
                }
                answer => return answer,
            }
        }
        self.ask_once(&method, &path, body.as_ref(), &what).await
    }

    /// Asks the first registry that answers.
    async fn ask_once<T: for<'de> Deserialize<'de>>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&String>,
        what: &str,
    ) -> Result<T> {
        let mut unreachable = Vec::new();
        for url in self.urls.iter() {
            let mut request = self.client.request(method.clone(), format!("{url}{path}"));
            if let Some(body) = body {
                request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.clone());
            }
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    unreachable.push(format!("`{url}`: {}", innermost(&error)));
                    continue;
                }
            };
            let (status, text) = (answer.status(), answer.text().await);
            let text = text.map_err(|error| failed(ErrorKind::External, what, url, &innermost(&error)))?;
            if !status.is_success() {
                // What is refused once is refused again.
                let is_final = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
                let kind = if is_final { ErrorKind::InvalidInput } else { ErrorKind::External };
                return Err(failed(kind, what, url, &refusal(status, &text)));
            }
            return serde_json::from_str(&text).map_err(|error| {
                let problem = format!("the answer is not what was asked for: {error}");
                failed(ErrorKind::External, what, url, &problem)
            });
        }
        Err(Error::new(
            ErrorKind::External,
            format!("{what}: no schema registry can be reached: {}", unreachable.join("; ")),
        ))
    }
}

/// Waits before something is tried again.
#[expect(clippy::disallowed_methods, reason = "on the I/O pool, where no task is there to be woken")]
async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}

/// What a registry says of a schema.
#[derive(Deserialize)]
struct Schema {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

/// What a registry says of a schema that another one refers to.
#[derive(Deserialize)]
struct Reference {
    name: String,
    subject: String,
    version: u32,
}

impl Schema {
    /// `what` says which one it is.
    fn into_text(self, what: &str) -> Result<SchemaText> {
        // Registries leave out what they have had from the beginning.
        let name = self.kind.as_deref().unwrap_or(SchemaType::Avro.name());
        let schema_type = SchemaType::of_name(name).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("{what} of the registry is one of {name}, which is not known"),
            )
        })?;
        let references = self
            .references
            .into_iter()
            .map(|Reference { name, subject, version }| SchemaReference { name, subject, version });
        Ok(SchemaText { schema_type, text: self.schema, references: references.collect() })
    }
}

/// What a registry says of a schema that is registered.
#[derive(Deserialize)]
struct Registered {
    id: u32,
}

/// What a registry says if it does not do what was asked.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl SchemaRegistry for HttpRegistry {
    fn schema(&self, id: SchemaId) -> BoxFuture<'static, Result<SchemaText>> {
        let what = format!("schema {id}");
        let asked = self.clone().ask::<Schema>(
            Method::GET,
            format!("/schemas/ids/{id}"),
            None,
            format!("{what} cannot be read"),
        );
        async move { asked.await?.into_text(&what) }.boxed()
    }

    fn version(&self, subject: &str, version: u32) -> BoxFuture<'static, Result<SchemaText>> {
        let what = format!("version {version} of the schema of subject `{subject}`");
        let asked = self.clone().ask::<Schema>(
            Method::GET,
            format!("/subjects/{}/versions/{version}", escaped(subject)),
            None,
            format!("{what} cannot be read"),
        );
        async move { asked.await?.into_text(&what) }.boxed()
    }

    fn register(&self, subject: &str, schema: &SchemaText) -> BoxFuture<'static, Result<SchemaId>> {
        let what = format!("the schema cannot be registered under the subject `{subject}`");
        let path = format!("/subjects/{}/versions", escaped(subject));
        let body = match schema.schema_type {
            // All registries know what has no type.
            SchemaType::Avro => serde_json::json!({ "schema": schema.text }),
            other => serde_json::json!({ "schema": schema.text, "schemaType": other.name() }),
        };
        let body = body.to_string();
        let this = self.clone();
        async move {
            let ask = || {
                this.clone().ask::<Registered>(Method::POST, path.clone(), Some(body.clone()), what.clone())
            };
            let answer = match (ask().await, this.delays.first()) {
                // Of two that register a new subject at the same time a registry may refuse one.
                (Err(error), Some(delay)) if !error.kind().is_retryable() => {
                    tracing::info!(%error, "it is tried once more");
                    pause(*delay).await;
                    ask().await
                }
                (answer, _) => answer,
            };
            Ok(SchemaId(answer?.id))
        }
        .boxed()
    }
}

/// A subject as a part of a path.
fn escaped(subject: &str) -> String {
    let mut out = String::with_capacity(subject.len());
    for byte in subject.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

fn failed(kind: ErrorKind, what: &str, url: &str, problem: &str) -> Error {
    Error::new(kind, format!("{what}: the schema registry at `{url}`: {problem}"))
}

fn refusal(status: StatusCode, text: &str) -> String {
    match serde_json::from_str::<Refusal>(text) {
        Ok(refusal) => format!("{} ({status})", refusal.message),
        Err(_) => format!("it answers {status}"),
    }
}

/// The cause that says most.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
