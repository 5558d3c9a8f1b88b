//! Metrics that have a name: of connectors, and of users' functions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Counter, Gauge, Histogram, HistogramSnapshot, Meter, OperatorCounters};
use crate::clock::Clock;
use crate::guard::catch;

/// What a metric is called within its operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricName {
    /// Its own name, such as `pendingRecords`.
    pub name: String,
    /// The groups that it lies in, outermost first: `("topic", "orders")`, `("partition", "3")`.
    pub labels: Vec<(String, String)>,
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.labels.iter().try_for_each(|(key, value)| write!(f, "{key}.{value}."))?;
        f.write_str(&self.name)
    }
}

/// What a metric says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetricValue {
    /// Of a [`Counter`].
    Counter(u64),
    /// Of a [`Gauge`].
    Gauge(f64),
    /// Of a [`Meter`].
    Meter {
        /// How many events there were.
        count: u64,
        /// How many there were a second, over about a minute.
        rate: f64,
    },
    /// Of a [`Histogram`].
    Histogram(HistogramSnapshot),
}

impl MetricValue {
    /// What several subtasks say together: all they have counted, and the greatest of their gauges.
    pub(super) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Counter(sum), Self::Counter(more)) => *sum += more,
            (Self::Gauge(greatest), Self::Gauge(other)) => *greatest = greatest.max(*other),
            (Self::Meter { count, rate }, Self::Meter { count: more, rate: faster }) => {
                *count += more;
                *rate += faster;
            }
            (Self::Histogram(values), Self::Histogram(more)) => values.merge(more),
            // The same function in all subtasks, but for what depends on the subtask: the first one's stands.
            _ => {}
        }
    }
}

/// A gauge that is worked out when it is read.
type ComputedGauge = Box<dyn Fn() -> f64 + Send + Sync>;

enum Metric {
    Counter(Arc<Counter>),
    Gauge(Arc<Gauge>),
    Computed(ComputedGauge),
    Meter(Arc<Meter>, Arc<dyn Clock>),
    Histogram(Arc<Histogram>),
}

impl Metric {
    /// `None` of a function that panics.
    fn read(&self) -> Option<MetricValue> {
        Some(match self {
            Self::Counter(counter) => MetricValue::Counter(counter.get()),
            Self::Gauge(gauge) => MetricValue::Gauge(gauge.get()),
            Self::Computed(compute) => MetricValue::Gauge(catch(|| Ok(compute())).ok()?),
            Self::Meter(meter, clock) => {
                MetricValue::Meter { count: meter.count(), rate: meter.rate(clock.monotonic()) }
            }
            Self::Histogram(histogram) => MetricValue::Histogram(histogram.read()),
        })
    }
}

/// The metrics with names of one operator in one subtask.
#[derive(Default)]
pub(super) struct NamedMetrics(Mutex<BTreeMap<MetricName, Metric>>);

impl fmt::Debug for NamedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lock().keys()).finish()
    }
}

impl NamedMetrics {
    pub(super) fn read(&self) -> BTreeMap<MetricName, MetricValue> {
        let metrics = self.0.lock();
        metrics.iter().filter_map(|(name, metric)| Some((name.clone(), metric.read()?))).collect()
    }
}

/// Where an operator has its own metrics, besides those that each one has. As Flink's `MetricGroup`.
///
/// A metric is made on the first call with its name; later calls in the same group give the same one. It is meant
/// to be asked for once, when the operator opens, and kept. A name that is there as another kind of metric stays
/// what it is: the new one is given out, but nobody can see it, and a warning is logged. Cheap to clone.
///
/// See [Flink's page](https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/ops/metrics/).
#[derive(Clone)]
pub struct MetricGroup {
    operator: Arc<OperatorCounters>,
    clock: Arc<dyn Clock>,
    labels: Vec<(String, String)>,
}

impl MetricGroup {
    pub(crate) const fn new(operator: Arc<OperatorCounters>, clock: Arc<dyn Clock>) -> Self {
        Self { operator, clock, labels: Vec::new() }
    }

    /// A group within this one, whose metrics bear the label `key` with this value: for what there are several of, such
    /// as the partitions of a topic.
    #[doc(alias = "addGroup")]
    #[must_use]
    pub fn group(&self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let mut group = self.clone();
        group.labels.push((key.into(), value.into()));
        group
    }

    /// The clock of the subtask, for gauges that tell an age.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// A number that grows.
    pub fn counter(&self, name: &str) -> Arc<Counter> {
        self.get_or_insert(name, Metric::Counter, |metric| match metric {
            Metric::Counter(counter) => Some(counter.clone()),
            _ => None,
        })
    }

    /// A number that goes up and down.
    pub fn gauge(&self, name: &str) -> Arc<Gauge> {
        self.get_or_insert(name, Metric::Gauge, |metric| match metric {
            Metric::Gauge(gauge) => Some(gauge.clone()),
            _ => None,
        })
    }

    /// A number that is worked out when it is read, on the thread of the reader. Takes the place of the one before of
    /// this name.
    pub fn computed_gauge(&self, name: &str, compute: impl Fn() -> f64 + Send + Sync + 'static) {
        self.operator.named.0.lock().insert(self.name_of(name), Metric::Computed(Box::new(compute)));
    }

    /// How values are distributed.
    pub fn histogram(&self, name: &str) -> Arc<Histogram> {
        self.get_or_insert(name, Metric::Histogram, |metric| match metric {
            Metric::Histogram(histogram) => Some(histogram.clone()),
            _ => None,
        })
    }

    /// How often something happens.
    pub fn meter(&self, name: &str) -> Arc<Meter> {
        let clock = &self.clock;
        let make = || Arc::new(Meter::starting(clock.monotonic()));
        let known = |metric: &Metric| match metric {
            Metric::Meter(meter, _) => Some(meter.clone()),
            _ => None,
        };
        self.get_or_insert_with(name, make, |meter| Metric::Meter(meter, clock.clone()), known)
    }

    fn name_of(&self, name: &str) -> MetricName {
        MetricName { name: name.to_owned(), labels: self.labels.clone() }
    }

    fn get_or_insert<M: Default>(
        &self,
        name: &str,
        wrap: impl FnOnce(Arc<M>) -> Metric,
        known: impl FnOnce(&Metric) -> Option<Arc<M>>,
    ) -> Arc<M> {
        self.get_or_insert_with(name, Arc::default, wrap, known)
    }

    fn get_or_insert_with<M>(
        &self,
        name: &str,
        make: impl FnOnce() -> Arc<M>,
        wrap: impl FnOnce(Arc<M>) -> Metric,
        known: impl FnOnce(&Metric) -> Option<Arc<M>>,
    ) -> Arc<M> {
        let mut metrics = self.operator.named.0.lock();
        let name = self.name_of(name);
        match metrics.get(&name) {
            Some(metric) => known(metric).unwrap_or_else(|| {
                tracing::warn!(metric = %name, "there is a metric of this name and another kind: this one cannot be seen");
                make()
            }),
            None => {
                let made = make();
                metrics.insert(name, wrap(made.clone()));
                made
            }
        }
    }
}

#[cfg(test)]
mod tests;
