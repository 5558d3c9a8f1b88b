//! Makes clients of stores.

use std::time::Duration;

use object_store::{BackoffConfig, RetryConfig};
use url::Url;

use super::Client;
use super::options::Gathered;
use super::provider::Provider;

/// Pauses grow from a tenth of a second by half each, with some chance, so that all retries take about half a minute.
const BACKOFF: BackoffConfig = BackoffConfig {
    init_backoff: Duration::from_millis(100),
    max_backoff: Duration::from_secs(10),
    base: 3.0,
};

macro_rules! build {
    ($builder:ty, $url:expr, $options:expr, $retry:expr) => {{
        let mut builder = <$builder>::new().with_url($url.to_string()).with_retry($retry);
        for (name, value) in $options {
            builder = builder.with_config(name.parse()?, value);
        }
        Ok(Client::new(builder.build()?))
    }};
}

/// Makes the client of the store that a URL names.
pub(super) fn connect(provider: Provider, url: &Url, options: Gathered) -> object_store::Result<Client> {
    use_ring();
    let Gathered { pairs, max_retries, retry_timeout } = options;
    let retry = RetryConfig { backoff: BACKOFF, max_retries, retry_timeout };
    match provider {
        #[cfg(feature = "aws")]
        Provider::Aws => build!(object_store::aws::AmazonS3Builder, url, pairs, retry),
        #[cfg(feature = "gcp")]
        Provider::Gcp => build!(object_store::gcp::GoogleCloudStorageBuilder, url, pairs, retry),
        #[cfg(feature = "azure")]
        Provider::Azure => build!(object_store::azure::MicrosoftAzureBuilder, url, pairs, retry),
        #[allow(unreachable_patterns, reason = "with all features on")]
        _ => {
            let _ = (url, pairs, retry);
            Err(object_store::Error::NotSupported { source: "it is not built in".into() })
        }
    }
}

/// The client of HTTP is built without cryptography of its own: it uses what the process has chosen, and if the program has
/// not, this.
fn use_ring() {
    // The first choice stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
