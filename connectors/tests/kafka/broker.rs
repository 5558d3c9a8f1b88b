//! A Kafka node for a test, or a cluster of them, and Kafka's own tools.

use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex, Weak};

use crate::script::Script;
use crate::services;

/// A running node, or a cluster of them. It ends, and its data goes, with the last test that uses it.
pub struct Broker {
    port: u16,
    nodes: u16,
    script: Script,
}

/// Who has the records of one partition.
#[derive(Debug)]
pub struct Replicas {
    /// `topic-partition`
    pub partition: String,
    /// The node that is asked for them; `None` while one is to be chosen.
    pub leader: Option<u16>,
    /// How many nodes have all of them.
    pub in_sync: usize,
}

/// All tests of this binary share one.
static SHARED: Mutex<Weak<Broker>> = Mutex::new(Weak::new());

impl Broker {
    /// The node that tests share; `None`, said aloud, where there is no Java.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(broker) = shared.upgrade() {
            return Some(broker);
        }
        let broker = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&broker);
        Some(broker)
    }

    /// A node of the test's own, to be killed.
    pub fn start() -> Option<Self> {
        Self::start_with(|_| String::new())
    }

    /// A node of the test's own, with more lines for its `server.properties`, made of the port of its tools.
    pub fn start_with(settings: impl FnOnce(u16) -> String) -> Option<Self> {
        Self::start_nodes(1, settings)
    }

    /// A cluster of the test's own: three nodes, each of which has all records. A node that is gone for three seconds is replaced
    /// as a leader.
    pub fn start_cluster() -> Option<Self> {
        let settings = "broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500";
        Self::start_nodes(3, |_| settings.to_owned())
    }

    fn start_nodes(nodes: u16, settings: impl FnOnce(u16) -> String) -> Option<Self> {
        if services::is_skipped("a Kafka node", "java", services::has_java) {
            return None;
        }
        let port = services::free_range(2 * nodes);
        let variables = [
            ("KAFKA_PORT", port.to_string()),
            ("KAFKA_BROKERS", nodes.to_string()),
            ("KAFKA_SETTINGS", settings(port)),
        ];
        let script = Script::new("kafka.sh", variables);
        script.run(&["start"]);
        Some(Self { port, nodes, script })
    }

    /// All nodes.
    pub fn servers(&self) -> String {
        let servers: Vec<_> =
            (0..self.nodes).map(|node| format!("127.0.0.1:{}", self.port + 2 * node)).collect();
        servers.join(",")
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
    }

    /// As [`Self::kill`], one node of a cluster.
    pub fn kill_node(&self, node: u16) {
        self.script.run(&["kill", &node.to_string()]);
    }

    /// After [`Self::kill_node`].
    pub fn restart_node(&self, node: u16) {
        self.script.run(&["start", &node.to_string()]);
    }

    /// Who has what, of all topics: Kafka's own, too.
    pub fn replicas(&self) -> Vec<Replicas> {
        let said = self.tool("org.apache.kafka.tools.TopicCommand", &["--describe"], "");
        let partitions = said.lines().filter(|line| line.contains("\tPartition: "));
        let replicas = partitions.map(|line| {
            let field = |name: &str| {
                let mut fields = line.split('\t').filter_map(|field| field.trim().split_once(": "));
                fields.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no {name} in: {line}")).1
            };
            Replicas {
                partition: format!("{}-{}", field("Topic"), field("Partition")),
                // Where there is none, a word stands there.
                leader: field("Leader").parse().ok(),
                in_sync: field("Isr").split(',').count(),
            }
        });
        replicas.collect()
    }

    /// Each partition is led again by the node that was to do it at first.
    pub fn elect_preferred_leaders(&self) {
        let class = "org.apache.kafka.tools.LeaderElectionCommand";
        self.tool(class, &["--election-type", "PREFERRED", "--all-topic-partitions"], "");
    }

    pub fn create_topic(&self, name: &str, partitions: u32) {
        self.script.run(&["topic", name, &partitions.to_string()]);
    }

    /// One of Kafka's own tools; answers what it printed.
    pub fn tool(&self, class: &str, arguments: &[&str], input: &str) -> String {
        let servers = self.servers();
        let all =
            ["tool", class, "--bootstrap-server", &servers].into_iter().chain(arguments.iter().copied());
        let all: Vec<_> = all.collect();
        let mut tool = self.script.command(&all);
        let mut tool =
            tool.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = tool.stdin.take().unwrap();
        let input = input.to_owned();
        let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = tool.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{class}: {}\n{stderr}", output.status);
        writing.join().unwrap().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Writes records, each a `key:value`.
    pub fn produce(&self, topic: &str, records: &[String]) {
        let mut input = records.join("\n");
        input.push('\n');
        let arguments =
            ["--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
        self.tool("org.apache.kafka.tools.ConsoleProducer", &arguments, &input);
    }

    /// Reads all committed records of a topic, each as `key:value`, sorted; with Kafka's own consumer, which cannot tell
    /// "nothing more" from "nothing yet". So it is given more time where records are missing.
    pub fn committed(&self, topic: &str, expected: usize) -> Vec<String> {
        let first = self.consume(topic, "5000");
        if first.len() >= expected { first } else { self.consume(topic, "60000") }
    }

    fn consume(&self, topic: &str, idle_millis: &str) -> Vec<String> {
        let arguments = [
            "--topic",
            topic,
            "--from-beginning",
            "--isolation-level",
            "read_committed",
            "--timeout-ms",
            idle_millis,
            "--formatter-property",
            "print.key=true",
            "--formatter-property",
            "key.separator=:",
        ];
        let printed = self.tool("org.apache.kafka.tools.consumer.ConsoleConsumer", &arguments, "");
        let mut lines: Vec<_> = printed.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the Kafka nodes from port {} on are left running, and their data", self.port);
            return;
        }
        let _ = self.script.try_run(&["clean"]);
    }
}
