//! Bids.

use std::hint::select_unpredictable;

use super::Generator;
use crate::connectors::nexmark::event::Bid;
use crate::connectors::nexmark::random::Field;
use crate::connectors::nexmark::text::{padding, push_decimal, push_letters, push_path};

/// Half of the bids come through one of these.
const HOT_CHANNELS: [&str; 4] = ["Google", "Facebook", "Baidu", "Apple"];
const HOT_CHANNELS_RATIO: u64 = 2;

/// The other half comes through one of so many.
const CHANNELS: u64 = 10_000;

/// Bytes of a bid's numbers. Channel and address are not counted, as in Nexmark.
const NUMBERS: u64 = 4 * 8;

/// Where a bid comes from.
#[derive(Clone, Copy)]
enum Channel {
    /// The place in `HOT_CHANNELS`.
    Hot(u64),
    /// The channel's number.
    Other(u64),
}

/// Fields of bids.
impl Generator {
    /// `bid.auction`: the hot auction, or one that is likely to be open.
    ///
    /// The hot auction is the first of the hundred to which the last one belongs. One bid in `bid.hot-ratio.auctions`
    /// is not on it.
    #[inline]
    pub fn bid_auction(&self, number: u64) -> i64 {
        let (hot, rest) = self.seed.draw(number, Field::BidAuction).below(self.hot_auctions_ratio);
        select_unpredictable(hot > 0, self.hot_auction(number), self.open_auction(number, rest))
    }

    /// `bid.bidder`: the hot bidder, or one of the persons who are active.
    ///
    /// The hot bidder is the one after the hot [seller](Generator::auction_seller). One bid in `bid.hot-ratio.bidders`
    /// is not theirs.
    #[inline]
    pub fn bid_bidder(&self, number: u64) -> i64 {
        let (hot, rest) = self.seed.draw(number, Field::BidBidder).below(self.hot_bidders_ratio);
        select_unpredictable(hot > 0, self.hot_person(number) + 1, self.active_person(number, rest))
    }

    /// `bid.price`, in cents: from 100 to 100,000,000, uniform in its logarithm.
    #[inline]
    pub fn bid_price(&self, number: u64) -> i64 {
        self.seed.draw(number, Field::BidPrice).price()
    }

    /// `bid.channel`: one of four hot ones for half of the bids, else `channel-0` to `channel-9999`.
    #[inline]
    pub fn bid_channel(&self, number: u64, text: &mut String) {
        match self.channel(number) {
            Channel::Hot(index) => {
                text.push_str(HOT_CHANNELS.get(index as usize).copied().unwrap_or_default())
            }
            Channel::Other(channel) => {
                text.push_str("channel-");
                push_decimal(channel as u32, text);
            }
        }
    }

    /// `bid.url`: always the same for a channel.
    ///
    /// Three random names and the page; nine in ten of the channels that are not hot add their id.
    #[inline]
    pub fn bid_url(&self, number: u64, text: &mut String) {
        // Hot channels have the numbers after the others'.
        let (channel, has_id) = match self.channel(number) {
            Channel::Hot(index) => (CHANNELS + index, false),
            Channel::Other(channel) => (channel, true),
        };
        let (no_id, rest) = self.seed.draw(channel, Field::ChannelUrl).below(10);
        text.push_str("https://www.nexmark.com/");
        push_path(rest, text);
        text.push_str("item.htm?query=1");
        if has_id && no_id > 0 {
            // Java's `Math.abs(Integer.reverse(channel))`, which is negative for channel 1.
            let id = (channel as i32).reverse_bits().wrapping_abs();
            text.push_str(if id < 0 { "&channel_id=-" } else { "&channel_id=" });
            push_decimal(id.unsigned_abs(), text);
        }
    }

    /// `bid.extra`: letters that make the bid as large as `bid.avg-size` says on average, channel and address aside.
    #[inline]
    pub fn bid_extra(&self, number: u64, text: &mut String) {
        let draw = self.seed.draw(number, Field::BidExtra);
        let (length, rest) = padding(draw, NUMBERS, self.bid_average_size);
        push_letters(rest.words(), length, text);
    }

    pub(super) fn bid(&self, number: u64) -> Bid {
        let text = |field: fn(&Self, u64, &mut String)| {
            let mut text = String::new();
            field(self, number, &mut text);
            text
        };
        Bid {
            auction: self.bid_auction(number),
            bidder: self.bid_bidder(number),
            price: self.bid_price(number),
            channel: text(Self::bid_channel),
            url: text(Self::bid_url),
            date_time: self.timestamp_millis(number),
            extra: text(Self::bid_extra),
        }
    }

    #[inline]
    fn channel(&self, number: u64) -> Channel {
        let (hot, rest) = self.seed.draw(number, Field::BidChannel).below(HOT_CHANNELS_RATIO);
        if hot > 0 {
            Channel::Hot(rest.below(HOT_CHANNELS.len() as u64).0)
        } else {
            Channel::Other(rest.below(CHANNELS).0)
        }
    }
}
