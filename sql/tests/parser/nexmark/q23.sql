CREATE TABLE nexmark_q23 (
    bid_auction BIGINT,
    bid_price BIGINT,
    bidder_name VARCHAR,
    item VARCHAR,
    seller BIGINT
) WITH (
    'connector' = 'blackhole'
);

INSERT INTO nexmark_q23
SELECT B.auction, B.price, P.name, A.itemName, A.seller
FROM bid AS B
JOIN person AS P ON B.bidder = P.id
JOIN auction AS A ON B.bidder = A.seller;
