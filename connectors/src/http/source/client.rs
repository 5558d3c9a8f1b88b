//! Asks a server, and fetches what it answers.

use std::time::Duration;

use futures::FutureExt;
use millstream_runtime::clock::Sleeper;
use millstream_runtime::{Error, ErrorKind, Result};
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};

use super::event_stream::EventStream;
use super::lines::Lines;
use super::poll::{conditional, is_unchanged, note};
use super::split::HttpSplit;
use super::{Asking, Mode};
use crate::delimited::LONGEST_RECORD;
use crate::http::client::{cause, client, shown, untrusted};
use crate::http::message::Message;
use crate::http::reader::{Fetched, MOST_BYTES, MOST_MESSAGES, MessageClient, Then};
use crate::http::status::Verdict;
use crate::http::waiting::{within, within_limit};

const EVENT_STREAM: &str = "text/event-stream";

/// Asks a server, and fetches what it answers.
pub struct HttpClient {
    asking: Asking,
    /// How far the server has been read.
    split: HttpSplit,
    client: Option<Client>,
    sleeper: Option<Sleeper>,
    stream: Option<Stream>,
}

/// An answer that is being read.
struct Stream {
    answer: Response,
    content: Content,
}

enum Content {
    Lines(Box<Lines>),
    Events(Box<EventStream>),
}

impl Content {
    fn feed(&mut self, bytes: &[u8], messages: &mut Vec<Message>) -> Result<()> {
        match self {
            Self::Lines(lines) => lines.feed(bytes, messages),
            Self::Events(events) => events.feed(bytes, messages),
        }
    }
}

/// What has come of a stream.
#[derive(Default)]
struct Read {
    messages: Vec<Message>,
    bytes: usize,
    then: Option<Then>,
}

impl HttpClient {
    pub(super) fn new(asking: Asking) -> Self {
        Self { asking, split: HttpSplit::default(), client: None, sleeper: None, stream: None }
    }

    fn request(&mut self) -> Result<RequestBuilder> {
        let client = match &self.client {
            Some(client) => client,
            None => self.client.insert(client(
                &self.asking.headers,
                self.asking.root_certificates.as_deref(),
                self.asking.connect_timeout,
                Policy::default(),
            )?),
        };
        let request = client.get(&self.asking.url);
        Ok(match self.asking.mode {
            Mode::Lines => request,
            Mode::Poll { .. } => conditional(request, &self.split),
            Mode::EventStream => {
                let request = request.header(ACCEPT, EVENT_STREAM).header(CACHE_CONTROL, "no-cache");
                match self.split.last_event_id.as_deref().filter(|id| !id.is_empty()) {
                    Some(id) => request.header("Last-Event-ID", id.as_bytes()),
                    None => request,
                }
            }
        })
    }

    /// The answer, if it is one that can be read; else what is to be done.
    async fn ask(&mut self, sleeper: &Sleeper) -> Result<Result<Response, Then>> {
        let (request, timeout) = (self.request()?, self.asking.request_timeout);
        let answer = match within(sleeper, timeout, request.send()).await {
            None => return Ok(Err(lost(format!("there was no answer within {timeout:?}")))),
            Some(Err(error)) if error.is_builder() => {
                return Err(Error::new(ErrorKind::InvalidJob, self.problem(&cause(error))));
            }
            Some(Err(error)) => {
                return match untrusted(&self.asking.url, &error) {
                    Some(error) => Err(error),
                    None => Ok(Err(lost(cause(error)))),
                };
            }
            Some(Ok(answer)) => answer,
        };
        let status = answer.status();
        match Verdict::of(status, answer.headers()) {
            Verdict::Accepted => Ok(Ok(answer)),
            Verdict::Refused if status == StatusCode::NOT_MODIFIED => Ok(Ok(answer)),
            Verdict::Later(after) => {
                Ok(Err(Then::Retry { cause: format!("the server answers with status {status}"), after }))
            }
            Verdict::Refused => {
                let problem = format!(
                    "the server answers with status {status}: is it the right URL, with the right headers?"
                );
                Err(Error::new(ErrorKind::InvalidInput, self.problem(&problem)))
            }
        }
    }

    fn problem(&self, problem: &str) -> String {
        format!("`{}`: {problem}", shown(&self.asking.url))
    }

    /// Asks for a stream.
    async fn open_stream(&mut self, sleeper: &Sleeper) -> Result<Result<Stream, Then>> {
        let answer = match self.ask(sleeper).await? {
            Ok(answer) => answer,
            Err(then) => return Ok(Err(then)),
        };
        if answer.status() == StatusCode::NO_CONTENT {
            // With this a server stops clients from asking again.
            return Ok(Err(Then::End));
        }
        let content = match self.asking.mode {
            Mode::EventStream => {
                let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                let media_type = media_type.unwrap_or_default();
                if !media_type.trim_start().to_ascii_lowercase().starts_with(EVENT_STREAM) {
                    let problem = format!(
                        "the answer is `{media_type}`, and not `{EVENT_STREAM}`: read lines, or ask for another URL"
                    );
                    return Err(Error::new(ErrorKind::InvalidInput, self.problem(&problem)));
                }
                Content::Events(Box::default())
            }
            Mode::Lines | Mode::Poll { .. } => Content::Lines(Box::new(Lines::new())),
        };
        Ok(Ok(Stream { answer, content }))
    }

    /// Waits for something that is a message, and takes what is there behind it.
    async fn read(&self, stream: &mut Stream, sleeper: &Sleeper) -> Result<Read> {
        let mut read = Read::default();
        while read.then.is_none() && read.messages.len() < MOST_MESSAGES && read.bytes < MOST_BYTES {
            let waits = read.messages.is_empty();
            let piece = if waits {
                within_limit(sleeper, self.asking.idle_timeout, stream.answer.chunk()).await
            } else {
                match stream.answer.chunk().now_or_never() {
                    Some(piece) => Some(piece),
                    None => break,
                }
            };
            match piece {
                None => read.then = Some(lost("nothing has come for too long".to_owned())),
                Some(Err(error)) => read.then = Some(lost(cause(error))),
                Some(Ok(None)) => {
                    if let Content::Lines(lines) = &mut stream.content {
                        lines.end(&mut read.messages);
                    }
                    read.then = Some(if self.asking.ends_on_close { Then::End } else { Then::Reopen(None) });
                }
                Some(Ok(Some(bytes))) => {
                    read.bytes += bytes.len();
                    stream
                        .content
                        .feed(&bytes, &mut read.messages)
                        .map_err(|error| error.wrapped(ErrorKind::InvalidInput, shown(&self.asking.url)))?;
                }
            }
        }
        Ok(read)
    }

    async fn fetch_stream(&mut self, sleeper: &Sleeper) -> Result<Fetched<HttpSplit>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => match self.open_stream(sleeper).await? {
                Ok(stream) => stream,
                Err(then) => return Ok(self.nothing(then)),
            },
        };
        let Read { messages, bytes, mut then } = self.read(&mut stream, sleeper).await?;
        if let Content::Events(events) = &stream.content {
            if let Some(id) = events.last_event_id() {
                self.split.last_event_id = Some(id.to_owned());
            }
            if let Some(Then::Reopen(after) | Then::Retry { after, .. }) = &mut then {
                *after = events.retry();
            }
        }
        if then.is_none() {
            self.stream = Some(stream);
        }
        let (bytes, then) = (bytes as u64, then.unwrap_or(Then::More));
        Ok(Fetched { messages, bytes, split: self.split.clone(), then })
    }

    async fn poll(&mut self, interval: Duration, sleeper: &Sleeper) -> Result<Fetched<HttpSplit>> {
        let mut answer = match self.ask(sleeper).await? {
            Ok(answer) => answer,
            Err(then) => return Ok(self.nothing(then)),
        };
        if is_unchanged(answer.status()) {
            return Ok(self.nothing(Then::After(interval)));
        }
        let timeout = self.asking.request_timeout;
        let body = match within(sleeper, timeout, body(&mut answer)).await {
            None => return Ok(self.nothing(lost(format!("the answer was not complete within {timeout:?}")))),
            Some(Err(error)) => return Ok(self.nothing(lost(cause(error)))),
            Some(Ok(None)) => {
                let problem = format!("the answer has more than {LONGEST_RECORD} bytes: ask for less of it");
                return Err(Error::new(ErrorKind::InvalidInput, self.problem(&problem)));
            }
            Some(Ok(Some(body))) => body,
        };
        note(&mut self.split, answer.headers());
        let bytes = body.len() as u64;
        let messages = if body.is_empty() { Vec::new() } else { vec![Message::new(body)] };
        Ok(Fetched { messages, bytes, split: self.split.clone(), then: Then::After(interval) })
    }

    fn nothing(&self, then: Then) -> Fetched<HttpSplit> {
        Fetched { messages: Vec::new(), bytes: 0, split: self.split.clone(), then }
    }
}

fn lost(cause: String) -> Then {
    Then::Retry { cause, after: None }
}

/// The body of an answer; `None` if it is too long.
async fn body(answer: &mut Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > LONGEST_RECORD {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

impl MessageClient for HttpClient {
    type Split = HttpSplit;

    fn open(&mut self, split: HttpSplit, sleeper: Sleeper) {
        self.split = split;
        self.sleeper = Some(sleeper);
    }

    async fn fetch(&mut self) -> Result<Fetched<HttpSplit>> {
        let Some(sleeper) = self.sleeper.clone() else {
            return Err(Error::new(ErrorKind::Internal, "a server is asked before the reader has begun"));
        };
        match self.asking.mode {
            Mode::Poll { interval } => self.poll(interval, &sleeper).await,
            Mode::EventStream | Mode::Lines => self.fetch_stream(&sleeper).await,
        }
    }
}
