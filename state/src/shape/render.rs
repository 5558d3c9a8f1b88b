//! Turns what the tracer found into text.

use std::collections::BTreeSet;

use super::content::{Container, Content, Node, TypeKey, Variant, VariantState};
use super::trace::Tracer;

/// Longer descriptions help nobody; a type of which each part occurs in many places can have one.
const MAX_BYTES: usize = 64 * 1024;

struct Renderer<'t> {
    tracer: &'t Tracer,
    text: String,
    /// Types being described, outermost first.
    active: Vec<TypeKey>,
    /// Types that were mentioned inside their own description.
    recursive: BTreeSet<TypeKey>,
}

impl Tracer {
    /// The form of the traced type; none if nothing is known of it, or far too much.
    pub(super) fn render(&self) -> Option<String> {
        if self.root == Node::Unknown {
            return None;
        }
        let mut renderer =
            Renderer { tracer: self, text: String::new(), active: Vec::new(), recursive: BTreeSet::new() };
        renderer.node(&self.root);
        (renderer.text.len() <= MAX_BYTES).then_some(renderer.text)
    }
}

impl Renderer<'_> {
    fn node(&mut self, node: &Node) {
        if self.text.len() > MAX_BYTES {
            return;
        }
        match node {
            Node::Unknown => self.text.push('?'),
            Node::Leaf(name) => self.text.push_str(name),
            Node::Option(inner) => self.enclosed("option<", inner, ">"),
            Node::Sequence(inner) => self.enclosed("[", inner, "]"),
            Node::Map(entry) => {
                self.enclosed("map<", &entry.0, ", ");
                self.enclosed("", &entry.1, ">");
            }
            Node::Tuple(parts) => self.tuple(parts),
            Node::Named(key) => self.named(*key),
        }
    }

    fn enclosed(&mut self, before: &str, inner: &Node, after: &str) {
        self.text.push_str(before);
        self.node(inner);
        self.text.push_str(after);
    }

    fn tuple(&mut self, parts: &[Node]) {
        match parts {
            [first, _, ..] if parts.iter().all(|part| part == first) => {
                self.enclosed("[", first, &format!("; {}]", parts.len()));
            }
            [only] => self.enclosed("(", only, ",)"),
            _ => self.list("(", parts, ")", Self::node),
        }
    }

    fn list<T>(&mut self, before: &str, items: &[T], after: &str, mut each: impl FnMut(&mut Self, &T)) {
        self.text.push_str(before);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            each(self, item);
        }
        self.text.push_str(after);
    }

    fn named(&mut self, key: TypeKey) {
        if self.active.contains(&key) {
            self.recursive.insert(key);
            self.text.push_str(key.0);
            return;
        }
        let start = self.text.len();
        self.active.push(key);
        match self.tracer.types.get(&key) {
            None => self.text.push('?'),
            Some(Container::Struct(content)) => self.content(content),
            Some(Container::Enum { variants, .. }) => self.variants(variants),
        }
        self.active.pop();
        if self.recursive.remove(&key) {
            self.text.insert_str(start, &format!("{} ", key.0));
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Unit => self.text.push_str("()"),
            // Nothing of the wrapper is left in the serialized form.
            Content::Newtype(inner) => self.node(inner),
            Content::Tuple(parts) => self.tuple(parts),
            Content::Struct(fields) => self.list("{", fields, "}", |this, (name, field)| {
                this.enclosed(&format!("{name}: "), field, "");
            }),
        }
    }

    fn variants(&mut self, variants: &[Variant]) {
        let aliases = variants.iter().any(|variant| matches!(variant.state, VariantState::Alias));
        let real: Vec<(usize, &Variant)> = variants
            .iter()
            .enumerate()
            .filter(|(_, variant)| !matches!(variant.state, VariantState::Alias))
            .collect();
        self.list("enum {", &real, "}", |this, (index, variant)| {
            // With aliases among them, the names and the variants cannot be matched.
            if aliases {
                this.text.push_str(&index.to_string());
            } else {
                this.text.push_str(variant.name);
            }
            match &variant.state {
                VariantState::Unexplored => this.text.push('?'),
                VariantState::Alias | VariantState::Explored(Content::Unit) => {}
                VariantState::Explored(Content::Newtype(inner)) => this.enclosed("(", inner, ")"),
                VariantState::Explored(Content::Tuple(parts)) => this.list("(", parts, ")", Self::node),
                VariantState::Explored(content) => {
                    this.text.push(' ');
                    this.content(content);
                }
            }
        });
    }
}
