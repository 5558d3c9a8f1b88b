//! Schemas of Avro, out of their JSON.
//!
//! As the [specification](https://avro.apache.org/docs/1.12.0/specification/) has them; what only tells people something
//! (`doc`, `order`) is passed over, and so are defaults and aliases, which count in the schema of a reader.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

/// A schema, with the named types in it.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) root: Type,
    names: HashMap<Arc<str>, Type>,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Int(Logical),
    Long(Logical),
    Float,
    Double,
    Bytes(Logical),
    String,
    Fixed(usize, Logical),
    Enum(Arc<[String]>),
    Array(Arc<Type>),
    Map(Arc<Type>),
    Union(Arc<[Type]>),
    Record(Arc<Record>),
    /// A type that is defined elsewhere in the schema, by its full name.
    Named(Arc<str>),
}

/// What the values of a type mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    None,
    Date,
    Decimal {
        scale: u32,
    },
    /// Thousandths of a second, to this power: 1 for milliseconds, 3 for nanoseconds. Of a day or since 1970-01-01.
    Time(u8),
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: Arc<str>,
    pub(super) fields: Vec<(String, Type)>,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| format!("the Avro schema is not JSON: {error}"))?;
        let mut parser = Parser { names: HashMap::new() };
        let root =
            parser.schema(&value, "").map_err(|problem| format!("the Avro schema is wrong: {problem}"))?;
        Ok(Self { root, names: parser.names })
    }

    /// The type itself, if it is another one's name.
    pub(super) fn resolve<'a>(&'a self, found: &'a Type) -> &'a Type {
        match found {
            Type::Named(name) => self.names.get(name).unwrap_or(found),
            other => other,
        }
    }
}

impl Type {
    /// The name in messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Int(logical) => logical.describe("int"),
            Self::Long(logical) => logical.describe("long"),
            Self::Float => "float".to_owned(),
            Self::Double => "double".to_owned(),
            Self::Bytes(logical) => logical.describe("bytes"),
            Self::String => "string".to_owned(),
            Self::Fixed(size, logical) => logical.describe(&format!("fixed of {size} bytes")),
            Self::Enum(_) => "enum".to_owned(),
            Self::Array(element) => format!("array of {}", element.describe()),
            Self::Map(value) => format!("map of {}", value.describe()),
            Self::Union(branches) => {
                let branches: Vec<_> = branches.iter().map(Self::describe).collect();
                format!("union of {}", branches.join(", "))
            }
            Self::Record(record) => format!("record {}", record.name),
            Self::Named(name) => name.to_string(),
        }
    }
}

impl Logical {
    fn describe(self, of: &str) -> String {
        match self {
            Self::None => of.to_owned(),
            Self::Date => format!("{of} (a date)"),
            Self::Decimal { scale } => format!("{of} (a decimal of scale {scale})"),
            Self::Time(power) => format!("{of} (a time of {} digits)", u32::from(power) * 3),
        }
    }
}

struct Parser {
    names: HashMap<Arc<str>, Type>,
}

impl Parser {
    /// The type of some JSON; `space` is the namespace of what is around it.
    fn schema(&mut self, value: &Value, space: &str) -> Result<Type, String> {
        match value {
            Value::String(name) => self.named(name, space),
            Value::Array(branches) => {
                let branches: Result<Vec<_>, _> =
                    branches.iter().map(|branch| self.schema(branch, space)).collect();
                let branches = branches?;
                if branches.iter().any(|branch| matches!(branch, Type::Union(_))) {
                    return Err("a union is directly in another".to_owned());
                }
                Ok(Type::Union(branches.into()))
            }
            Value::Object(object) => self.object(object, space),
            other => Err(format!("{other} is no type")),
        }
    }

    fn named(&self, name: &str, space: &str) -> Result<Type, String> {
        if let Some(primitive) = primitive(name, Logical::None) {
            return Ok(primitive);
        }
        let full = full_name(name, space);
        // A name without a namespace is looked for in that of what is around, and then alone.
        match [&*full, name].into_iter().find_map(|name| self.names.get_key_value(name)) {
            Some((name, _)) => Ok(Type::Named(name.clone())),
            None => Err(format!("there is no type '{full}'")),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, space: &str) -> Result<Type, String> {
        let kind = match object.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            // `{"type": {"type": …}}`, as some programs write.
            Some(nested @ (Value::Object(_) | Value::Array(_))) => return self.schema(nested, space),
            _ => return Err(format!("{} has no \"type\"", Value::Object(object.clone()))),
        };
        let logical = logical(object);
        match kind {
            "array" => Ok(Type::Array(Arc::new(self.member(object, "items", space)?))),
            "map" => Ok(Type::Map(Arc::new(self.member(object, "values", space)?))),
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64).and_then(|size| size.try_into().ok());
                let size = size.ok_or("a fixed has no \"size\"")?;
                self.define(object, space, |_, _| Ok(Type::Fixed(size, logical)))
            }
            "enum" => {
                let symbols =
                    object.get("symbols").and_then(Value::as_array).ok_or("an enum has no \"symbols\"")?;
                let symbols: Option<Vec<_>> =
                    symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned)).collect();
                let symbols = symbols.ok_or("a symbol of an enum is no text")?;
                self.define(object, space, |_, _| Ok(Type::Enum(symbols.into())))
            }
            "record" | "error" => self.define(object, space, |this, name| this.record(object, name)),
            _ => primitive(kind, logical).map_or_else(|| self.named(kind, space), Ok),
        }
    }

    fn record(&mut self, object: &Map<String, Value>, name: &Arc<str>) -> Result<Type, String> {
        let space = name.rsplit_once('.').map_or("", |(space, _)| space);
        let fields = object.get("fields").and_then(Value::as_array);
        let fields = fields.ok_or_else(|| format!("record {name} has no \"fields\""))?.iter().map(|field| {
            let field = field.as_object().ok_or_else(|| format!("a field of record {name} is no object"))?;
            let called = field.get("name").and_then(Value::as_str);
            let called = called.ok_or_else(|| format!("a field of record {name} has no \"name\""))?;
            Ok((called.to_owned(), self.member(field, "type", space)?))
        });
        let fields = fields.collect::<Result<_, String>>()?;
        Ok(Type::Record(Arc::new(Record { name: name.clone(), fields })))
    }

    fn member(&mut self, object: &Map<String, Value>, name: &str, space: &str) -> Result<Type, String> {
        let member = object.get(name).ok_or_else(|| format!("something has no \"{name}\""))?;
        self.schema(member, space)
    }

    /// Defines a type that has a name; its own parts may have it, too.
    fn define(
        &mut self,
        object: &Map<String, Value>,
        space: &str,
        make: impl FnOnce(&mut Self, &Arc<str>) -> Result<Type, String>,
    ) -> Result<Type, String> {
        let name = object.get("name").and_then(Value::as_str).ok_or("a named type has no \"name\"")?;
        let space = object.get("namespace").and_then(Value::as_str).unwrap_or(space);
        let name: Arc<str> = full_name(name, space).into();
        if self.names.insert(name.clone(), Type::Named(name.clone())).is_some() {
            return Err(format!("'{name}' is defined twice"));
        }
        let defined = make(self, &name)?;
        self.names.insert(name, defined.clone());
        Ok(defined)
    }
}

fn full_name(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn primitive(name: &str, logical: Logical) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "int" => Type::Int(logical),
        "long" => Type::Long(logical),
        "float" => Type::Float,
        "double" => Type::Double,
        "bytes" => Type::Bytes(logical),
        "string" => Type::String,
        _ => return None,
    })
}

/// What is not known means nothing, as the specification says.
fn logical(object: &Map<String, Value>) -> Logical {
    match object.get("logicalType").and_then(Value::as_str) {
        Some("date") => Logical::Date,
        Some("decimal") => {
            let scale = object.get("scale").and_then(Value::as_u64).unwrap_or_default();
            u32::try_from(scale).map_or(Logical::None, |scale| Logical::Decimal { scale })
        }
        Some("time-millis" | "timestamp-millis" | "local-timestamp-millis") => Logical::Time(1),
        Some("time-micros" | "timestamp-micros" | "local-timestamp-micros") => Logical::Time(2),
        Some("timestamp-nanos" | "local-timestamp-nanos") => Logical::Time(3),
        _ => Logical::None,
    }
}
