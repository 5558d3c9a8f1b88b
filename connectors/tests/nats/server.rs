//! A NATS server for a test, or a cluster of them, and NATS' own client.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::script::Script;
use crate::services;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{ClusterInfo, Config, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, HeaderMap, ServerAddr};
use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};

/// A running server, or a cluster of them. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    port: u16,
    /// How many servers there are, each of which has all messages.
    count: u16,
    /// How the test itself connects.
    options: ConnectOptions,
    script: Script,
    runtime: Runtime,
}

/// How long a cluster may take to agree.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of a server in the script, by its name.
fn number(name: &str) -> &str {
    name.strip_prefix("server-").unwrap()
}

/// All tests of this binary share one.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that tests share; `None`, said aloud, where it cannot be built.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of the test's own, to be killed.
    pub fn start() -> Option<Self> {
        Self::start_servers(1, "", ConnectOptions::new())
    }

    /// A server of the test's own, with more lines for its configuration, to which the test connects with these options.
    pub fn start_with(settings: &str, options: ConnectOptions) -> Option<Self> {
        Self::start_servers(1, settings, options)
    }

    /// A cluster of the test's own: three servers, each of which has all messages.
    pub fn start_cluster() -> Option<Self> {
        Self::start_servers(3, "", ConnectOptions::new())
    }

    fn start_servers(count: u16, settings: &str, options: ConnectOptions) -> Option<Self> {
        let has_go = || {
            let go = Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            go.is_ok_and(|status| status.success()) || Path::new("/usr/local/go/bin/go").exists()
        };
        if services::is_skipped("a NATS server", "go", has_go) {
            return None;
        }
        let port = services::free_range(2 * count);
        let variables = [
            ("NATS_PORT", port.to_string()),
            ("NATS_SERVERS", count.to_string()),
            ("NATS_SETTINGS", settings.to_owned()),
        ];
        let script = Script::new("nats.sh", variables);
        script.run(&["start"]);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Some(Self { port, count, options, script, runtime })
    }

    /// All servers.
    pub fn url(&self) -> String {
        let urls: Vec<_> =
            (0..self.count).map(|server| format!("nats://127.0.0.1:{}", self.port + 2 * server)).collect();
        urls.join(",")
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
    }

    /// As [`Self::kill`], one server of a cluster, by its name.
    pub fn kill_one(&self, name: &str) {
        self.script.run(&["kill", number(name)]);
    }

    /// After [`Self::kill_one`].
    pub fn restart_one(&self, name: &str) {
        self.script.run(&["start", number(name)]);
    }

    /// Waits until a stream has a leader that is not the server of this name, and answers its name.
    pub fn await_leader(&self, stream: &str, other_than: &str) -> String {
        self.await_cluster(stream, |cluster| {
            cluster.leader.clone().filter(|leader| !leader.is_empty() && leader != other_than)
        })
    }

    /// Waits until all servers have all messages of a stream, and answers its leader.
    pub fn await_replicas(&self, stream: &str) -> String {
        let others = usize::from(self.count) - 1;
        self.await_cluster(stream, |cluster| {
            let current = cluster.replicas.iter().filter(|replica| replica.current && !replica.offline);
            cluster.leader.clone().filter(|_| current.count() == others)
        })
    }

    fn await_cluster<T>(&self, stream: &str, found: impl Fn(&ClusterInfo) -> Option<T>) -> T {
        let began = Instant::now();
        let mut seen = String::new();
        while began.elapsed() < PATIENCE {
            // Without a leader there is no answer.
            let cluster = self.with(async |context| {
                let stream = context.get_stream(stream).await.ok()?;
                stream.cached_info().cluster.clone()
            });
            if let Some(found) = cluster.as_ref().and_then(&found) {
                return found;
            }
            seen = format!("{cluster:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the cluster does not come to itself: {seen}");
    }

    /// Does something with a connection of its own.
    pub fn with<T>(&self, work: impl AsyncFnOnce(Context) -> T) -> T {
        self.runtime.block_on(async {
            let servers: Vec<ServerAddr> = self.url().split(',').map(|url| url.parse().unwrap()).collect();
            let client = self.options.clone().connect(servers).await.unwrap();
            work(jetstream::new(client)).await
        })
    }

    /// Does something with a stream.
    pub fn with_stream<T>(&self, name: &str, work: impl AsyncFnOnce(Stream) -> T) -> T {
        self.with(async |context| work(context.get_stream(name).await.unwrap()).await)
    }

    /// Makes a stream of these subjects.
    pub fn create_stream(&self, name: &str, subjects: &[&str]) {
        self.create(Config {
            name: name.to_owned(),
            subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
            num_replicas: self.count.into(),
            ..Config::default()
        });
    }

    pub fn create(&self, config: Config) {
        let began = Instant::now();
        // A cluster needs a while to choose who decides on streams.
        self.with(async |context| {
            while let Err(error) = context.create_stream(config.clone()).await {
                assert!(self.count > 1 && began.elapsed() < PATIENCE, "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }

    pub fn delete_stream(&self, name: &str) {
        self.with(async |context| context.delete_stream(name).await.unwrap());
    }

    /// Removes all messages before a sequence, or all that there are.
    pub fn purge(&self, name: &str, before: Option<u64>) {
        self.with_stream(name, async |stream| {
            match before {
                None => stream.purge().await.unwrap(),
                Some(sequence) => stream.purge().sequence(sequence).await.unwrap(),
            };
        });
    }

    /// The stream knows messages again for no longer than it must: from now on nothing but its contents tells what it has.
    pub fn shorten_window(&self, name: &str) {
        self.with(async |context| {
            let config = context.get_stream(name).await.unwrap().cached_info().config.clone();
            context
                .update_stream(Config { duplicate_window: Duration::from_millis(100), ..config })
                .await
                .unwrap();
        });
    }

    /// Publishes texts, each to its subject.
    pub fn publish(&self, messages: &[(String, String)]) {
        self.with(async |context| {
            for chunk in messages.chunks(1000) {
                let mut waiting = Vec::new();
                for (subject, text) in chunk {
                    waiting.push(context.publish(subject.clone(), text.clone().into()).await.unwrap());
                }
                for acknowledgement in waiting {
                    acknowledgement.await.unwrap();
                }
            }
        });
    }

    pub fn publish_with_header(&self, subject: &str, text: &str, name: &str, value: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value);
        let (subject, text) = (subject.to_owned(), text.to_owned().into());
        self.with(async |context| {
            context.publish_with_headers(subject, headers, text).await.unwrap().await.unwrap();
        });
    }

    /// All messages that a stream has, in their order, with their subjects.
    pub fn messages(&self, name: &str) -> Vec<(String, String)> {
        self.with_stream(name, async |stream| {
            let count = stream.cached_info().state.messages as usize;
            let consumer = stream.create_consumer(OrderedConfig::default()).await.unwrap();
            let messages = consumer.messages().await.unwrap().take(count);
            let text = |message: jetstream::Message| {
                (message.subject.to_string(), String::from_utf8(message.payload.to_vec()).unwrap())
            };
            messages.map(|message| text(message.unwrap())).collect().await
        })
    }

    /// The same without subjects, sorted.
    pub fn sorted(&self, name: &str) -> Vec<String> {
        let mut texts: Vec<_> = self.messages(name).into_iter().map(|(_, text)| text).collect();
        texts.sort_unstable();
        texts
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the NATS server on port {} is left running, and its data", self.port);
            return;
        }
        let _ = self.script.try_run(&["clean"]);
    }
}
