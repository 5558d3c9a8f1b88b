//! What is known of the schemas of a registry.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_runtime::Result;
use parking_lot::Mutex;

use super::messages::split;
use super::{SchemaId, SchemaReference, SchemaRegistry, SchemaText, SchemaType};

/// What is wrong with a schema.
type Parsed<T> = std::result::Result<T, String>;

/// How many other schemas one may refer to, and those in turn.
const MOST_REFERENCES: usize = 1_000;

/// What is done with other schemas that one refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum References {
    /// The schema cannot be read.
    Refused,
    /// The schema is read without them.
    Ignored,
    /// They are asked for.
    Imported,
}

/// A schema of one kind, out of its text.
pub trait ParsedSchema: Sized + Send + Sync + 'static {
    /// The kind.
    const TYPE: SchemaType;
    /// What is done with other schemas that one refers to.
    const REFERENCES: References;

    /// Reads a schema; `imports` are the texts that it refers to, directly or not, by the names that it has for them.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(text: &str, imports: &HashMap<String, String>) -> Parsed<Self>;
}

/// The schemas of messages, whatever their kind.
pub trait MessageSchemas: Send + Sync {
    /// The registry that has them.
    fn registry(&self) -> &Arc<dyn SchemaRegistry>;

    /// Which schemas these messages have that are not known. What is no message is passed over here: decoding it says why.
    fn unknown(&self, messages: &mut dyn Iterator<Item = &[u8]>) -> BTreeSet<SchemaId>;

    /// Asks for schemas that are not known. One that the registry does not have, or that is of another kind, is an error of
    /// the messages that have its number: decoding them says so.
    ///
    /// # Errors
    /// The future fails if the registry cannot be asked.
    fn fetch(self: Arc<Self>, ids: BTreeSet<SchemaId>) -> BoxFuture<'static, Result<()>>;
}

/// What is known of a registry's schemas of one kind. A schema never changes, so that it is asked for once.
pub struct RegisteredSchemas<S> {
    registry: Arc<dyn SchemaRegistry>,
    /// The schemas, and why some cannot be had.
    known: Mutex<HashMap<SchemaId, Parsed<Arc<S>>>>,
}

impl<S> fmt::Debug for RegisteredSchemas<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredSchemas").field("known", &self.known.lock().len()).finish_non_exhaustive()
    }
}

impl<S: ParsedSchema> RegisteredSchemas<S> {
    /// Nothing is known yet.
    pub fn new(registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { registry, known: Mutex::new(HashMap::new()) }
    }

    /// A schema.
    ///
    /// # Errors
    /// Why it is not known.
    pub(in crate::formats) fn get(&self, id: SchemaId) -> Parsed<Arc<S>> {
        let known = self.known.lock();
        known.get(&id).cloned().unwrap_or_else(|| Err(format!("schema {id} has not been fetched")))
    }

    /// Asks for a schema, and for those that it refers to.
    async fn ask(&self, id: SchemaId) -> Result<Parsed<Arc<S>>> {
        let found = self.registry.schema(id).await?;
        if found.schema_type != S::TYPE {
            let problem = format!("is one of {}, and not of {}", found.schema_type, S::TYPE);
            return Ok(Err(format!("schema {id} of the registry {problem}")));
        }
        let imports = match S::REFERENCES {
            References::Refused if !found.references.is_empty() => {
                Err("it refers to other schemas, which is not supported".to_owned())
            }
            References::Refused | References::Ignored => Ok(HashMap::new()),
            References::Imported => self.imports(found.references).await?,
        };
        let parsed = imports.and_then(|imports| S::parse(&found.text, &imports));
        Ok(parsed.map(Arc::new).map_err(|problem| format!("schema {id} of the registry: {problem}")))
    }

    /// The texts of schemas, and of those that they refer to.
    async fn imports(&self, mut references: Vec<SchemaReference>) -> Result<Parsed<HashMap<String, String>>> {
        let mut imports = HashMap::new();
        while let Some(SchemaReference { name, subject, version }) = references.pop() {
            if imports.contains_key(&name) {
                continue;
            }
            if imports.len() == MOST_REFERENCES {
                return Ok(Err(format!("it refers to more than {MOST_REFERENCES} other schemas")));
            }
            let SchemaText { text, references: more, .. } = self.registry.version(&subject, version).await?;
            imports.insert(name, text);
            references.extend(more);
        }
        Ok(Ok(imports))
    }
}

impl<S: ParsedSchema> MessageSchemas for RegisteredSchemas<S> {
    fn registry(&self) -> &Arc<dyn SchemaRegistry> {
        &self.registry
    }

    fn unknown(&self, messages: &mut dyn Iterator<Item = &[u8]>) -> BTreeSet<SchemaId> {
        let known = self.known.lock();
        let ids = messages.filter_map(|message| split(message).ok());
        // What the registry did not have it may have now.
        ids.map(|(id, _)| id).filter(|id| !matches!(known.get(id), Some(Ok(_)))).collect()
    }

    fn fetch(self: Arc<Self>, ids: BTreeSet<SchemaId>) -> BoxFuture<'static, Result<()>> {
        async move {
            for id in ids {
                let schema = match self.ask(id).await {
                    Err(error) if !error.kind().is_retryable() => Err(error.to_string()),
                    answer => answer?,
                };
                self.known.lock().insert(id, schema);
            }
            Ok(())
        }
        .boxed()
    }
}
