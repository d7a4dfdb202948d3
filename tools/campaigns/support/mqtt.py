"""As much MQTT 3.1.1 as campaigns need."""

import socket


def text(value):
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def packet(first_byte, body):
    length = len(body)
    out = bytearray([first_byte])
    while True:
        out.append(length % 128 | (128 if length >= 128 else 0))
        length //= 128
        if length == 0:
            return bytes(out) + body


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        some = connection.recv(count - len(data))
        if not some:
            raise ConnectionError("the server closed the connection")
        data += some
    return data


def subscribe_and_stop_reading(port, client_id, topic_filter, qos, clean):
    """A subscriber that reads its CONNACK and its SUBACK, and nothing more."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    flags = 0x02 if clean else 0x00
    connection.sendall(packet(0x10, text("MQTT") + bytes([4, flags, 0, 0]) + text(client_id)))
    if read_exactly(connection, 4)[3] != 0:
        raise ConnectionError(f"CONNECT of {client_id} was refused")
    connection.sendall(packet(0x82, b"\x00\x01" + text(topic_filter) + bytes([qos])))
    read_exactly(connection, 5)
    return connection
