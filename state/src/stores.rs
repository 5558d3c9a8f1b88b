//! Object stores: from URLs, options and the environment to clients, for snapshots and for files of connectors alike.
//!
//! | URL | Store | Cargo feature |
//! |---|---|---|
//! | `s3://bucket/folder`, `s3a://…` | Amazon S3, and what speaks its protocol | `aws` |
//! | `gs://bucket/folder` | Google Cloud Storage | `gcp` |
//! | `abfss://container@account.dfs.core.windows.net/folder`, `az://…` | Azure Blob Storage | `azure` |
//! | `memory:///folder` | the memory of the process | |
//!
//! What a store needs besides is taken from the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`), over that from the
//! [options](Stores::set_option), and over those from the query of the URL: `s3://bucket/folder?endpoint=http://host:9000`.
//! Keys and tokens are not taken from a URL, for URLs end up in logs and in the journals of jobs.

mod advice;
#[cfg(any(feature = "aws", feature = "gcp", feature = "azure"))]
mod clients;
mod options;
mod provider;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use parking_lot::Mutex;
use url::Url;

pub use self::advice::{advice, explain, is_final, is_missing};
pub use self::options::{child_of, split_options};
use self::provider::Provider;
use crate::{Result, StateError};

/// The object stores that URLs mean: those that the user gave, and for everything else the one that the URL describes. Cheap
/// to clone; clones share the clients that have been opened.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    given: BTreeMap<String, Arc<dyn ObjectStore>>,
    options: Vec<(String, String)>,
    /// Those opened so far, by URL of their root with its options: each can mean a pool of connections.
    opened: Arc<Mutex<BTreeMap<String, Client>>>,
}

/// A client of a store.
#[derive(Clone)]
pub(crate) struct Client {
    store: Arc<dyn ObjectStore>,
    uploads: Option<Arc<dyn MultipartStore>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.store.fmt(formatter)
    }
}

impl Client {
    pub(crate) fn new<S: ObjectStore + MultipartStore>(store: S) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), uploads: Some(store) }
    }
}

/// A place in a store that has been opened.
#[derive(Clone)]
pub struct OpenedStore {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The same store as one whose uploads have ids, so that one process can begin an upload and another complete it.
    pub uploads: Option<Arc<dyn MultipartStore>>,
    /// The place in it.
    pub path: Path,
    /// The URL of the store's root, without options, and without the slash before a path.
    pub root: String,
    /// The options in the URL, beginning with `?`; empty if there are none.
    pub options: String,
}

impl Stores {
    /// From now on `url` (scheme and authority, such as `s3://bucket`) and everything below it means `store`.
    pub fn register(&mut self, url: &str, store: Arc<dyn ObjectStore>) {
        self.given.insert(url.trim_end_matches('/').to_owned(), store);
    }

    /// Sets an option of the stores that are opened by their URL, such as `aws_endpoint`, under the names that the crate
    /// `object_store` gives them. Options of the same names in the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`) are taken where
    /// none is set. One that no store has is an error when the first store is opened.
    ///
    /// For all stores there are `max_retries`, how often a request is tried again (12 times unless set), and
    /// `retry_timeout`, for how many seconds at most (120).
    pub fn set_option(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.options.push((name.into(), value.into()));
        self.opened = Arc::default();
    }

    /// The store that a URL means, opened before or now; not for local files.
    ///
    /// # Errors
    /// [`StateError::Usage`] for a malformed URL, a wrong option, or a store that this build does not have.
    pub fn open_store(&self, location: &str) -> Result<OpenedStore> {
        let (place, options) = split_options(location);
        if let Some((root, store)) = self.given(place) {
            let path = place.get(root.len()..).unwrap_or_default();
            let path = Path::from_url_path(path).map_err(|error| malformed(location, error))?;
            let (store, root) = (store.clone(), root.to_owned());
            return Ok(OpenedStore { store, uploads: None, path, root, options: options.to_owned() });
        }
        let url = Url::parse(place).map_err(|error| malformed(location, error))?;
        let (scheme, path) = ObjectStoreScheme::parse(&url).map_err(|error| unknown(location, error))?;
        // As the URL is spelled when it is parsed: what was given may have blanks.
        let whole = if path.is_root() { url.as_str() } else { url.as_str().trim_end_matches('/') };
        let root = whole.strip_suffix(url_path(&url, &path)).unwrap_or(whole);
        let root = root.strip_suffix('/').unwrap_or(root);
        let key = format!("{root}{options}");
        let known = self.opened.lock().get(&key).cloned();
        let client = match known {
            Some(client) => client,
            None => {
                let client = self.connect(location, &url, &scheme, options)?;
                self.opened.lock().insert(key, client.clone());
                client
            }
        };
        let Client { store, uploads } = client;
        Ok(OpenedStore { store, uploads, path, root: root.to_owned(), options: options.to_owned() })
    }

    fn connect(
        &self,
        location: &str,
        url: &Url,
        scheme: &ObjectStoreScheme,
        options: &str,
    ) -> Result<Client> {
        if *scheme == ObjectStoreScheme::Memory {
            return Ok(Client::new(InMemory::new()));
        }
        let Some(provider) = Provider::of(scheme) else {
            return Err(unknown(location, "it can only be read"));
        };
        provider.check_built(location)?;
        let options = options::gather(provider, &self.options, options, location)?;
        // No request has been made: whatever is wrong is in what was said of the store.
        connect(provider, url, options)
            .map_err(|error| StateError::Usage(format!("cannot open `{location}`: {error}")))
    }

    pub(crate) fn given(&self, location: &str) -> Option<(&str, &Arc<dyn ObjectStore>)> {
        let is_below = |root: &str| {
            location.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.given.iter().filter(|(root, _)| is_below(root)).max_by_key(|(root, _)| root.len());
        found.map(|(root, store)| (root.as_str(), store))
    }
}

/// How the URL spells the path.
fn url_path<'a>(url: &'a Url, path: &Path) -> &'a str {
    let parts = path.parts().count();
    let spelled = url.path().trim_matches('/');
    let before = spelled.split('/').count().saturating_sub(parts);
    let skipped: usize = spelled.split('/').take(before).map(|part| part.len() + 1).sum();
    if parts == 0 { "" } else { spelled.get(skipped..).unwrap_or_default() }
}

#[cfg(any(feature = "aws", feature = "gcp", feature = "azure"))]
fn connect(provider: Provider, url: &Url, options: options::Gathered) -> object_store::Result<Client> {
    clients::connect(provider, url, options)
}

/// Not reached: without any of the features, no provider is built.
#[cfg(not(any(feature = "aws", feature = "gcp", feature = "azure")))]
fn connect(_: Provider, _: &Url, options: options::Gathered) -> object_store::Result<Client> {
    let _ = (options.pairs, options.max_retries, options.retry_timeout);
    Err(object_store::Error::NotSupported { source: "no store is built in".into() })
}

fn unknown(location: &str, problem: impl std::fmt::Display) -> StateError {
    StateError::Usage(format!(
        "`{location}` is not the URL of a store that can be used ({problem}): known are paths of the local disk, file://, \
         s3://, gs://, abfss:// and memory://"
    ))
}

fn malformed(location: &str, error: impl std::fmt::Display) -> StateError {
    StateError::Usage(format!("`{location}` is not a URL of a folder: {error}"))
}
