#!/usr/bin/env python3
"""A device in Python with the standard library only; it speaks WebSocket by itself. Also runs under MicroPython.

    python3 examples/python-device.py ws://127.0.0.1:8080/v1/device boiler-7 tgd_... [READINGS]

It sends a reading per second, and carries out the command set_interval. With READINGS it ends when that many are on disk. It keeps
no buffer, does not reconnect, and speaks without TLS; the package in clients/python does all three.
"""
import binascii
import json
import os
import select
import socket
import struct
import sys
import time


def connect(url, device, secret):
    """Opens the link (schemas/PROTOCOL.md, section 1)."""
    address, path = url.split("://", 1)[1].split("/", 1)
    host, _, port = address.partition(":")
    link = socket.socket()
    link.connect(socket.getaddrinfo(host, int(port or 80))[0][-1])
    basic = binascii.b2a_base64((device + ":" + secret).encode()).decode().strip()
    key = binascii.b2a_base64(os.urandom(16)).decode().strip()
    link.sendall(
        (
            "GET /" + path + "?stream=main HTTP/1.1\r\nHost: " + address + "\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Protocol: tidegate.v1.json\r\n"
            "Authorization: Basic " + basic + "\r\n\r\n"
        ).encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += read_bytes(link, 1)
    status = answer.split(b"\r\n")[0].decode()
    if " 101 " not in status:
        raise OSError("the gateway refused the link: " + status)
    return link


def read_bytes(link, count):
    data = b""
    while len(data) < count:
        part = link.recv(count - len(data))
        if not part:
            raise OSError("the link is lost")
        data += part
    return data


def write(link, opcode, payload):
    """One WebSocket frame (RFC 6455, 5.2). A client masks what it sends."""
    mask = os.urandom(4)
    length = len(payload)
    head = struct.pack(">BB", 0x80 | opcode, 0x80 | length) if length < 126 else struct.pack(">BBH", 0x80 | opcode, 0xFE, length)
    link.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def read(link):
    """The next WebSocket frame: its opcode and payload. The gateway does not fragment its messages."""
    head = read_bytes(link, 2)
    length = head[1] & 0x7F
    if length == 126:
        length = struct.unpack(">H", read_bytes(link, 2))[0]
    elif length == 127:
        length = struct.unpack(">Q", read_bytes(link, 8))[0]
    return head[0] & 0x0F, read_bytes(link, length)


class Device:
    def __init__(self, link):
        self.link = link
        self.poller = select.poll()
        self.poller.register(link, select.POLLIN)
        self.seconds = 1
        self.due = 0
        self.outcomes = {}  # A command that comes again is answered, and not run again.

    def tell(self, message):
        write(self.link, 1, json.dumps(message).encode())

    def run(self, name, params):
        if name != "set_interval":
            return {"state": "rejected", "error": {"code": "unknown_command"}}
        self.seconds = params["seconds"]
        self.due = time.time() + self.seconds
        print("the interval is", self.seconds, "s")
        return {"state": "succeeded", "result": {"seconds": self.seconds}}

    def take(self):
        """Waits for a message and returns it; None if it was a ping or a command, which are answered here."""
        opcode, payload = read(self.link)
        if opcode == 9:
            write(self.link, 10, payload)
        if opcode == 8:
            raise OSError("the gateway closed the link: " + str(struct.unpack(">H", payload[:2])[0]))
        if opcode != 1:
            return None
        message = json.loads(payload.decode())
        if message["type"] != "command":
            return message
        if message["id"] not in self.outcomes:
            self.outcomes[message["id"]] = self.run(message["name"], message["params"])
        answer = {"type": "command_update", "id": message["id"]}
        answer.update(self.outcomes[message["id"]])
        self.tell(answer)

    def welcome(self):
        while True:
            message = self.take()
            if message and message["type"] == "welcome":
                return message

    def send(self, seq, values):
        """Returns when the frame is on disk, or refused."""
        self.tell({"seq": seq, "values": values})
        while True:
            message = self.take()
            if message and message["type"] == "nack" and message["seq"] == seq:
                print("frame", seq, "was refused:", message["code"])
            if message and message["type"] == "ack" and message["seq"] >= seq:
                return print("frame", seq, "is on disk")

    def wait(self):
        """Until the next reading is due. The gateway's pings and commands are answered meanwhile."""
        self.due = time.time() + self.seconds
        while time.time() < self.due:
            if self.poller.poll(int((self.due - time.time()) * 1000) + 1):
                self.take()

    def close(self):
        write(self.link, 8, struct.pack(">H", 1000))
        self.link.close()


def main(url, name, secret, readings=0):
    device = Device(connect(url, name, secret))
    seq = device.welcome()["lastSeq"]  # Numbers go on where the gateway has them.
    last = seq + readings
    while True:
        seq += 1
        device.send(seq, {"temperature": 20 + os.urandom(1)[0] / 256})  # Put your sensor here.
        if seq == last:
            return device.close()
        device.wait()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        print("python3 python-device.py URL ID SECRET [READINGS]")
        sys.exit(64)
    try:
        main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    except KeyboardInterrupt:
        pass  # Ctrl-C ends it.
    except OSError as error:
        print(error)
        sys.exit(1)
