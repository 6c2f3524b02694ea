#!/usr/bin/env python3
"""Two hundred clients of a control socket, none of them well-behaved.

    vici_crowd.py SOCKET SECONDS

150 ask as long as they are let and never read, 20 send half of a long request and no more, 30 send
nonsense and come back when they are thrown out. Prints "there" when all have begun, and at the end
how often each was thrown out.
"""
import os
import random
import socket
import sys
import time

DEAF, HALF, RUDE = 150, 20, 30


def packet(kind, name):
    body = bytes([kind, len(name)]) + name
    return len(body).to_bytes(4, 'big') + body


ASK = packet(0, b'get-algorithms') * 64
BEGIN = {'deaf': b''.join(packet(3, e) for e in (b'log', b'ike-updown', b'child-updown', b'list-sa'))
         + packet(0, b'list-sas') + ASK,
         'half': (500000).to_bytes(4, 'big') + bytes([0, 9]) + b'load-conn' + bytes(400000)}


class Client:
    def __init__(self, kind, path):
        self.kind, self.path, self.thrown, self.socket = kind, path, 0, None
        self.come()

    def come(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(self.path)  # waits while too many come at once
        self.socket.setblocking(False)
        self.rest = BEGIN.get(self.kind) or os.urandom(random.randrange(4, 3000))

    def turn(self):
        try:
            if self.kind == 'deaf' and not self.rest:
                self.rest = ASK
            while self.rest:
                self.rest = self.rest[self.socket.send(self.rest):]
            if self.kind == 'rude':
                if self.socket.recv(4096) == b'':
                    raise ConnectionError
                self.rest = os.urandom(100)
        except BlockingIOError:
            pass
        except OSError:
            self.thrown += 1
            self.socket.close()
            self.come()


def main():
    path, seconds = sys.argv[1], float(sys.argv[2])
    end = time.monotonic() + seconds
    kinds = ['deaf'] * DEAF + ['half'] * HALF + ['rude'] * RUDE
    clients = []
    for kind in kinds:
        clients.append(Client(kind, path))
        clients[-1].turn()
    print('there', flush=True)
    while time.monotonic() < end:
        for c in clients:
            c.turn()
        time.sleep(0.02)
    for kind in ('deaf', 'half', 'rude'):
        print(kind, 'thrown out', sum(c.thrown for c in clients if c.kind == kind))


main()
