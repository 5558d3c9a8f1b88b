//! How requests are made, and how often a record may arrive.

use reqwest::Method;

/// The method of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookMethod {
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
}

impl WebhookMethod {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
        }
    }
}

/// How often a record may arrive after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryGuarantee {
    /// Once or more: records are sent as they come, and a checkpoint is complete only when everything before it is accepted.
    AtLeastOnce,
    /// Once, at receivers that pass over a request whose key they have seen, for as long as the job may be down: records are
    /// kept in the snapshot, and sent when the checkpoint that covers them is complete. They arrive with the delay of a
    /// checkpoint, and the snapshot has all that comes between two of them.
    ExactlyOnce,
}
