//! Files of Protobuf that a registry has.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::{Compiler, Error};

use super::indexes::children;
use crate::formats::registry::{ParsedSchema, References, SchemaType};

/// A file of Protobuf.
pub(in crate::formats) struct ProtobufSchema {
    pool: DescriptorPool,
    name: String,
}

impl ProtobufSchema {
    pub(super) const fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The message at this place.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn message(&self, indexes: &[usize]) -> Result<MessageDescriptor, String> {
        let missing = || format!("the file has no message at place {indexes:?}");
        let file = self.pool.get_file_by_name(&self.name).ok_or_else(missing)?;
        let (first, within) = indexes.split_first().ok_or_else(missing)?;
        let outer = file.messages().nth(*first).ok_or_else(missing)?;
        within.iter().try_fold(outer, |outer, index| {
            let inner = children(&outer).nth(*index);
            inner.ok_or_else(missing)
        })
    }
}

/// Files by their names.
struct Texts(HashMap<String, String>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        let text = self.0.get(name).ok_or_else(|| Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}

impl ParsedSchema for ProtobufSchema {
    const TYPE: SchemaType = SchemaType::Protobuf;
    const REFERENCES: References = References::Imported;

    fn parse(text: &str, imports: &HashMap<String, String>) -> Result<Self, String> {
        let mut name = "schema.proto".to_owned();
        while imports.contains_key(&name) {
            name.insert(0, '_');
        }
        let mut texts = imports.clone();
        texts.insert(name.clone(), text.to_owned());
        let mut resolver = ChainFileResolver::new();
        resolver.add(Texts(texts));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        // The text for debugging is the one with line and column.
        compiler.open_file(&name).map_err(|error| format!("the schema of Protobuf is wrong: {error:?}"))?;
        Ok(Self { pool: compiler.descriptor_pool(), name })
    }
}
