//! Metrics in the [text format of Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/), under the
//! names that Flink's reporter gives them.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use millstream_state::Timestamp;

use super::{HistogramSnapshot, LatencyMetrics, MetricName, MetricValue, OperatorMetrics, SubtaskMetrics};
use crate::input::InputState;

/// Of which share of the values histograms tell how large they are; those of Flink's reporter.
const QUANTILES: [f64; 6] = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999];

const TASK: &str = "flink_taskmanager_job_task_";
const OPERATOR: &str = "flink_taskmanager_job_task_operator_";
const LATENCY: &str = "flink_taskmanager_job_latency_source_id_operator_id_operator_subtask_index_latency";
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

    /// The metrics of a subtask and its operators; `inputs` says which input of the subtask each of its channels
    /// belongs to.
    pub(crate) fn subtask(
        &mut self,
        job: &str,
        task: &str,
        index: u32,
        inputs: &[usize],
        metrics: &SubtaskMetrics,
    ) {
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
        let sent = metrics.output_watermark.known().or(metrics.watermark.known());
        for (name, watermark) in
            [("currentInputWatermark", metrics.watermark.known()), ("currentOutputWatermark", sent)]
        {
            if let Some(watermark) = watermark {
                self.add(&format!("{TASK}{name}"), "gauge", "", &labels, watermark.as_millis());
            }
        }
        for (name, watermark) in lowest_of_each(inputs, metrics) {
            self.add(&format!("{TASK}{name}"), "gauge", "", &labels, watermark.as_millis());
        }
        for (operator, metrics) in &metrics.operators {
            for latency in &metrics.latencies {
                self.latency(job, operator, &index, latency);
            }
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
            MetricValue::Histogram(values) => self.summary(&name, &labels, values),
        }
    }

    fn summary(&mut self, name: &str, labels: &Labels<'_>, values: &HistogramSnapshot) {
        for share in QUANTILES {
            let text = share.to_string();
            let Some(value) = values.quantile(share) else { continue };
            let labels = [labels, &[("quantile", &text)]].concat();
            self.add(name, "summary", "", &labels, value);
        }
        self.add(name, "summary", "_sum", labels, values.sum());
        self.add(name, "summary", "_count", labels, values.count());
    }

    /// Flink's labels, and the names besides: its identifiers are not for people.
    fn latency(&mut self, job: &str, operator: &str, index: &str, latency: &LatencyMetrics) {
        let (source_id, operator_id) = (latency.source_id.to_string(), latency.operator_id.to_string());
        let labels = [
            ("job_name", job),
            ("source_id", &source_id),
            ("source_name", &latency.source),
            ("operator_id", &operator_id),
            ("operator_name", operator),
            ("operator_subtask_index", index),
        ];
        self.summary(LATENCY, &labels, &latency.milliseconds);
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

/// What each input of a subtask that has several has reached, over the channels that event time waits for.
fn lowest_of_each(inputs: &[usize], metrics: &SubtaskMetrics) -> BTreeMap<String, Timestamp> {
    let mut lowest = BTreeMap::new();
    if inputs.iter().all(|input| *input == 0) {
        return lowest;
    }
    for (channel, input) in inputs.iter().enumerate() {
        let (watermark, state) = metrics.input(channel);
        if state == InputState::Active && watermark != Timestamp::MIN {
            let least = lowest.entry(format!("currentInput{}Watermark", input + 1)).or_insert(watermark);
            *least = watermark.min(*least);
        }
    }
    lowest
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

    use super::*;
    use millstream_state::OperatorId;

    use crate::chain::{LatencyMarker, MarkerSource};
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
        let source = Arc::new(MarkerSource { id: OperatorId::from_uid("clicks"), name: "clicks".into() });
        let marker = LatencyMarker { source, sent: Duration::from_millis(10) };
        counters.operator("sink").note_latency(
            &marker,
            OperatorId::from_uid("sink"),
            Duration::from_millis(17),
        );
        let mut text = Exposition::default();
        text.job("fill", "numRestarts", 3);
        for (channel, watermark) in [(0, 80), (1, 99), (2, 77), (3, 5)] {
            let state = if channel == 3 { InputState::Idle } else { InputState::Active };
            counters.set_input_watermark(channel, 4, Timestamp::from_millis(watermark), state);
        }
        text.subtask("fill", "Source", 4, &[0, 0, 1, 1], &counters.read());
        let text = text.into_text();
        let task = r#"job_name="fill",task_name="Source",subtask_index="4""#;
        let operator = format!(r#"{task},operator_name="Source: \"orders\"""#);
        let latency = format!(
            r#"job_name="fill",source_id="{}",source_name="clicks",operator_id="{}",operator_name="sink",operator_subtask_index="4""#,
            OperatorId::from_uid("clicks"),
            OperatorId::from_uid("sink")
        );
        for line in [
            "# TYPE flink_jobmanager_job_numRestarts gauge".to_owned(),
            r#"flink_jobmanager_job_numRestarts{job_name="fill"} 3"#.to_owned(),
            "# TYPE flink_taskmanager_job_task_numRecordsIn counter".to_owned(),
            format!("flink_taskmanager_job_task_numRecordsIn{{{task}}} 12"),
            format!("flink_taskmanager_job_task_accumulateBusyTimeMs{{{task}}} 3"),
            format!("flink_taskmanager_job_task_currentInputWatermark{{{task}}} 77"),
            format!("flink_taskmanager_job_task_currentOutputWatermark{{{task}}} 77"),
            format!("flink_taskmanager_job_task_currentInput1Watermark{{{task}}} 80"),
            format!("flink_taskmanager_job_task_currentInput2Watermark{{{task}}} 77"),
            format!("flink_taskmanager_job_task_operator_numLateRecordsDropped{{{operator}}} 2"),
            format!(
                r#"flink_taskmanager_job_task_operator_records_lag{{{operator},topic="a\\b",_0th="x\ny"}} 2.5"#
            ),
            "# TYPE flink_taskmanager_job_task_operator_size summary".to_owned(),
            format!(r#"flink_taskmanager_job_task_operator_size{{{operator},quantile="0.5"}} 9"#),
            format!("flink_taskmanager_job_task_operator_size_sum{{{operator}}} 9"),
            format!("flink_taskmanager_job_task_operator_size_count{{{operator}}} 1"),
            format!("{LATENCY}{{{latency},quantile=\"0.99\"}} 7"),
            format!("{LATENCY}_count{{{latency}}} 1"),
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
