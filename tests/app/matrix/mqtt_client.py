"""A client of MQTT 5 that says what the server answered, reason codes and all."""

import struct

DENIED = 0x87


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def length(size):
    out = b""
    while True:
        size, digit = divmod(size, 128)
        out += bytes([digit | (128 if size else 0)])
        if not size:
            return out


def packet(first, body):
    return bytes([first]) + length(len(body)) + body


def read_length(data, at=0):
    size = shift = 0
    while True:
        byte = data[at]
        at += 1
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return size, at


class Client:
    def __init__(self, stream):
        self.stream, self.unread, self.messages = stream, b"", []

    def take(self, count):
        while len(self.unread) < count:
            data = self.stream.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self.unread += data
        data, self.unread = self.unread[:count], self.unread[count:]
        return data

    def next(self):
        first = self.take(1)[0]
        digits = self.take(1)
        while digits[-1] >= 128:
            digits += self.take(1)
        return first, self.take(read_length(digits)[0])

    def connect(self, client_id, user=None, password=None, clean=True, will=None):
        """The reason code of CONNACK."""
        flags = (2 if clean else 0) | (4 if will else 0)
        flags |= (128 if user is not None else 0) | (64 if password is not None else 0)
        properties = b"" if clean else b"\x11" + struct.pack("!I", 3600)
        body = text("MQTT") + bytes([5, flags]) + struct.pack("!H", 60)
        body += length(len(properties)) + properties + text(client_id)
        if will:
            body += b"\x00" + text(will) + text("gone")
        for part in (user, password):
            body += text(part) if part is not None else b""
        self.stream.sendall(packet(0x10, body))
        try:
            first, body = self.next()
        except ConnectionError:
            return None
        return body[1] if first >> 4 == 2 else None

    def wait_for(self, kind):
        while True:
            first, body = self.next()
            if first >> 4 == kind:
                return body
            if first >> 4 == 14:
                raise ConnectionError(f"DISCONNECT {body.hex()}")
            if first >> 4 == 3:
                self.keep(first, body)

    def keep(self, first, body):
        size = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2:2 + size].decode(), body[2 + size:]
        if first & 6:
            self.stream.sendall(packet(0x40, rest[:2]))
        self.messages.append(topic)

    def publish(self, topic, retain=False):
        """The reason code of PUBACK."""
        body = text(topic) + b"\x00\x01\x00" + b"1"
        self.stream.sendall(packet(0x32 | int(retain), body))
        answer = self.wait_for(4)
        return answer[2] if len(answer) > 2 else 0

    def subscribe(self, topic_filter):
        """The reason code of SUBACK."""
        self.stream.sendall(packet(0x82, b"\x00\x02\x00" + text(topic_filter) + b"\x01"))
        return self.wait_for(9)[-1]

    def topics_until(self, last):
        """Topics of what comes, up to the message of topic `last`, or the end of the connection."""
        while last not in self.messages:
            try:
                first, body = self.next()
            except ConnectionError:
                break
            if first >> 4 == 3:
                self.keep(first, body)
        return self.messages

    def disconnect(self):
        self.stream.sendall(packet(0xE0, b""))
        self.stream.close()
