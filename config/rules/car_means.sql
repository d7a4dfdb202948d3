-- Ten-second means of every car, as a stream of their own.
CREATE RULE car_means AS
  SELECT device, window_end AS ts, avg(speed) AS speed, avg(rpm) AS rpm, avg(coolant) AS coolant,
         count(*) AS messages
  FROM 'fleet/+/telemetry'
  GROUP BY device, TUMBLE(10s)
  THEN PUBLISH 'means/${device}' QOS 1;
