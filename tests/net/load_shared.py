#!/usr/bin/env python3
"""load_shared.py SOCKET TYPE ID SECRET: bring a secret over the control socket."""
import socket
import sys

KEY_VALUE = 3


def value(name, octets):
    """One value of a message."""
    return bytes([KEY_VALUE, len(name)]) + name + len(octets).to_bytes(2, 'big') + octets


def main():
    """See above."""
    path, kind, name, secret = sys.argv[1:]
    command = b'load-shared'
    body = (bytes([0, len(command)]) + command + value(b'id', name.encode())
            + value(b'type', kind.encode()) + value(b'data', bytes.fromhex(secret)))
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(path)
        s.sendall(len(body).to_bytes(4, 'big') + body)
        if b'\x03\x07success\x00\x03yes' not in s.recv(4096):
            sys.exit('load_shared.py: it is not taken')


main()
