//! Who runs a store, as far as the way to open one depends on it.

use object_store::ObjectStoreScheme;

use crate::{Result, StateError};

/// Who runs a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    Aws,
    Gcp,
    Azure,
}

impl Provider {
    /// In the order in which an option is looked for.
    pub(super) const ALL: [Self; 3] = [Self::Aws, Self::Gcp, Self::Azure];

    /// Who runs the store of a URL with this scheme, if it is not on this machine.
    pub(super) const fn of(scheme: &ObjectStoreScheme) -> Option<Self> {
        match scheme {
            ObjectStoreScheme::AmazonS3 => Some(Self::Aws),
            ObjectStoreScheme::GoogleCloudStorage => Some(Self::Gcp),
            ObjectStoreScheme::MicrosoftAzure => Some(Self::Azure),
            _ => None,
        }
    }

    /// The cargo feature that brings its client.
    const fn feature(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
        }
    }

    const fn is_built(self) -> bool {
        match self {
            Self::Aws => cfg!(feature = "aws"),
            Self::Gcp => cfg!(feature = "gcp"),
            Self::Azure => cfg!(feature = "azure"),
        }
    }

    /// How the names of its options begin, in the environment in capitals.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Aws => "aws_",
            Self::Gcp => "google_",
            Self::Azure => "azure_",
        }
    }

    /// Whether an option of this name, in small letters, is one of its stores: with or without the prefix.
    pub(super) fn has_option(self, name: &str) -> bool {
        match self {
            #[cfg(feature = "aws")]
            Self::Aws => name.parse::<object_store::aws::AmazonS3ConfigKey>().is_ok(),
            #[cfg(feature = "gcp")]
            Self::Gcp => name.parse::<object_store::gcp::GoogleConfigKey>().is_ok(),
            #[cfg(feature = "azure")]
            Self::Azure => name.parse::<object_store::azure::AzureConfigKey>().is_ok(),
            // What it has is not known; it is not asked for what it is given either.
            #[allow(unreachable_patterns, reason = "with all features on")]
            _ => name.starts_with(self.prefix()),
        }
    }

    /// Says which feature is missing, if it is.
    ///
    /// # Errors
    /// [`StateError::Usage`] if it is.
    pub(super) fn check_built(self, location: &str) -> Result<()> {
        if self.is_built() {
            return Ok(());
        }
        let feature = self.feature();
        Err(StateError::Usage(format!(
            "`{location}` needs the cargo feature `{feature}`, which this program was built without: \
             enable it for the crate `millstream`, or register a store for this URL"
        )))
    }
}
