//! Schemas that messages are written with and do not have in themselves: a registry has them, and messages its numbers.
//!
//! As Confluent's [wire format](https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format):
//! a byte 0, the number of the schema in four bytes, and the value. Asking a registry takes time, which decoders do not have:
//! who reads messages [fetches](RegisteredSchemas::fetch) what they need before it decodes them.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use millstream_runtime::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use super::avro::AvroSchema;

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
    fn schema(&self, id: SchemaId) -> BoxFuture<'static, Result<String>>;

    /// The number of a schema under a subject; it gets one, if it is new.
    fn register(&self, subject: &str, schema: &str) -> BoxFuture<'static, Result<SchemaId>>;
}

/// What is known of a registry's schemas. A schema never changes, so that it is asked for once.
pub struct RegisteredSchemas {
    registry: Arc<dyn SchemaRegistry>,
    known: Mutex<HashMap<SchemaId, Arc<AvroSchema>>>,
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

    pub(super) fn get(&self, id: SchemaId) -> Option<Arc<AvroSchema>> {
        self.known.lock().get(&id).cloned()
    }

    /// Which schemas these messages have that are not known. What is no message is passed over here: decoding it says why.
    pub fn unknown<'a>(&self, messages: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<SchemaId> {
        let known = self.known.lock();
        let ids = messages.into_iter().filter_map(|message| split(message).ok());
        ids.map(|(id, _)| id).filter(|id| !known.contains_key(id)).collect()
    }

    /// Asks for schemas that are not known.
    ///
    /// # Errors
    /// If the registry has one not, or it is none of Avro.
    pub async fn fetch(&self, ids: BTreeSet<SchemaId>) -> Result<()> {
        for id in ids {
            if self.get(id).is_some() {
                continue;
            }
            let json = self.registry.schema(id).await?;
            let schema = AvroSchema::parse(&json).map_err(|problem| {
                Error::new(ErrorKind::InvalidInput, format!("schema {id} of the registry: {problem}"))
            })?;
            self.known.lock().insert(id, Arc::new(schema));
        }
        Ok(())
    }
}

/// The number of a message's schema, and the bytes of its value.
///
/// # Errors
/// If it has none.
pub(super) fn split(message: &[u8]) -> std::result::Result<(SchemaId, &[u8]), String> {
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
