-- The three airports with the worst arrivals of each day. The ranking changes as flights land, and so does the result.
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

SELECT `day`, place, dest, mean_delay FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY `day` ORDER BY mean_delay DESC, dest) AS place
    FROM (
        SELECT `day`, dest, AVG(CAST(arr_delay AS DOUBLE)) AS mean_delay
        FROM flights WHERE arr_delay IS NOT NULL
        GROUP BY `day`, dest
    )
) WHERE place <= 3;
