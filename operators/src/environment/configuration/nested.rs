//! Reading settings whose keys are flat, nested, or both.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Configuration;

/// A value, or settings whose keys begin with the same words.
enum Node {
    Nothing,
    Value(String),
    Settings(BTreeMap<String, Node>),
}

impl Node {
    /// Adds the settings in it, whose keys begin with `prefix`.
    fn flatten(self, prefix: &str, settings: &mut BTreeMap<String, String>) -> Result<(), String> {
        match self {
            Self::Nothing => Ok(()),
            Self::Value(value) => match settings.insert(prefix.to_owned(), value) {
                None => Ok(()),
                Some(_) => Err(format!("the setting '{prefix}' is there twice")),
            },
            Self::Settings(nodes) => nodes.into_iter().try_for_each(|(name, node)| {
                let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                node.flatten(&key, settings)
            }),
        }
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number, a boolean, or settings within")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Value(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Value(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Value(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Value(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Value(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut nodes = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if nodes.contains_key(&key) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format_args!("the setting '{key}' is there twice")));
            }
            nodes.insert(key, map.next_value()?);
        }
        Ok(Node::Settings(nodes))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nodes = BTreeMap::<String, Node>::deserialize(deserializer)?;
        let mut settings = BTreeMap::new();
        Node::Settings(nodes).flatten("", &mut settings).map_err(D::Error::custom)?;
        Ok(Self(settings))
    }
}
