"""Goal: the usual Python client of InfluxDB 1 writes points into a stream. Method: ping, points as
objects and as lines, a bad line; prints `done`, or why not.

    influxdb_client.py PORT USER PASSWORD STREAM
"""
import sys

SKIPPED = 77
try:
    from influxdb import InfluxDBClient
    from influxdb.exceptions import InfluxDBClientError
except ImportError:
    print("skipped: the client is not there; install python3-influxdb")
    sys.exit(SKIPPED)

port, user, password, stream = sys.argv[1:]
client = InfluxDBClient("127.0.0.1", int(port), user, password, stream, retries=1)
if client.ping() != "holdfast":
    sys.exit("it is somebody else")
points = [{"measurement": "motor", "tags": {"device": "lift-3", "hall": "a b"},
           "time": "2024-05-01T09:00:0%dZ" % second,
           "fields": {"temp": 20.5 + second, "turns": second, "on": True, "state": 'run, "slow"'}}
          for second in range(5)]
for gzip in (False, True):
    client = InfluxDBClient("127.0.0.1", int(port), user, password, stream, retries=1, gzip=gzip)
    if not client.write_points(points, time_precision="ms"):
        sys.exit("points were not taken")
client.write_points(["motor,device=lift-4 temp=1 1714554000"], time_precision="s", protocol="line")
try:
    client.write_points(["motor,device=lift-5 temp=1 1714554000", "motor temp="], time_precision="s",
                        protocol="line")
    sys.exit("a bad line was taken")
except InfluxDBClientError as error:
    if error.code != 400 or "partial write: 1 of 2 lines" not in str(error):
        sys.exit(f"another error: {error}")
print("done")
