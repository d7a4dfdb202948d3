"""A small MQTT 3.1.1 client of the standard library, for tests: one connection, one thread."""

import socket
import struct
import time


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def packet(first, body):
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([first]) + length + body


class Client:
    """What it received lies in `messages`, as (topic, payload), in order."""

    def __init__(self, port, client_id, clean=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.unread, self.messages, self.next_id = b"", [], 0
        flags = 2 if clean else 0
        self.socket.sendall(packet(0x10, text("MQTT") + bytes([4, flags]) + struct.pack("!H", 60)
                                   + text(client_id)))
        kind, body = self.read(time.monotonic() + 10)
        if kind >> 4 != 2 or body[1] != 0:
            raise ValueError(f"the connection of '{client_id}' is refused with {body[1]}")

    def read(self, deadline):
        """The next packet, as (first byte, body). Raises TimeoutError or ConnectionError."""
        while True:
            for digits in range(1, min(5, len(self.unread))):
                if self.unread[digits] < 128:
                    size = sum((byte & 127) << 7 * i for i, byte in enumerate(self.unread[1:digits + 1]))
                    end = digits + 1 + size
                    if len(self.unread) >= end:
                        first, body = self.unread[0], self.unread[digits + 1:end]
                        self.unread = self.unread[end:]
                        return first, body
                    break
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self.unread += data

    def take(self, first, body):
        if first >> 4 != 3:
            return
        length = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2:2 + length].decode(), body[2 + length:]
        if first & 6:
            self.socket.sendall(packet(0x40, rest[:2]))
            rest = rest[2:]
        self.messages.append((topic, rest.decode(errors="replace")))

    def wait_for(self, kind, packet_id):
        deadline = time.monotonic() + 10
        while True:
            first, body = self.read(deadline)
            if first >> 4 == kind and struct.unpack("!H", body[:2])[0] == packet_id:
                return body
            self.take(first, body)

    def subscribe(self, topic_filter, qos):
        self.next_id += 1
        self.socket.sendall(packet(0x82, struct.pack("!H", self.next_id) + text(topic_filter) + bytes([qos])))
        if self.wait_for(9, self.next_id)[2] > 2:
            raise ValueError(f"the subscription to '{topic_filter}' is refused")

    def publish(self, topic, payload, qos, retain=False):
        first, body = 0x30 | qos << 1 | int(retain), text(topic)
        if qos:
            self.next_id += 1
            body += struct.pack("!H", self.next_id)
        self.socket.sendall(packet(first, body + payload.encode()))
        if qos:
            self.wait_for(4, self.next_id)

    def expect(self, topic, matches, seconds):
        """The payload of the first message of that topic that matches; it is taken out."""
        deadline = time.monotonic() + seconds
        while True:
            for i, (got, payload) in enumerate(self.messages):
                if got == topic and matches(payload):
                    return self.messages.pop(i)[1]
            try:
                self.take(*self.read(deadline))
            except TimeoutError:
                raise ValueError(f"no such message to '{topic}'; there were {self.messages}") from None

    def close(self):
        self.socket.sendall(packet(0xE0, b""))
        self.socket.close()
