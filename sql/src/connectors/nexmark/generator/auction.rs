//! Auctions.

use std::hint::select_unpredictable;

use super::{FIRST_ID, Generator, HOT_EVERY, LEAD};
use crate::connectors::nexmark::event::Auction;
use crate::connectors::nexmark::random::{Draw, Field};
use crate::connectors::nexmark::text::{length, padding, push_letters, push_words};

const FIRST_CATEGORY: i64 = 10;
const CATEGORIES: u64 = 5;

/// Auctions are open so long that there are about so many at any time.
const IN_FLIGHT: i64 = 100;

/// Fields of auctions.
impl Generator {
    /// `auction.id`: 1000 for the first auction, then one more each.
    #[inline]
    pub fn auction_id(&self, number: u64) -> i64 {
        FIRST_ID + self.proportions.auctions_by(number) - 1
    }

    /// `auction.itemName`: 3 to 19 letters and blanks.
    pub fn auction_item_name(&self, number: u64, text: &mut String) {
        let (length, rest) = self.item_name_length(number);
        push_words(rest.words(), length, text);
    }

    /// `auction.description`: 3 to 99 letters and blanks.
    pub fn auction_description(&self, number: u64, text: &mut String) {
        let (length, rest) = self.description_length(number);
        push_words(rest.words(), length, text);
    }

    /// `auction.initialBid`, in cents: from 100 to 100,000,000, uniform in its logarithm.
    pub fn auction_initial_bid(&self, number: u64) -> i64 {
        self.seed.draw(number, Field::AuctionInitialBid).price()
    }

    /// `auction.reserve`, in cents: a price more than the initial bid.
    pub fn auction_reserve(&self, number: u64) -> i64 {
        self.auction_initial_bid(number) + self.seed.draw(number, Field::AuctionReserve).price()
    }

    /// `auction.expires`, in milliseconds since the epoch: at least one after the auction begins, and on average as long
    /// after it as it takes until a hundred more auctions have been opened.
    pub fn auction_expires_millis(&self, number: u64) -> i64 {
        let begins = self.timestamp_millis(number);
        let auctions = self.proportions.auctions.max(1) as u64;
        let events = IN_FLIGHT as u64 * self.proportions.total / auctions;
        let horizon = self.timestamp_millis(number.saturating_add(events)).saturating_sub(begins);
        let bound = horizon.saturating_mul(2).max(1) as u64;
        let (length, _) = self.seed.draw(number, Field::AuctionExpires).below(bound);
        begins.saturating_add(1).saturating_add_unsigned(length)
    }

    /// `auction.seller`: the hot seller, or one of the persons who are active.
    ///
    /// The hot seller is the first of the hundred persons to whom the last one belongs. One auction in
    /// `auction.hot-ratio.sellers` is not theirs.
    #[inline]
    pub fn auction_seller(&self, number: u64) -> i64 {
        let (hot, rest) = self.seed.draw(number, Field::AuctionSeller).below(self.hot_sellers_ratio);
        select_unpredictable(hot > 0, self.hot_person(number), self.active_person(number, rest))
    }

    /// `auction.category`: from 10 to 14.
    pub fn auction_category(&self, number: u64) -> i64 {
        FIRST_CATEGORY + self.seed.draw(number, Field::AuctionCategory).below(CATEGORIES).0 as i64
    }

    /// `auction.extra`: letters that make the auction as large as `auction.avg-size` says on average.
    pub fn auction_extra(&self, number: u64, text: &mut String) {
        /// Six numbers.
        const NUMBERS: usize = 6 * 8;
        let size = NUMBERS + self.item_name_length(number).0 + self.description_length(number).0;
        let draw = self.seed.draw(number, Field::AuctionExtra);
        let (length, rest) = padding(draw, size as u64, self.auction_average_size);
        push_letters(rest.words(), length, text);
    }

    pub(super) fn auction(&self, number: u64) -> Auction {
        let text = |field: fn(&Self, u64, &mut String)| {
            let mut text = String::new();
            field(self, number, &mut text);
            text
        };
        Auction {
            id: self.auction_id(number),
            item_name: text(Self::auction_item_name),
            description: text(Self::auction_description),
            initial_bid: self.auction_initial_bid(number),
            reserve: self.auction_reserve(number),
            date_time: self.timestamp_millis(number),
            expires: self.auction_expires_millis(number),
            seller: self.auction_seller(number),
            category: self.auction_category(number),
            extra: text(Self::auction_extra),
        }
    }

    /// An auction that is likely to be open at an event, or will be soon.
    #[inline]
    pub(super) fn open_auction(&self, number: u64, draw: Draw) -> i64 {
        let last = self.proportions.auctions_by(number) - 1;
        let first = (last - IN_FLIGHT).max(0);
        let (chosen, _) = draw.below((last - first + 1 + LEAD) as u64);
        FIRST_ID + first + chosen as i64
    }

    /// The first of the hundred auctions to which the last one belongs.
    #[inline]
    pub(super) fn hot_auction(&self, number: u64) -> i64 {
        FIRST_ID + first_of_hundred(self.proportions.auctions_by(number) - 1)
    }

    /// The first of the hundred persons to whom the last one belongs.
    #[inline]
    pub(super) fn hot_person(&self, number: u64) -> i64 {
        FIRST_ID + first_of_hundred(self.proportions.persons_by(number) - 1)
    }

    #[inline]
    fn item_name_length(&self, number: u64) -> (usize, Draw) {
        length(self.seed.draw(number, Field::AuctionItemName), 20)
    }

    #[inline]
    fn description_length(&self, number: u64) -> (usize, Draw) {
        length(self.seed.draw(number, Field::AuctionDescription), 100)
    }
}

/// Of the last person or auction, counted from 0; -1 stands for none.
#[inline]
fn first_of_hundred(last: i64) -> i64 {
    last / HOT_EVERY * HOT_EVERY
}
