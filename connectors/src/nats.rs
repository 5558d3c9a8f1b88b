//! NATS JetStream: [`NatsSource`] reads streams, [`NatsSink`] writes them, each exactly once where that is asked for.
//!
//! A stream of JetStream numbers its messages, so that a position in it is a number. The source keeps that number in the
//! job's own snapshots, and needs no acknowledgements. The sink publishes what a complete checkpoint covers, and finds out
//! from the stream itself what of it is there already.
//!
//! Works with servers of NATS 2.10 and later. [`NatsConnection`] says where they are and who logs in.

mod client;
mod connection;
mod sink;
mod source;
mod subject;

pub use connection::NatsConnection;
pub use sink::{
    DeliveryGuarantee, FunctionSerializer, JsonSerializer, MessageSerializer, NatsCommittable, NatsMessage,
    NatsSink, NatsWriter,
};
pub use source::{
    BadMessage, BadMessageInfo, FunctionDeserializer, JsonDeserializer, LostMessages, MessageDeserializer,
    MessageView, NatsReader, NatsSource, NatsSplit, StreamPosition, TextDeserializer,
};
