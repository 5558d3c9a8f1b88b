//! Metrics in the [text format of Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/), under the
//! names that Flink's reporter gives them.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use super::{MetricName, MetricValue, OperatorMetrics, SubtaskMetrics};

/// Of which share of the values histograms tell how large they are; those of Flink's reporter.
const QUANTILES: [f64; 6] = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999];

const TASK: &str = "flink_taskmanager_job_task_";
const OPERATOR: &str = "flink_taskmanager_job_task_operator_";
const JOB: &str = "flink_jobmanager_job_";

/// The type of a family of samples, and the samples.
type Family = (&'static str, Vec<String>);

/// A text that is being made: the samples of one name have to stand together.
#[derive(Default)]
pub(crate) struct Exposition(BTreeMap<String, Family>);

/// Labels in the order given; they are escaped here.
type Labels<'a> = [(&'a str, &'a str)];

impl Exposition {
    fn add(
        &mut self,
        name: &str,
        kind: &'static str,
        suffix: &str,
        labels: &Labels<'_>,
        value: impl Display,
    ) {
        let mut sample = format!("{name}{suffix}{{");
        for (index, (key, value)) in labels.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing into a text does not fail.
            let _ = write!(sample, "{comma}{}=\"{}\"", legal(key), escaped(value));
        }
        let _ = write!(sample, "}} {value}");
        self.0.entry(name.to_owned()).or_insert((kind, Vec::new())).1.push(sample);
    }

    /// A metric of the whole job.
    pub(crate) fn job(&mut self, job: &str, name: &str, value: impl Display) {
        self.add(&format!("{JOB}{name}"), "gauge", "", &[("job_name", job)], value);
    }

    /// The metrics of a subtask and its operators.
    pub(crate) fn subtask(&mut self, job: &str, task: &str, index: u32, metrics: &SubtaskMetrics) {
        let index = index.to_string();
        let labels = [("job_name", job), ("task_name", task), ("subtask_index", &index)];
        let counted = [
            ("numRecordsIn", metrics.records_in),
            ("numRecordsOut", metrics.records_out),
            ("numBytesIn", metrics.bytes_in),
            ("numBytesOut", metrics.bytes_out),
        ];
        for (name, value) in counted {
            self.add(&format!("{TASK}{name}"), "counter", "", &labels, value);
        }
        let spent = [
            ("accumulateBusyTimeMs", metrics.busy),
            ("accumulateIdleTimeMs", metrics.idle),
            ("accumulateBackPressuredTimeMs", metrics.backpressured),
        ];
        for (name, time) in spent {
            self.add(&format!("{TASK}{name}"), "counter", "", &labels, Duration::as_millis(&time));
        }
        if let Some(watermark) = metrics.watermark.known() {
            self.add(&format!("{TASK}currentOutputWatermark"), "gauge", "", &labels, watermark.as_millis());
        }
        for (operator, metrics) in &metrics.operators {
            self.operator(&[labels.as_slice(), &[("operator_name", operator)]].concat(), metrics);
        }
    }

    fn operator(&mut self, labels: &Labels<'_>, metrics: &OperatorMetrics) {
        let counted = [
            ("numRecordsIn", metrics.records_in),
            ("numRecordsOut", metrics.records_out),
            ("numLateRecordsDropped", metrics.late_records),
            ("numRecordsInErrors", metrics.skipped_records),
            ("numBytes", metrics.bytes),
        ];
        for (name, value) in counted {
            self.add(&format!("{OPERATOR}{name}"), "counter", "", labels, value);
        }
        for (name, value) in &metrics.named {
            self.named(labels, name, value);
        }
    }

    fn named(&mut self, labels: &Labels<'_>, metric: &MetricName, value: &MetricValue) {
        let own = metric.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let labels: Vec<(&str, &str)> = labels.iter().copied().chain(own).collect();
        let name = format!("{OPERATOR}{}", legal(&metric.name));
        match value {
            MetricValue::Counter(count) => self.add(&name, "counter", "", &labels, count),
            MetricValue::Gauge(value) => self.add(&name, "gauge", "", &labels, value),
            MetricValue::Meter { rate, .. } => self.add(&name, "gauge", "", &labels, rate),
            MetricValue::Histogram(values) => {
                for share in QUANTILES {
                    let text = share.to_string();
                    let Some(value) = values.quantile(share) else { continue };
                    let labels = [labels.as_slice(), &[("quantile", &text)]].concat();
                    self.add(&name, "summary", "", &labels, value);
                }
                self.add(&name, "summary", "_sum", &labels, values.sum());
                self.add(&name, "summary", "_count", &labels, values.count());
            }
        }
    }

    /// The whole text.
    pub(crate) fn into_text(self) -> String {
        let mut text = String::new();
        for (name, (kind, samples)) in self.0 {
            let _ = writeln!(text, "# TYPE {name} {kind}");
            samples.iter().for_each(|sample| {
                let _ = writeln!(text, "{sample}");
            });
        }
        text
    }
}

/// With `_` for each character that no name may have, as Flink's reporter does.
fn legal(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '_' };
    let mut legal: String = name.chars().map(kept).collect();
    if legal.starts_with(|c: char| c.is_ascii_digit()) {
        legal.insert(0, '_');
    }
    legal
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use millstream_state::Timestamp;

    use super::*;
    use crate::metrics::{MetricGroup, SubtaskCounters};
    use crate::testing::HarnessServices;

    #[test]
    fn a_subtask_and_its_operators_as_text() {
        let counters = SubtaskCounters::default();
        counters.records_in.add(12);
        counters.busy.add(3_500_000);
        counters.set_watermark(Timestamp::from_millis(77));
        let operator = counters.operator("Source: \"orders\"");
        operator.late_records.add(2);
        let group = MetricGroup::new(operator, Arc::<HarnessServices>::default());
        group.group("topic", "a\\b").group("0th", "x\ny").gauge("records-lag").set(2.5);
        group.histogram("size").update(9);
        let mut text = Exposition::default();
        text.job("fill", "numRestarts", 3);
        text.subtask("fill", "Source", 4, &counters.read());
        let text = text.into_text();
        let task = r#"job_name="fill",task_name="Source",subtask_index="4""#;
        let operator = format!(r#"{task},operator_name="Source: \"orders\"""#);
        for line in [
            "# TYPE flink_jobmanager_job_numRestarts gauge".to_owned(),
            r#"flink_jobmanager_job_numRestarts{job_name="fill"} 3"#.to_owned(),
            "# TYPE flink_taskmanager_job_task_numRecordsIn counter".to_owned(),
            format!("flink_taskmanager_job_task_numRecordsIn{{{task}}} 12"),
            format!("flink_taskmanager_job_task_accumulateBusyTimeMs{{{task}}} 3"),
            format!("flink_taskmanager_job_task_currentOutputWatermark{{{task}}} 77"),
            format!("flink_taskmanager_job_task_operator_numLateRecordsDropped{{{operator}}} 2"),
            format!(
                r#"flink_taskmanager_job_task_operator_records_lag{{{operator},topic="a\\b",_0th="x\ny"}} 2.5"#
            ),
            "# TYPE flink_taskmanager_job_task_operator_size summary".to_owned(),
            format!(r#"flink_taskmanager_job_task_operator_size{{{operator},quantile="0.5"}} 9"#),
            format!("flink_taskmanager_job_task_operator_size_sum{{{operator}}} 9"),
            format!("flink_taskmanager_job_task_operator_size_count{{{operator}}} 1"),
        ] {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
        // Each name has its type once, before its samples.
        let mut types: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let count = types.len();
        types.dedup();
        assert_eq!(types.len(), count);
    }
}
