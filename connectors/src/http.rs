//! Records over HTTP and WebSockets: sources of what servers send, and a sink that calls webhooks.
//!
//! | | What it does | After a failure |
//! |---|---|---|
//! | [`WebSocketSource`] | messages that a server pushes | what came since the checkpoint is lost |
//! | [`HttpSource::event_stream`] | server-sent events | the server goes on behind the last event of the checkpoint, if it knows `Last-Event-ID` |
//! | [`HttpSource::lines`] | lines of an answer that does not end | what came since the checkpoint is lost |
//! | [`HttpSource::poll`] | what is at a URL, again and again | it is asked again |
//! | [`WebhookSink`] | requests with records, one by one or in batches | records may be sent again, or, with keys, are not |

mod bad_message;
mod client;
mod headers;
mod message;
mod reader;
mod retry;
mod sink;
mod source;
mod status;
mod waiting;
mod websocket;

pub use bad_message::{BadMessage, BadMessageInfo};
pub use message::{
    FunctionDeserializer, JsonDeserializer, MessageDeserializer, MessageView, TextDeserializer,
};
pub use retry::RetryPolicy;
pub use sink::{
    BatchFormat, DeliveryGuarantee, FunctionSerializer, JsonSerializer, RecordSerializer, Rejected,
    Rejection, WebhookCommittable, WebhookMethod, WebhookSink, WebhookWriter,
};
pub use source::{HttpSource, HttpSplit};
pub use websocket::WebSocketSource;
