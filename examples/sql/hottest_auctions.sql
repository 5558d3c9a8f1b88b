-- Nexmark, an auction site: the auctions with the most bids of the last ten seconds, every two seconds.
CREATE TABLE nexmark (
    event_type INT,
    bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>,
    auction ROW<id BIGINT, itemName STRING, category BIGINT, seller BIGINT, `dateTime` TIMESTAMP(3), expires TIMESTAMP(3)>,
    person ROW<id BIGINT, name STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3)>,
    `dateTime` AS CASE WHEN event_type = 0 THEN person.`dateTime` WHEN event_type = 1 THEN auction.`dateTime` ELSE bid.`dateTime` END,
    WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'nexmark', 'first-event.rate' = '1000', 'events.num' = '50000', 'seed' = '1');

CREATE VIEW bids AS
SELECT bid.auction AS auction, window_start, window_end, COUNT(*) AS num
FROM TABLE(HOP(TABLE nexmark, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
WHERE event_type = 2
GROUP BY bid.auction, window_start, window_end;

SELECT bids.window_end, bids.auction, bids.num
FROM bids
JOIN (SELECT window_start, window_end, MAX(num) AS num FROM bids GROUP BY window_start, window_end) AS best
    ON bids.window_start = best.window_start AND bids.window_end = best.window_end AND bids.num = best.num;
