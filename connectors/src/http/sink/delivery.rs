//! Sends requests until they are accepted, or there is no hope for them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use millstream_runtime::clock::Random;
use millstream_runtime::metrics::{Counter, MetricGroup};
use millstream_runtime::{Error, ErrorKind, Result};
use reqwest::header::{CONTENT_TYPE, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::WebhookMethod;
use super::rejection::{Rejected, Rejection};
use crate::http::client::{cause, client, shown, untrusted};
use crate::http::headers::Headers;
use crate::http::retry::RetryPolicy;
use crate::http::status::Verdict;
use crate::pause::pause;

/// As much of an answer is read at most, so that its connection can be used again.
const MOST_OF_ANSWER: usize = 64 << 10;
/// As much of it is shown, in bytes.
const SHOWN: usize = 1 << 10;

/// Where requests go, and how.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) method: WebhookMethod,
    pub(super) headers: Headers,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) key_header: String,
    pub(super) retry: RetryPolicy,
    pub(super) rejection: Rejection,
    pub(super) request_timeout: Duration,
    pub(super) connect_timeout: Duration,
}

impl Target {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            method: WebhookMethod::Post,
            headers: Headers::default(),
            root_certificates: None,
            key_header: "Idempotency-Key".to_owned(),
            retry: RetryPolicy::new(Duration::from_millis(100), Duration::from_secs(30)),
            rejection: Rejection::Fail,
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
        }
    }

    /// A client, and the name of the header for keys.
    ///
    /// # Errors
    /// If a header is wrong, or TLS cannot be set up.
    pub(super) fn client(&self, content_type: Option<&'static str>) -> Result<(Client, HeaderName)> {
        let mut headers = self.headers.clone();
        if let Some(content_type) = content_type.filter(|_| !headers.has(CONTENT_TYPE.as_str())) {
            headers.set(CONTENT_TYPE.as_str(), content_type);
        }
        let name = HeaderName::try_from(&self.key_header).map_err(|_| {
            let problem = format!("`{}` cannot be the name of the header for keys", self.key_header);
            Error::new(ErrorKind::InvalidJob, problem)
        })?;
        // A redirect turns a POST into a GET.
        let trusted = self.root_certificates.as_deref();
        Ok((client(&headers, trusted, self.connect_timeout, Policy::none())?, name))
    }
}

/// A request that carries records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    /// What no other request has, and this one whenever it is sent.
    pub(super) key: String,
    pub(super) body: Bytes,
    pub(super) records: u64,
}

/// What is counted of requests.
#[derive(Clone, Default)]
pub(super) struct DeliveryMetrics {
    requests: Arc<Counter>,
    retried: Arc<Counter>,
    rejected: Arc<Counter>,
}

impl DeliveryMetrics {
    pub(super) fn register(metrics: &MetricGroup) -> Self {
        Self {
            requests: metrics.counter("requests"),
            retried: metrics.counter("retriedRequests"),
            rejected: metrics.counter("rejectedRecords"),
        }
    }
}

/// Sends the requests of a writer.
pub(super) struct Delivery {
    target: Target,
    content_type: Option<&'static str>,
    client: OnceCell<(Client, HeaderName)>,
    metrics: DeliveryMetrics,
}

/// How a request has ended that was not accepted.
enum Failure {
    Later { cause: String, after: Option<Duration> },
    Rejected { status: u16, answer: String },
}

impl Delivery {
    pub(super) const fn new(
        target: Target,
        content_type: Option<&'static str>,
        metrics: DeliveryMetrics,
    ) -> Self {
        Self { target, content_type, client: OnceCell::const_new(), metrics }
    }

    /// Sends a request until it is accepted, or there is no hope for it.
    ///
    /// # Errors
    /// If it is not accepted after all, or is rejected where that fails the job.
    pub(super) async fn deliver(&self, request: &Request) -> Result<()> {
        let mut attempts = 0;
        // Keys are random.
        let mut hasher = DefaultHasher::new();
        request.key.hash(&mut hasher);
        let mut random = Random::new(hasher.finish());
        loop {
            let (cause, after) = match self.send(request).await? {
                Ok(()) => return Ok(()),
                Err(Failure::Rejected { status, answer }) => return self.rejected(request, status, answer),
                Err(Failure::Later { cause, after }) => (cause, after),
            };
            let retry = &self.target.retry;
            if !retry.may_retry(attempts) {
                let problem = format!(
                    "`{}` does not accept a request with {} records, after {attempts} more tries: {cause}",
                    shown(&self.target.url),
                    request.records
                );
                return Err(Error::new(ErrorKind::External, problem));
            }
            let delay = after.unwrap_or_else(|| retry.delay(attempts, &mut random));
            tracing::warn!(url = %shown(&self.target.url), cause, "a request is tried again in {delay:?}");
            attempts += 1;
            self.metrics.retried.add_concurrently(1);
            pause(delay).await;
        }
    }

    /// Sends a request once.
    async fn send(&self, request: &Request) -> Result<Result<(), Failure>> {
        let target = &self.target;
        let (client, key_header) =
            self.client.get_or_try_init(async || target.client(self.content_type)).await?;
        self.metrics.requests.add_concurrently(1);
        let sent = client
            .request(target.method.method(), &target.url)
            .timeout(target.request_timeout)
            .header(key_header, &request.key)
            .body(request.body.clone())
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if error.is_builder() => {
                let problem = format!("`{}` cannot be asked: {}", shown(&target.url), cause(error));
                return Err(Error::new(ErrorKind::InvalidJob, problem));
            }
            Err(error) => {
                return match untrusted(&target.url, &error) {
                    Some(error) => Err(error),
                    None => Ok(Err(Failure::Later { cause: cause(error), after: None })),
                };
            }
        };
        let (status, verdict) = (answer.status(), Verdict::of(answer.status(), answer.headers()));
        let answer = text(answer).await;
        Ok(match verdict {
            Verdict::Accepted => Ok(()),
            Verdict::Later(after) => {
                Err(Failure::Later { cause: format!("it answers with status {status}: {answer}"), after })
            }
            Verdict::Refused => Err(Failure::Rejected { status: status.as_u16(), answer }),
        })
    }

    /// Does with a request that was rejected what is to be done.
    fn rejected(&self, request: &Request, status: u16, answer: String) -> Result<()> {
        let url = shown(&self.target.url);
        let records = request.records;
        match &self.target.rejection {
            Rejection::Fail => {
                let problem = format!(
                    "`{url}` rejects a request with {records} records with status {status}: {answer}: correct what is \
                     sent, or let rejections be skipped"
                );
                return Err(Error::new(ErrorKind::InvalidInput, problem));
            }
            Rejection::Skip => {
                tracing::warn!(url, status, answer, "{records} records were rejected, and are skipped");
            }
            Rejection::Call(function) => {
                function(Rejected { status, answer, body: request.body.to_vec(), records });
            }
        }
        self.metrics.rejected.add_concurrently(records);
        Ok(())
    }
}

/// What an answer says, cut off if it is long. What cannot be read of it is left out: the status counts.
async fn text(mut answer: Response) -> String {
    let mut body = Vec::new();
    while body.len() < MOST_OF_ANSWER {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(SHOWN);
    String::from_utf8_lossy(&body).trim().to_owned()
}
