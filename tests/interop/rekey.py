#!/usr/bin/env python3
"""Rekeys and reauthentications of one connection "net" with one child "net", at two daemons that
speak VICI, and what there is then.

    rekey.py WEST EAST by west|east child|ike|reauth TIMES
    rekey.py WEST EAST at-once child|ike TIMES WEST_SEES EAST_SEES

WEST and EAST are control sockets; the last two are files of tests/net/ike_watch.py. After each time
there must be one IKE SA with one pair of Child SAs, newer than before and the same at both ends. At
once means that both are told before either has answered, until the requests have crossed TIMES times:
on a busy machine one of them may come too late for that, which is tried again; prints how often they
crossed, how often there was something else than one pair, and how often it was tried, as
"crossed N left N of N"."""
import socket
import struct
import sys
import time

CMD_REQUEST, CMD_RESPONSE, EVENT_REGISTER, EVENT_CONFIRM, EVENT = 0, 1, 3, 5, 7
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = 1, 2, 3, 4, 5, 6
WORDS = {'child': {'child': 'net'}, 'ike': {'ike': 'net'},
         'reauth': {'ike': 'net', 'reauth': 'yes'}}
PATIENCE = 12  # s
SETTLED = 1  # s, after which there is still one pair
APART = 0.05  # s, in which each SA carries something
TRIES = 4  # for each time that they are to cross


def named(kind, name):
    return bytes([kind, len(name)]) + name.encode()


def tree(data):
    """A message as dictionaries and lists."""
    root = {}
    stack, items, at = [root], None, 0

    def text(size):
        nonlocal at
        length = int.from_bytes(data[at:at + size], 'big')
        at += size + length
        return data[at - length:at].decode()

    while at < len(data):
        kind = data[at]
        at += 1
        if kind == SECTION_START:
            stack.append(stack[-1].setdefault(text(1), {}))
        elif kind == SECTION_END:
            stack.pop()
        elif kind == KEY_VALUE:
            key = text(1)
            stack[-1][key] = text(2)
        elif kind == LIST_START:
            items = stack[-1].setdefault(text(1), [])
        elif kind == LIST_ITEM:
            items.append(text(2))
        elif kind != LIST_END:
            raise ValueError(f'element {kind}')
    return root


class Daemon:
    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.send(named(EVENT_REGISTER, 'list-sa'))
        if self.receive()[0] != EVENT_CONFIRM:
            raise ValueError(f'{path}: no event list-sa')

    def send(self, packet):
        self.socket.sendall(struct.pack('!I', len(packet)) + packet)

    def exactly(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError(f'{self.path}: hung up')
            data += more
        return data

    def receive(self):
        return self.exactly(struct.unpack('!I', self.exactly(4))[0])

    def ask(self, command, pairs):
        packet = named(CMD_REQUEST, command)
        for key, value in pairs.items():
            packet += named(KEY_VALUE, key) + struct.pack('!H', len(value)) + value.encode()
        self.send(packet)

    def answered(self):
        """The answer, and what came on the way to it."""
        events = []
        while True:
            packet = self.receive()
            if packet[0] == CMD_RESPONSE:
                return tree(packet[1:]), events
            if packet[0] != EVENT:
                raise ValueError(f'{self.path}: packet {packet[0]}')
            events.append(tree(packet[2 + packet[1]:]))

    def succeeded(self):
        answer = self.answered()[0]
        if answer.get('success') != 'yes':
            raise ValueError(f'{self.path}: {answer}')

    def sas(self):
        """Numbers of IKE SAs; number, SPI in, SPI out of Child SAs. A Child SA that is deleted and
        kept for what is under way does not count."""
        self.ask('list-sas', {})
        ikes, children = [], []
        for event in self.answered()[1]:
            for ike in event.values():
                ikes.append(int(ike['uniqueid']))
                children += [(int(c['uniqueid']), int(c.get('spi-in', '0'), 16),
                              int(c.get('spi-out', '0'), 16))
                             for c in ike.get('child-sas', {}).values() if c['state'] != 'DELETED']
        return ikes, children


class Tunnel:
    def __init__(self, west, east):
        self.ends = {'west': Daemon(west), 'east': Daemon(east)}
        self.seen = []

    def look(self):
        self.seen = [end.sas() for end in self.ends.values()]
        return self.seen

    def newest(self, what):
        """At both ends, when it was looked last."""
        return [max([c[0] for c in children] if what == 'child' else ikes, default=0)
                for ikes, children in self.seen]

    def is_one_pair(self):
        (west_ikes, west), (east_ikes, east) = self.look()
        return len(west_ikes) == len(east_ikes) == len(west) == len(east) == 1 and \
            west[0][1:] == east[0][:0:-1]

    def settles(self, what, before):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.is_one_pair() and all(
                    now > then for now, then in zip(self.newest(what), before)):
                return True
            time.sleep(0.02)
        print('there is', *self.seen)
        return False

    def by(self, side, what):
        time.sleep(APART)
        self.look()
        before = self.newest(what)
        self.ends[side].ask('rekey', dict(WORDS[what], timeout='10000'))
        self.ends[side].succeeded()
        return self.settles(what, before)

    def at_once(self, what):
        self.look()
        before = self.newest(what)
        for end in self.ends.values():
            end.ask('rekey', WORDS[what])
        for end in self.ends.values():
            end.succeeded()
        if not self.settles(what, before):
            return False
        time.sleep(SETTLED)
        return self.is_one_pair()


class Wire:
    """What one end has sent and heard."""

    def __init__(self, path):
        self.file = open(path, encoding='ascii')
        self.file.read()

    def asked_first(self):
        """Since the last time: did it ask for keys before it was asked, and was it asked?"""
        ways = [line.split()[-1] for line in self.file.readlines()
                if line.startswith('CREATE_CHILD_SA request')]
        return ways[:1] == ['sent'] and 'heard' in ways


def main(words):
    tunnel = Tunnel(*words[:2])
    if words[2] == 'by':
        side, what, times = words[3], words[4], int(words[5])
        return 0 if all(tunnel.by(side, what) for _ in range(times)) else 1
    what, times, wires = words[3], int(words[4]), [Wire(path) for path in words[5:7]]
    crossed = left = tried = 0
    while crossed < times and tried < times * TRIES:
        tried += 1
        left += not tunnel.at_once(what)
        crossed += all([wire.asked_first() for wire in wires])
    print(f'crossed {crossed} left {left} of {tried}')
    return 0 if crossed == times and left == 0 else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
