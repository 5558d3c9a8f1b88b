//! The methods that expressions may call, and how their names are found.

#[cfg(test)]
mod tests;

use super::arguments::Arguments;
use super::error::ExpressionError;
use super::generator::Generator;
use super::providers::PROVIDERS;
use super::random::Random;
use super::syntax::Directive;
use crate::suggestion::mistakes;

/// A class of datafaker, for example `Name`.
pub(super) struct Provider {
    /// As datafaker spells it; empty for methods without a class, as `numerify`.
    pub(super) class: &'static str,
    /// Its methods.
    pub(super) methods: &'static [Method],
}

/// A method of a [`Provider`].
pub(super) struct Method {
    names: &'static [&'static str],
    parameters: &'static str,
    recipe: Recipe,
}

/// How a call becomes a [`Generator`].
enum Recipe {
    Words(&'static [&'static str]),
    Text(fn(&mut Random, &mut String)),
    Compiled(fn(&Arguments<'_>) -> Result<Generator, ExpressionError>),
}

impl Method {
    /// One of these words; its name, then others that mean the same.
    pub(super) const fn words(names: &'static [&'static str], words: &'static [&'static str]) -> Self {
        Self { names, parameters: "", recipe: Recipe::Words(words) }
    }

    /// Text of this function, without arguments.
    pub(super) const fn text(names: &'static [&'static str], write: fn(&mut Random, &mut String)) -> Self {
        Self { names, parameters: "", recipe: Recipe::Text(write) }
    }

    /// With arguments such as `parameters` says, which this function reads.
    pub(super) const fn compiled(
        names: &'static [&'static str],
        parameters: &'static str,
        compile: fn(&Arguments<'_>) -> Result<Generator, ExpressionError>,
    ) -> Self {
        Self { names, parameters, recipe: Recipe::Compiled(compile) }
    }

    fn compile(&self, arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
        match self.recipe {
            Recipe::Compiled(compile) => compile(arguments),
            _ if !arguments.list.is_empty() => Err(arguments.wrong_number()),
            Recipe::Words(words) => Ok(Generator::Word(words)),
            Recipe::Text(write) => Ok(Generator::Text(write)),
        }
    }
}

/// The names of all methods with their parameters, for example ``Number.numberBetween 'min','max'``, in the order
/// of their classes: for documentation and completion.
///
/// ```
/// use millstream_sql::connectors::faker::method_names;
///
/// assert!(method_names().any(|name| name == "Number.numberBetween 'min','max'"));
/// ```
pub fn method_names() -> impl Iterator<Item = String> {
    methods().map(|(class, name, method)| {
        let blank = if method.parameters.is_empty() { "" } else { " " };
        format!("{}{blank}{}", full_name(class, name), method.parameters)
    })
}

/// Every method under each of its names, with its class.
fn methods() -> impl Iterator<Item = (&'static str, &'static str, &'static Method)> {
    PROVIDERS.iter().flat_map(|provider| {
        let named = |method: &'static Method| method.names.iter().map(move |name| (*name, method));
        provider.methods.iter().flat_map(named).map(|(name, method)| (provider.class, name, method))
    })
}

fn full_name(class: &str, name: &str) -> String {
    if class.is_empty() { name.to_string() } else { format!("{class}.{name}") }
}

/// A name as names are compared: in lower case, without underscores.
fn comparable(name: &str) -> String {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase).collect()
}

/// Finds the method of a directive and gives it its arguments.
pub(super) fn compile(directive: &Directive<'_>) -> Result<Generator, ExpressionError> {
    let wanted = comparable(directive.name);
    let found = methods().find(|(class, name, _)| comparable(&full_name(class, name)) == wanted);
    let Some((class, name, method)) = found else {
        return Err(unknown(directive, &wanted));
    };
    method.compile(&Arguments {
        method: full_name(class, name),
        parameters: method.parameters,
        offset: directive.offset,
        list: &directive.arguments,
    })
}

/// No method has this name: says which one is meant, or which the class has.
fn unknown(directive: &Directive<'_>, wanted: &str) -> ExpressionError {
    let (class, method) = wanted.split_once('.').unwrap_or(("", wanted));
    let what = match nearest(wanted, class, method) {
        Some(name) => format!("did you mean `{name}`?"),
        None => match PROVIDERS.iter().find(|provider| comparable(provider.class) == class) {
            Some(provider) if !class.is_empty() => {
                let names: Vec<_> =
                    provider.methods.iter().filter_map(|method| method.names.first()).copied().collect();
                format!("{} has {}", provider.class, names.join(", "))
            }
            _ => {
                let classes: Vec<_> = PROVIDERS
                    .iter()
                    .map(|provider| provider.class)
                    .filter(|class| !class.is_empty())
                    .collect();
                format!("the classes are {}", classes.join(", "))
            }
        },
    };
    ExpressionError::new(format!("no method is called `{}`; {what}", directive.name), directive.offset)
}

/// The method that this name is likely meant to be: its spelling is near, or it is the method in another class.
fn nearest(wanted: &str, class: &str, method: &str) -> Option<String> {
    // The distance takes time with the square of the length, and no name is that long.
    if wanted.len() > 64 {
        return None;
    }
    let distance = |(other_class, other): (&str, &str)| {
        let (other_class, other) = (comparable(other_class), comparable(other));
        let near = near(class, &other_class).zip(near(method, &other)).map(|(left, right)| left + right);
        // The right class is a sign as sure as the spelling: in it, a part of a name will do.
        let parts = method.len() > 2 && (other.contains(method) || method.contains(&other));
        let in_class = (other_class == class && parts).then_some(4);
        let elsewhere = (other == method).then_some(5);
        near.or(in_class).or(elsewhere)
    };
    let candidates = methods().filter_map(|(class, name, _)| Some((distance((class, name))?, class, name)));
    candidates.min_by_key(|(distance, _, _)| *distance).map(|(_, class, name)| full_name(class, name))
}

/// How many letters are wrong, if not more than a third: else, two names have nothing to do with each other.
fn near(written: &str, name: &str) -> Option<usize> {
    let mistakes = mistakes(written.as_bytes(), name.as_bytes());
    (mistakes <= (name.len() / 3).min(3)).then_some(mistakes)
}
