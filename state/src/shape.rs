//! The shape of a type: what its values look like to serde, as text that can be stored and compared.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_reflection::{
    ContainerFormat, Error, Format, Named, Registry, Samples, Tracer, TracerConfig, VariantFormat,
};

/// How often a type is traced at most; each round finds one more variant of its enums.
const MOST_ROUNDS: usize = 256;

/// The structure of a type's serde format: `{count: u64, sum: f64}`.
///
/// Names of fields and variants are part of it, names of types are not: a type that is renamed or
/// moved keeps its shape. A type whose `Deserialize` insists on certain values cannot be traced;
/// its shape is `opaque` and its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(Arc<str>);

impl Shape {
    /// The shape of a type.
    pub fn of<T: DeserializeOwned>() -> Self {
        let traced =
            trace::<T>().map(|(format, registry)| Printer { registry, open: Vec::new() }.format(&format));
        Self(traced.unwrap_or_else(|| format!("opaque {}", std::any::type_name::<T>())).into())
    }

    /// A shape that stands for something that is not a user's type.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn trace<T: DeserializeOwned>() -> Option<(Format, Registry)> {
    // An enum shows one variant more each time it is asked to, and has to be asked by name. The
    // names become known from what a finished trace lacks.
    let mut enums = Vec::<String>::new();
    loop {
        let mut tracer = Tracer::new(TracerConfig::default().is_human_readable(false));
        let samples = Samples::new();
        let mut format = tracer.trace_type_once::<T>(&samples).ok()?.0;
        for _ in 0..MOST_ROUNDS {
            let incomplete = enums.iter().filter(|name| tracer.check_incomplete_enum(name).is_some()).count();
            if incomplete == 0 {
                break;
            }
            format = tracer.trace_type_once::<T>(&samples).ok()?.0;
        }
        match tracer.registry() {
            Ok(registry) => return Some((format, registry)),
            Err(Error::MissingVariants(names)) if names.iter().any(|name| !enums.contains(name)) => {
                enums.extend(names);
            }
            Err(_) => return None,
        }
    }
}

/// Prints a format, following names into the registry.
struct Printer {
    registry: Registry,
    /// The containers being printed: a type that contains itself ends there.
    open: Vec<String>,
}

impl Printer {
    fn format(&mut self, format: &Format) -> String {
        match format {
            Format::TypeName(name) => self.container(name),
            Format::Option(inner) => format!("option<{}>", self.format(inner)),
            Format::Seq(inner) => format!("[{}]", self.format(inner)),
            Format::Map { key, value } => format!("map<{}, {}>", self.format(key), self.format(value)),
            Format::Tuple(formats) => format!("({})", self.formats(formats)),
            Format::TupleArray { content, size } => format!("[{}; {size}]", self.format(content)),
            Format::Unit => "()".to_owned(),
            plain => format!("{plain:?}").to_lowercase(),
        }
    }

    fn formats(&mut self, formats: &[Format]) -> String {
        formats.iter().map(|format| self.format(format)).collect::<Vec<_>>().join(", ")
    }

    fn fields(&mut self, fields: &[Named<Format>]) -> String {
        let field = |field: &Named<Format>| format!("{}: {}", field.name, self.format(&field.value));
        fields.iter().map(field).collect::<Vec<_>>().join(", ")
    }

    fn container(&mut self, name: &str) -> String {
        if self.open.iter().any(|open| open == name) {
            return format!("recursive {name}");
        }
        let Some(container) = self.registry.get(name).cloned() else { return format!("unknown {name}") };
        self.open.push(name.to_owned());
        let text = match &container {
            ContainerFormat::UnitStruct => "()".to_owned(),
            ContainerFormat::NewTypeStruct(inner) => self.format(inner),
            ContainerFormat::TupleStruct(formats) => format!("({})", self.formats(formats)),
            ContainerFormat::Struct(fields) => format!("{{{}}}", self.fields(fields)),
            ContainerFormat::Enum(variants) => {
                let variants: Vec<_> = variants.values().map(|variant| self.variant(variant)).collect();
                format!("enum {{{}}}", variants.join(", "))
            }
        };
        self.open.pop();
        text
    }

    fn variant(&mut self, variant: &Named<VariantFormat>) -> String {
        let name = &variant.name;
        match &variant.value {
            VariantFormat::NewType(inner) => format!("{name}({})", self.format(inner)),
            VariantFormat::Tuple(formats) => format!("{name}({})", self.formats(formats)),
            VariantFormat::Struct(fields) => format!("{name} {{{}}}", self.fields(fields)),
            VariantFormat::Unit | VariantFormat::Variable(_) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
