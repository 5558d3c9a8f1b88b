//! Schemas that messages are written with and do not have in themselves: a registry has them, and messages its numbers.
//!
//! As Confluent's [wire format](https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format):
//! a byte 0, the number of the schema in four bytes, and the value. Asking a registry takes time, which decoders and encoders do
//! not have: who reads messages [fetches](MessageSchemas::fetch) what they need before it decodes them, and who writes some
//! [registers](SchemaRegistration) their schema before.

mod address;
#[cfg(feature = "schema-registry")]
mod http;
mod messages;
mod schemas;

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;

pub(super) use address::take as take_address;
pub use address::{Authorization, RegistryAddress};
#[cfg(feature = "schema-registry")]
pub use http::HttpRegistry;
pub(super) use messages::{split, write_id};
pub use schemas::{MessageSchemas, ParsedSchema, References, RegisteredSchemas};

/// The number of a schema in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub u32);

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What kind of schema it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaType {
    /// One of Avro, as JSON.
    Avro,
    /// A JSON schema.
    Json,
    /// A file of Protobuf.
    Protobuf,
}

impl SchemaType {
    /// The name in requests and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }

    /// The kind of this name in requests and answers.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Avro, Self::Json, Self::Protobuf].into_iter().find(|found| found.name() == name)
    }
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avro => "Avro",
            Self::Json => "JSON",
            Self::Protobuf => "Protobuf",
        })
    }
}

/// A schema, as a registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText {
    /// The kind.
    pub schema_type: SchemaType,
    /// The schema itself.
    pub text: String,
    /// The other schemas that it refers to.
    pub references: Vec<SchemaReference>,
}

/// A schema that another one refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaReference {
    /// What the other one calls it: what it imports, in Protobuf.
    pub name: String,
    /// The subject that has it.
    pub subject: String,
    /// Its version under the subject.
    pub version: u32,
}

/// A schema registry, as Confluent's REST interface has one.
pub trait SchemaRegistry: Send + Sync + 'static {
    /// The schema of this number.
    fn schema(&self, id: SchemaId) -> BoxFuture<'static, millstream_runtime::Result<SchemaText>>;

    /// A version of a subject.
    fn version(
        &self,
        subject: &str,
        version: u32,
    ) -> BoxFuture<'static, millstream_runtime::Result<SchemaText>>;

    /// The number of a schema under a subject; it gets one, if it is new.
    fn register(
        &self,
        subject: &str,
        schema: &SchemaText,
    ) -> BoxFuture<'static, millstream_runtime::Result<SchemaId>>;
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
        schema: &SchemaText,
    ) -> millstream_runtime::Result<()> {
        self.set(registry.register(subject, schema).await?);
        Ok(())
    }
}
