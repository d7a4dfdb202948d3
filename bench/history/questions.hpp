#pragma once

namespace holdfast::bench {

// As compare.mjs asks them of DuckDB, by the same names. Tags are the last messages of 'tags/+'.
struct Question {
    const char* name;
    const char* sql;
};
inline constexpr Question kQuestions[] = {
    {"means of all fields",
     "SELECT avg(latitude), avg(longitude), avg(elevation), avg(velocity), avg(heading), "
     "avg(grade), avg(fuel_consumption), avg(fuel_state), avg(current_load), avg(status) "
     "FROM trucks@history"},
    {"1 h means by device",
     "SELECT count(*), sum(m) FROM (SELECT device, time_bucket(1h, ts) AS h, avg(velocity) AS m "
     "FROM trucks@history WHERE velocity IS NOT NULL GROUP BY device, h)"},
    {"p95 by device",
     "SELECT device, quantile_cont(velocity, 0.95) FROM trucks@history GROUP BY device "
     "ORDER BY device"},
    {"top 10 by mean load",
     "SELECT device, avg(current_load) AS a FROM trucks@history GROUP BY device "
     "ORDER BY a DESC LIMIT 10"},
    {"breaches by device",
     "SELECT device, count(*) FROM trucks@history WHERE current_load > 4500 GROUP BY device "
     "ORDER BY device"},
    {"1 h of one device",
     "SELECT velocity, fuel_consumption, grade FROM trucks@history WHERE device = 'truck_1' AND "
     "ts >= '2026-01-01T02:00:00Z' AND ts < '2026-01-01T03:00:00Z' AND velocity IS NOT NULL "
     "ORDER BY ts"},
    {"1 min means of one device",
     "SELECT count(*), sum(m) FROM (SELECT time_bucket(1m, ts) AS b, avg(velocity) AS m "
     "FROM trucks@history WHERE device = 'truck_1' AND ts < '2026-01-01T12:00:00Z' AND "
     "velocity IS NOT NULL GROUP BY b)"},
    {"last values",
     "SELECT device, last(velocity), last(fuel_consumption), last(current_load) "
     "FROM trucks@history GROUP BY device ORDER BY device"},
    {"max per fleet",
     "SELECT t.fleet, max(r.velocity) FROM trucks@history r JOIN TABLE('tags/+' KEY name) t "
     "ON r.device = t.name GROUP BY t.fleet ORDER BY t.fleet"},
    {"join with tags",
     "SELECT t.fleet, t.load_capacity, avg(r.current_load / t.load_capacity) "
     "FROM trucks@history r JOIN TABLE('tags/+' KEY name) t ON r.device = t.name "
     "WHERE r.current_load IS NOT NULL GROUP BY t.fleet, t.load_capacity "
     "ORDER BY t.fleet, t.load_capacity"},
    {"long driving",
     "SELECT device, count(*) FROM (SELECT device, time_bucket(10m, ts) AS b, avg(velocity) AS v "
     "FROM trucks@history WHERE velocity IS NOT NULL AND ts >= '2026-01-01T00:00:00Z' AND "
     "ts < '2026-01-01T04:00:00Z' GROUP BY device, b) WHERE v > 1 GROUP BY device "
     "HAVING count(*) > 22 ORDER BY device"},
    {"breakdown frequency",
     "SELECT device, count(*) FROM (SELECT device, broken, lead(broken) OVER (PARTITION BY device "
     "ORDER BY b) AS next FROM (SELECT device, time_bucket(10m, ts) AS b, avg(status) < 1 AS "
     "broken FROM trucks@history WHERE status IS NOT NULL GROUP BY device, b)) "
     "WHERE broken AND NOT next GROUP BY device ORDER BY device"},
    {"500 points of one device",
     "SELECT count(*), sum(lo), sum(hi) FROM (SELECT time_bucket(200s, ts) AS b, "
     "min(velocity) AS lo, max(velocity) AS hi FROM trucks@history WHERE device = 'truck_1' AND "
     "velocity IS NOT NULL GROUP BY b)"},
};

} // namespace holdfast::bench
