-- Connected cars: the coolant is too hot over a second, until it has clearly cooled down.
CREATE RULE overheat AS
  SELECT device, window_end AS ts, max(coolant) AS hottest, avg(speed) AS mean_speed
  FROM 'fleet/+/telemetry'
  GROUP BY device, TUMBLE(1s)
  ALARM 'coolant too hot' PER device SEVERITY 'critical'
    RAISE WHEN hottest > 110 CLEAR WHEN hottest < 105;
