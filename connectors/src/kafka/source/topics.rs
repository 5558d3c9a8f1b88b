//! Which topics are read.

use millstream_runtime::{Error, ErrorKind, Result};
use regex::Regex;

use crate::kafka::TopicPartition;
use crate::kafka::client::Client;

/// Which topics, or which of their partitions, a source reads. A name is one topic, an array or a vector of names
/// several.
///
/// ```
/// use millstream::connectors::kafka::{TopicPartition, Topics};
///
/// let one = Topics::from("orders");
/// let two = Topics::from(["orders", "returns"]);
/// let all_regions = Topics::pattern("orders-[a-z]+");
/// let a_part = Topics::partitions([TopicPartition::new("orders", 0)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics(Which);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Named(Vec<String>),
    Matching(String),
    Partitions(Vec<TopicPartition>),
}

impl Topics {
    /// All topics whose whole names match a regular expression, in the syntax of the crate `regex`. Kafka's own
    /// topics never do.
    #[doc(alias = "setTopicPattern")]
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self(Which::Matching(pattern.into()))
    }

    /// Some partitions of topics.
    #[doc(alias = "setPartitions")]
    pub fn partitions(partitions: impl IntoIterator<Item = TopicPartition>) -> Self {
        Self(Which::Partitions(partitions.into_iter().collect()))
    }

    /// The partitions that there are.
    pub(super) async fn find(&self, client: &Client) -> Result<Vec<TopicPartition>> {
        let invalid = |problem: String| Error::new(ErrorKind::InvalidJob, problem);
        match &self.0 {
            Which::Named(topics) if topics.is_empty() => {
                Err(invalid("a Kafka source without a topic".to_owned()))
            }
            Which::Named(topics) => client.partitions(topics).await,
            Which::Matching(pattern) => {
                let expression = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
                    invalid(format!("`{pattern}` is no regular expression for topics")).caused_by(error)
                })?;
                let topics = client.topics().await?;
                let matching: Vec<_> =
                    topics.into_iter().filter(|topic| expression.is_match(topic)).collect();
                if matching.is_empty() {
                    return Err(invalid(format!("no topic of Kafka matches `{pattern}`")));
                }
                client.partitions(&matching).await
            }
            Which::Partitions(wanted) => {
                let mut topics: Vec<_> = wanted.iter().map(|partition| partition.topic.clone()).collect();
                topics.sort_unstable();
                topics.dedup();
                let there = client.partitions(&topics).await?;
                match wanted.iter().find(|partition| !there.contains(partition)) {
                    Some(missing) => Err(invalid(format!("Kafka has no partition `{missing}`"))),
                    None => Ok(there.into_iter().filter(|partition| wanted.contains(partition)).collect()),
                }
            }
        }
    }
}

impl From<&str> for Topics {
    fn from(topic: &str) -> Self {
        Self(Which::Named(vec![topic.to_owned()]))
    }
}

impl From<String> for Topics {
    fn from(topic: String) -> Self {
        Self(Which::Named(vec![topic]))
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Topics {
    fn from(topics: [S; N]) -> Self {
        Self(Which::Named(topics.into_iter().map(Into::into).collect()))
    }
}

impl<S: Into<String>> From<Vec<S>> for Topics {
    fn from(topics: Vec<S>) -> Self {
        Self(Which::Named(topics.into_iter().map(Into::into).collect()))
    }
}
