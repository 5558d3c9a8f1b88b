-- Which airline is the worst, as far as we know? Each time that the answer changes, print says what it was and what it is.
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

CREATE TABLE worst (carrier STRING, mean_delay DOUBLE) WITH ('connector' = 'print');

INSERT INTO worst
SELECT carrier, mean_delay
FROM (SELECT carrier, AVG(CAST(dep_delay AS DOUBLE)) AS mean_delay FROM flights WHERE dep_delay IS NOT NULL GROUP BY carrier)
ORDER BY mean_delay DESC, carrier LIMIT 1;
