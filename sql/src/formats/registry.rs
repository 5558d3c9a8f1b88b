//! Schemas that messages are written with and do not have in themselves: a registry has them, and messages its numbers.
//!
//! As Confluent's [wire format](https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format):
//! a byte 0, the number of the schema in four bytes, and the value. Asking a registry takes time, which decoders and encoders do
//! not have: who reads messages [fetches](RegisteredSchemas::fetch) what they need before it decodes them, and who writes some
//! [registers](SchemaRegistration) their schema before.

#[cfg(feature = "schema-registry")]
mod http;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::avro::AvroSchema;
#[cfg(feature = "schema-registry")]
pub use http::HttpRegistry;

/// The first byte of a message.
const MAGIC: u8 = 0;

/// The number of a schema in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub u32);

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A schema registry, as Confluent's REST interface has one.
pub trait SchemaRegistry: Send + Sync + 'static {
    /// The schema of this number, as JSON.
    fn schema(&self, id: SchemaId) -> BoxFuture<'static, millstream_runtime::Result<String>>;

    /// The number of a schema under a subject; it gets one, if it is new.
    fn register(
        &self,
        subject: &str,
        schema: &str,
    ) -> BoxFuture<'static, millstream_runtime::Result<SchemaId>>;
}

/// What is known of a registry's schemas. A schema never changes, so that it is asked for once.
pub struct RegisteredSchemas {
    registry: Arc<dyn SchemaRegistry>,
    /// The schemas, and why some cannot be had.
    known: Mutex<HashMap<SchemaId, Result<Arc<AvroSchema>, String>>>,
}

impl fmt::Debug for RegisteredSchemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredSchemas").field("known", &self.known.lock().len()).finish_non_exhaustive()
    }
}

impl RegisteredSchemas {
    /// Nothing is known yet.
    pub fn new(registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { registry, known: Mutex::new(HashMap::new()) }
    }

    /// The registry.
    pub fn registry(&self) -> &Arc<dyn SchemaRegistry> {
        &self.registry
    }

    /// A schema.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) fn get(&self, id: SchemaId) -> Result<Arc<AvroSchema>, String> {
        let known = self.known.lock();
        known.get(&id).cloned().unwrap_or_else(|| Err(format!("schema {id} has not been fetched")))
    }

    /// Which schemas these messages have that are not known. What is no message is passed over here: decoding it says why.
    pub fn unknown<'a>(&self, messages: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<SchemaId> {
        let known = self.known.lock();
        let ids = messages.into_iter().filter_map(|message| split(message).ok());
        // What the registry did not have it may have now.
        ids.map(|(id, _)| id).filter(|id| !matches!(known.get(id), Some(Ok(_)))).collect()
    }

    /// Asks for schemas that are not known. One that the registry does not have, or that is none of Avro, is an error of the
    /// messages that have its number: decoding them says so.
    ///
    /// # Errors
    /// If the registry cannot be asked.
    pub async fn fetch(&self, ids: BTreeSet<SchemaId>) -> millstream_runtime::Result<()> {
        for id in ids {
            let schema = match self.registry.schema(id).await {
                Ok(json) => AvroSchema::parse(&json)
                    .map(Arc::new)
                    .map_err(|problem| format!("schema {id} of the registry: {problem}")),
                Err(error) if error.kind().is_retryable() => return Err(error),
                Err(error) => Err(error.to_string()),
            };
            self.known.lock().insert(id, schema);
        }
        Ok(())
    }
}

/// The number that a schema gets when it is registered; what is written waits for it.
#[derive(Clone, Debug, Default)]
pub struct SchemaRegistration(Arc<OnceLock<SchemaId>>);

impl SchemaRegistration {
    /// The number, once the schema is registered.
    pub fn id(&self) -> Option<SchemaId> {
        self.0.get().copied()
    }

    /// Says the number. The first counts.
    pub fn set(&self, id: SchemaId) {
        // A schema that is registered again has the same number.
        let _ = self.0.set(id);
    }

    /// Registers a schema under a subject.
    ///
    /// # Errors
    /// If the registry refuses it, or cannot be asked.
    pub async fn register(
        &self,
        registry: Arc<dyn SchemaRegistry>,
        subject: &str,
        schema: &str,
    ) -> millstream_runtime::Result<()> {
        self.set(registry.register(subject, schema).await?);
        Ok(())
    }
}

/// The number of a message's schema, and the bytes of its value.
///
/// # Errors
/// If it has none.
pub(super) fn split(message: &[u8]) -> Result<(SchemaId, &[u8]), String> {
    match message.split_first_chunk() {
        Some(([MAGIC, a, b, c, d], value)) => Ok((SchemaId(u32::from_be_bytes([*a, *b, *c, *d])), value)),
        Some(([other, ..], _)) => Err(format!(
            "the message begins with the byte {other}, and not with 0: it was not written with a schema registry"
        )),
        None => Err(format!("{} bytes are no message with the number of a schema", message.len())),
    }
}

/// Appends what comes before the value of a message.
pub(super) fn write_id(id: SchemaId, out: &mut Vec<u8>) {
    out.push(MAGIC);
    out.extend_from_slice(&id.0.to_be_bytes());
}
