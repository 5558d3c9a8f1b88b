-- How late do flights leave, by airline and hour? Windows over event time: a row for each, when the hour is over.
CREATE TABLE flights (
    `year` INT, `month` INT, `day` INT,
    dep_time INT, sched_dep_time INT, dep_delay INT,
    arr_time INT, sched_arr_time INT, arr_delay INT,
    carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING,
    air_time INT, distance INT, `hour` INT, `minute` INT, time_hour STRING,
    -- When the flight should have left, to the hour, in UTC.
    scheduled AS TO_TIMESTAMP(REPLACE(REPLACE(time_hour, 'T', ' '), 'Z', '')),
    -- The files are in the order in which flights left, day by day; cancelled ones come at the end of their day.
    WATERMARK FOR scheduled AS scheduled - INTERVAL '1' DAY
) WITH (
    'connector' = 'filesystem',
    'path' = 'examples/data/flights-2013-01.csv.gz',
    'format' = 'csv',
    'csv.has-header' = 'true',
    'csv.null-literal' = 'NA'
);

SELECT
    window_start,
    carrier,
    COUNT(*) AS flights,
    COUNT(*) FILTER (WHERE dep_delay > 15) AS `delayed`,
    AVG(CAST(dep_delay AS DOUBLE)) AS mean_delay
FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(scheduled), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, carrier;
