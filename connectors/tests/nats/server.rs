//! A NATS server for a test, and NATS' own client.

#[path = "../support/script.rs"]
mod script;
#[path = "../support/services.rs"]
mod services;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context};
use futures::StreamExt;
use script::Script;
use tokio::runtime::{Builder, Runtime};

/// A running server. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    port: u16,
    script: Script,
    runtime: Runtime,
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
        let has_go = || {
            let go = Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            go.is_ok_and(|status| status.success()) || Path::new("/usr/local/go/bin/go").exists()
        };
        if services::is_skipped("a NATS server", "go", has_go) {
            return None;
        }
        let port = services::free_ports();
        let script = Script::new("nats.sh", [("NATS_PORT", port.to_string())]);
        script.run(&["start"]);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Some(Self { port, script, runtime })
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
    }

    /// Does something with a connection of its own.
    pub fn with<T>(&self, work: impl AsyncFnOnce(Context) -> T) -> T {
        self.runtime.block_on(async {
            let client = async_nats::connect(self.url()).await.unwrap();
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
            ..Config::default()
        });
    }

    pub fn create(&self, config: Config) {
        self.with(async |context| drop(context.create_stream(config).await.unwrap()));
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
