//! A server that speaks the protocol of S3, and a client that looks at what jobs have left there.

use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use futures::TryStreamExt;
use millstream::engine::state::stores::Stores;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::script::Script;
use super::services;

/// What the server asks for, under the names of environment variables.
pub const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "testtest")];

/// A running server. It ends, and its data goes, with the last test that uses it.
pub struct Server {
    port: u16,
    script: Script,
}

/// All tests of this binary share one.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that tests share; `None`, said aloud, where there is none.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start("versitygw")?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of the test's own.
    pub fn start(kind: &str) -> Option<Self> {
        Self::start_with(kind, None)
    }

    /// A server of the test's own, on a disk of so many megabytes.
    pub fn start_on_small_disk(megabytes: u32) -> Option<Self> {
        let may_mount = || {
            let mounted = Command::new("unshare").args(["--mount", "--map-root-user", "true"]).output();
            mounted.is_ok_and(|output| output.status.success())
        };
        if services::is_skipped("a server on a small disk", "unshare", may_mount) {
            return None;
        }
        Self::start_with("versitygw", Some(megabytes))
    }

    fn start_with(kind: &str, megabytes: Option<u32>) -> Option<Self> {
        // Nobody has it now; somebody could take it before the server does, and then the test fails loudly.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let megabytes = megabytes.map_or_else(String::new, |megabytes| megabytes.to_string());
        let variables =
            [("S3_PORT", port.to_string()), ("S3_KIND", kind.to_owned()), ("S3_MEGABYTES", megabytes)];
        let script = Script::new("s3.sh", variables);
        let can_be_had = || script.try_run(&["install"]).map_err(|said| eprintln!("{said}")).is_ok();
        if services::is_skipped("a server of S3's protocol", kind, can_be_had) {
            return None;
        }
        let server = Self { port, script };
        server.restart();
        Some(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As a crash.
    pub fn kill(&self) {
        self.script.run(&["kill"]);
    }

    /// After a crash.
    pub fn restart(&self) {
        self.script.run(&["start"]);
    }

    /// Makes a bucket.
    pub fn bucket(self: &Arc<Self>, name: &str) -> Bucket {
        self.script.run(&["bucket", name]);
        self.client_of(name, "")
    }

    /// A client of a bucket, with options.
    fn client_of(self: &Arc<Self>, name: &str, options: &str) -> Bucket {
        let mut stores = Stores::default();
        KEYS.iter().for_each(|(name, value)| stores.set_option(*name, *value));
        let url = format!("s3://{name}?endpoint={}{options}", self.endpoint());
        let client = stores.open_store(&url).unwrap().store;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Bucket { name: name.to_owned(), server: self.clone(), client, runtime }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server on port {} is killed, and its data left", self.port);
            let _ = self.script.try_run(&["kill"]);
            return;
        }
        let _ = self.script.try_run(&["clean"]);
    }
}

/// A bucket, and a client that looks into it.
pub struct Bucket {
    name: String,
    server: Arc<Server>,
    client: Arc<dyn ObjectStore>,
    runtime: Runtime,
}

impl Bucket {
    /// The URL of a folder, for those who know the endpoint.
    pub fn url(&self, folder: &str) -> String {
        format!("s3://{}/{folder}", self.name)
    }

    /// The URL of a folder, with the endpoint.
    pub fn whole_url(&self, folder: &str) -> String {
        format!("{}?endpoint={}", self.url(folder), self.server.endpoint())
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.wait(self.client.put(&Path::from(path), content.into().into())).unwrap();
    }

    /// The same bucket, for somebody who tries nothing twice.
    pub fn impatient(&self) -> Self {
        self.server.client_of(&self.name, "&max_retries=0")
    }

    /// Puts an object there, unless there is no room for it.
    pub fn try_put(&self, path: &str, content: Vec<u8>) -> object_store::Result<()> {
        self.wait(self.client.put(&Path::from(path), content.into())).map(drop)
    }

    pub fn delete(&self, path: &str) {
        self.wait(self.client.delete(&Path::from(path))).unwrap();
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        self.wait(async { self.client.get(&Path::from(path)).await.unwrap().bytes().await.unwrap() }).to_vec()
    }

    /// The paths of all objects in a folder, sorted.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let listed = self.client.list(Some(&Path::from(folder)));
        let listed: Vec<_> =
            self.wait(listed.map_ok(|meta| meta.location.to_string()).try_collect()).unwrap();
        let mut listed = listed;
        listed.sort_unstable();
        listed
    }

    /// The lines of all visible objects in a folder, sorted.
    pub fn lines(&self, folder: &str) -> Vec<String> {
        let is_visible = |path: &String| !path.rsplit('/').next().unwrap().starts_with(['.', '_']);
        let mut lines = Vec::new();
        for path in self.list(folder).into_iter().filter(is_visible) {
            let content = String::from_utf8(self.get(&path)).unwrap();
            assert!(content.is_empty() || content.ends_with('\n'), "`{path}` is not whole");
            lines.extend(content.lines().map(str::to_owned));
        }
        lines.sort_unstable();
        lines
    }

    /// How many uploads have been begun, and neither completed nor aborted.
    pub fn uploads(&self) -> usize {
        self.server.script.run(&["uploads", &self.name]).trim().parse().unwrap()
    }
}
