"""Goal: Paho, the usual client of Python, gets back what it published. Method: one client, QoS 0 to
2, small and large; prints `done`, or why not.

    paho_client.py HOST PORT VERSION CA TRANSPORT       TRANSPORT: tcp or websockets, both over TLS
"""
import os
import queue
import ssl
import sys

SKIPPED = 77
try:
    from paho.mqtt import client as mqtt
except ImportError:
    print("skipped: Paho is not there; install python3-paho-mqtt")
    sys.exit(SKIPPED)

host, port, version, ca, transport = sys.argv[1:]
events = queue.Queue()
client = mqtt.Client("paho", protocol=int(version), transport=transport)
client.tls_set(ca, tls_version=ssl.PROTOCOL_TLS_CLIENT)
client.ws_set_options("/mqtt")
client.on_connect = lambda *arguments: events.put(("connected", arguments[3]))
client.on_subscribe = lambda *arguments: events.put(("subscribed", None))
client.on_message = lambda client, data, message: events.put(("message", message.payload))
client.on_disconnect = lambda *arguments: events.put(("disconnected", arguments[2]))


def expect(name):
    event, value = events.get(timeout=30)
    if event != name:
        sys.exit(f"{event} {value} where {name} was expected")
    return value


client.connect(host, int(port))
client.loop_start()
code = expect("connected")
if code != 0:
    sys.exit(f"refused: {code}")
topic = f"paho/{os.getpid()}"
client.subscribe(topic, 2)
expect("subscribed")
sent = [f"{qos} {size} ".encode() * (size // 10) for qos in (0, 1, 2) for size in (10, 5_000, 300_000)]
for place, payload in enumerate(sent):
    client.publish(topic, payload, place // 3)
received = [expect("message") for _ in sent]
if sorted(sent) != sorted(received):
    sys.exit("a message is another one")
client.disconnect()
expect("disconnected")
client.loop_stop()
print("done")
