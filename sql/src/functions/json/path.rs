//! Paths into JSON: `$.a[0]['b c'][*]..d`, as Jayway's JsonPath reads them.

mod compile;
mod filter;

use std::borrow::Cow;

use self::filter::Condition;
use super::value::Json;

pub(super) use compile::PathError;

/// A path, compiled.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// Whether what is missing is an error: `strict`, or nothing, before the path.
    pub(super) strict: bool,
    steps: Vec<Step>,
    /// `.length()` at the end.
    length: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.a`, `['a', 'b']`
    Fields(Vec<String>),
    /// `[0]`, `[-1, 2]`
    Items(Vec<i64>),
    /// `[1:3]`
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`
    Any,
    /// `..`: what follows, at each depth.
    Descend,
    /// `[?(…)]`
    Filter(Condition),
}

/// What a path leads to. Not to find anything is a message only where the path leads to one value.
pub(super) type Found<'a> = Result<Cow<'a, Json>, String>;

impl Path {
    /// The value, or an array of all values if the path may lead to several.
    pub(super) fn find<'a>(&self, root: &'a Json) -> Found<'a> {
        let found = self.find_values(root)?;
        if !self.length {
            return Ok(found);
        }
        Ok(Cow::Owned(match found.as_ref() {
            Json::Array(items) => Json::Integer(items.len().to_string()),
            Json::Object(fields) => Json::Integer(fields.len().to_string()),
            _ => Json::Null,
        }))
    }

    fn find_values<'a>(&self, root: &'a Json) -> Found<'a> {
        if self.is_definite() {
            return self.follow(root);
        }
        let mut found = Vec::new();
        collect(&self.steps, root, root, &mut found);
        Ok(Cow::Owned(Json::Array(found.into_iter().map(Cow::into_owned).collect())))
    }

    /// Whether it leads to one value at most.
    fn is_definite(&self) -> bool {
        self.steps.iter().enumerate().all(|(index, step)| match step {
            Step::Fields(names) => names.len() == 1 || index + 1 == self.steps.len(),
            Step::Items(places) => places.len() == 1,
            _ => false,
        })
    }

    fn follow<'a>(&self, root: &'a Json) -> Found<'a> {
        let mut current = root;
        for (index, step) in self.steps.iter().enumerate() {
            let is_last = index + 1 == self.steps.len();
            let found = match step {
                Step::Fields(names) => match names.as_slice() {
                    [name] => current.field(name),
                    names if matches!(current, Json::Object(_)) => {
                        return Ok(Cow::Owned(chosen_fields(current, names)));
                    }
                    _ => None,
                },
                Step::Items(places) => places.first().and_then(|place| item(current, *place)),
                _ => None,
            };
            let Some(found) = found else {
                let what = if is_last { "No results for path:" } else { "Missing property in path" };
                let path = self.steps.iter().take(index + 1).map(Step::to_string).collect::<String>();
                return Err(format!(
                    "org.apache.flink.shaded.com.jayway.jsonpath.PathNotFoundException: {what} ${path}"
                ));
            };
            current = found;
        }
        Ok(Cow::Borrowed(current))
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fields(names) => write!(f, "['{}']", names.join("','")),
            Self::Items(places) => {
                let places: Vec<_> = places.iter().map(i64::to_string).collect();
                write!(f, "[{}]", places.join(","))
            }
            Self::Slice(from, to) => {
                let bound = |bound: &Option<i64>| bound.map_or_else(String::new, |bound| bound.to_string());
                write!(f, "[{}:{}]", bound(from), bound(to))
            }
            Self::Any => f.write_str("[*]"),
            Self::Descend => f.write_str(".."),
            Self::Filter(_) => f.write_str("[?]"),
        }
    }
}

/// An object of those fields that there are.
fn chosen_fields(value: &Json, names: &[String]) -> Json {
    let fields = names.iter().filter_map(|name| Some((name.clone(), value.field(name)?.clone())));
    Json::Object(fields.collect())
}

/// An item of an array, counted from the end if negative.
fn item(value: &Json, place: i64) -> Option<&Json> {
    let Json::Array(items) = value else { return None };
    let place = if place < 0 { i64::try_from(items.len()).ok()? + place } else { place };
    items.get(usize::try_from(place).ok()?)
}

/// All values that the steps lead to, in the order of the text.
fn collect<'a>(steps: &[Step], value: &'a Json, root: &'a Json, found: &mut Vec<Cow<'a, Json>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(Cow::Borrowed(value));
        return;
    };
    match step {
        Step::Fields(names) if names.len() > 1 && rest.is_empty() => {
            if matches!(value, Json::Object(_)) {
                found.push(Cow::Owned(chosen_fields(value, names)));
            }
        }
        Step::Fields(names) => {
            names
                .iter()
                .filter_map(|name| value.field(name))
                .for_each(|field| collect(rest, field, root, found));
        }
        Step::Items(places) => {
            places
                .iter()
                .filter_map(|place| item(value, *place))
                .for_each(|item| collect(rest, item, root, found));
        }
        Step::Slice(from, to) => {
            if let Json::Array(items) = value {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let bound = |bound: i64| if bound < 0 { (bound + length).max(0) } else { bound.min(length) };
                let (from, to) = (from.map_or(0, bound), to.map_or(length, bound));
                let kept = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
                items.get(kept).unwrap_or_default().iter().for_each(|item| collect(rest, item, root, found));
            }
        }
        Step::Any => children(value).for_each(|child| collect(rest, child, root, found)),
        Step::Descend => {
            collect(rest, value, root, found);
            children(value).for_each(|child| collect(steps, child, root, found));
        }
        Step::Filter(condition) => match value {
            Json::Array(items) => {
                items
                    .iter()
                    .filter(|item| condition.holds(item, root))
                    .for_each(|item| collect(rest, item, root, found));
            }
            Json::Object(_) if condition.holds(value, root) => collect(rest, value, root, found),
            _ => {}
        },
    }
}

fn children(value: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match value {
        Json::Array(items) => Box::new(items.iter()),
        Json::Object(fields) => Box::new(fields.iter().map(|(_, value)| value)),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests;
