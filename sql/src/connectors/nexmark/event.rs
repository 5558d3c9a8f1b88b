//! Whole events, for those who want all fields: tests and row-at-a-time programs.

/// What happened: the column `event_type` of Nexmark's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum EventKind {
    /// A person registered.
    Person = 0,
    /// An auction was opened.
    Auction = 1,
    /// A bid was made.
    Bid = 2,
}

/// One event with all its fields. Times are in milliseconds since the epoch, prices in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person registered.
    Person(Person),
    /// An auction was opened.
    Auction(Auction),
    /// A bid was made.
    Bid(Bid),
}

/// A person who may open auctions and bid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of Nexmark's table")]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub email_address: String,
    pub credit_card: String,
    pub city: &'static str,
    pub state: &'static str,
    pub date_time: i64,
    pub extra: String,
}

/// An auction of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of Nexmark's table")]
pub struct Auction {
    pub id: i64,
    pub item_name: String,
    pub description: String,
    pub initial_bid: i64,
    pub reserve: i64,
    pub date_time: i64,
    pub expires: i64,
    pub seller: i64,
    pub category: i64,
    pub extra: String,
}

/// A bid on an auction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns of Nexmark's table")]
pub struct Bid {
    pub auction: i64,
    pub bidder: i64,
    pub price: i64,
    pub channel: String,
    pub url: String,
    pub date_time: i64,
    pub extra: String,
}
