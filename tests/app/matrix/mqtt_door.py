"""The doors of MQTT: over TCP and WebSocket, and over TLS for who comes with a certificate."""

from matrix import transport
from matrix.http_door import PASSWORD
from matrix.mqtt_client import DENIED, Client

NAMES = {"connect", "publish", "retained", "will", "subscribe", "shared", "delivery", "queue"}
NOT_SERVED = 0x9E  # shared subscriptions
REFUSED = (DENIED, 0x86)  # not authorized; who it is was not believed


class MqttDoors:
    def __init__(self, site):
        self.site, self.count = site, 0
        self.waiting = []  # (row, transport, client id): subscribed before the rights changed
        self.clients = {}  # of those, by client id
        self.queues = []   # (row, client id): the same, and away

    def streams(self, row):
        """(name, how to open it) of each transport that the row is asked for over."""
        ports, ca = self.site.ports, self.site.ca
        if row.proof == "cert":
            certificate = self.site.certificate(row.user)
            return [("tls", lambda: transport.tls(ports["mqtts"], ca, certificate)),
                    ("wss", lambda: transport.WebSocket(
                        transport.tls(ports["https"], ca, certificate)))]
        return [("tcp", lambda: transport.plain(ports["mqtt"])),
                ("ws", lambda: transport.WebSocket(transport.plain(ports["http"])))]

    def identity(self, row):
        if row.user == "-" or row.proof == "cert":
            return {}
        password = self.site.tokens[row.user] if row.proof == "token" else PASSWORD
        return {"user": row.user, "password": password}

    def client_id(self, row):
        self.count += 1
        return row.client_id or f"{'guest' if row.user == '-' else row.user}-{self.count}"

    def connect(self, row, stream, client_id=None, **more):
        """(client or None, reason)"""
        client = Client(stream)
        reason = client.connect(client_id or self.client_id(row), **self.identity(row), **more)
        if reason:
            stream.close()
        return (None if reason else client), reason

    def ask(self, door, row, stream):
        """The reason code of the step that the door is; that of CONNECT where it comes first."""
        name = door.name.removeprefix("mqtt ")
        more = {"will": row.name} if name == "will" else {}
        client, reason = self.connect(row, stream, row.name if name == "connect" else None, **more)
        if client is None:
            return reason
        if name in ("publish", "retained"):
            reason = client.publish(row.name, retain=name == "retained")
        elif name == "subscribe":
            reason = client.subscribe(row.name)
        elif name == "shared":
            reason = client.subscribe(f"$share/group/{row.name}")
        client.disconnect()
        return reason

    def is_allowed(self, door, row, stream):
        """None where the server does not serve such a thing at all."""
        reason = self.ask(door, row, stream)
        if reason == NOT_SERVED:
            return None
        if reason in REFUSED:
            return False
        if reason is None or reason >= 0x80:
            raise ValueError(f"reason code {reason}")
        return True

    # What follows is about rights that change: before, everybody may do everything.

    def begin(self, row):
        for name, opened in self.streams(row):
            client_id = self.client_id(row)
            client, reason = self.connect(row, opened(), client_id)
            if client is None or client.subscribe(row.name) > 2 or client.subscribe("marker") > 2:
                raise ValueError(f"{row.text}: {name}: it cannot subscribe before ({reason})")
            self.waiting.append((row, name, client_id))
            self.clients[client_id] = client
        client_id = self.client_id(row)
        client, _ = self.connect(row, self.streams(row)[0][1](), client_id, clean=False)
        client.subscribe(row.name)
        client.subscribe("marker")
        client.stream.close()  # without DISCONNECT: the session stays
        self.queues.append((row, client_id))

    def end(self, publish):
        """(door, row, how, was allowed) of each session, with the rights of now."""
        for topic in sorted({row.name for row, _ in self.queues}):
            publish(topic)
        publish("marker")
        for row, name, client_id in self.waiting:
            client = self.clients[client_id]
            yield "mqtt delivery", row, name, row.name in client.topics_until("marker")
            client.stream.close()
        for row, client_id in self.queues:
            client, _ = self.connect(row, self.streams(row)[0][1](), client_id, clean=False)
            got = client.topics_until("marker") if client else []
            yield "mqtt queue", row, "tcp", row.name in got
