#!/usr/bin/env python3
"""load_shared.py SOCKET TYPE ID OWNER SECRET: bring a secret, as hex, over the control socket."""
import socket
import sys

KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = 3, 4, 5, 6


def value(name, octets):
    """One value of a message."""
    return bytes([KEY_VALUE, len(name)]) + name + len(octets).to_bytes(2, 'big') + octets


def owners(name):
    """The list of one owner."""
    return (bytes([LIST_START, 6]) + b'owners' + bytes([LIST_ITEM]) + len(name).to_bytes(2, 'big')
            + name + bytes([LIST_END]))


def main():
    """See above."""
    path, kind, name, owner, secret = sys.argv[1:]
    command = b'load-shared'
    body = (bytes([0, len(command)]) + command + value(b'id', name.encode())
            + value(b'type', kind.encode()) + value(b'data', bytes.fromhex(secret))
            + owners(owner.encode()))
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(path)
        s.sendall(len(body).to_bytes(4, 'big') + body)
        if b'\x03\x07success\x00\x03yes' not in s.recv(4096):
            sys.exit('load_shared.py: it is not taken')


main()
