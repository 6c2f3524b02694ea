#!/usr/bin/env python3
"""A crowd that waits for somebody who says nothing.

    silence.py serve PORT
    silence.py waiting|known WEST_SOCKET EAST_SOCKET EAST_PID COUNT

The first one takes connections and keeps them. The second has west begin COUNT handshakes, which east
will refuse, at once ("known") or when it has waited ("waiting"); meanwhile it counts east's memory and
descriptors and times handshakes of others. Prints figures; fails when something is not bounded."""
import os
import socket
import statistics
import sys
import time

KEY_VALUE, SECTION_START, SECTION_END, LIST_START, LIST_ITEM, LIST_END = 3, 1, 2, 4, 5, 6
PATIENCE_S = 90
MIB = 1 << 20

# What a crowd may cost. certs keeps 16 connections to servers at a time; a control client or two are
# ours. In memory: SAs of net, and checks that wait, of which certs keeps 32 MiB at most.
DESCRIPTORS = {'certs': 16 + 4}
DESCRIPTORS_ELSEWHERE = 4
MEMORY = {'certs': 48 * MIB, 'net': 32 * MIB}
MEMORY_ELSEWHERE = 8 * MIB
MEMORY_AGAIN = 8 * MIB  # what a second crowd may cost beyond the first
OTHER_S = 5  # a handshake of others; the silent ones take 16 s
PAUSE_S = 0.05  # between two of them: each leaves some 4 KiB for a minute, which are not the crowd's


class Session:
    """A client of a control socket; for commands that answer once."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def read(self, count):
        """That many octets."""
        out = b''
        while len(out) < count:
            more = self.socket.recv(count - len(out))
            if not more:
                raise ConnectionError('the control socket was closed')
            out += more
        return out

    def ask(self, command, **values):
        """The answer, as a dict of dicts."""
        body = bytes([0, len(command)]) + command.encode()
        for name, value in values.items():
            body += bytes([KEY_VALUE, len(name)]) + name.encode() + len(value).to_bytes(2, 'big') + value.encode()
        self.socket.sendall(len(body).to_bytes(4, 'big') + body)
        answer = self.read(int.from_bytes(self.read(4), 'big'))
        if answer[:1] != b'\x01':
            raise ValueError(f'{command} is not answered: {answer[:40]}')
        return parse(answer[1:])


def parse(octets):
    """A message as a dict; lists are left out."""
    at, stack = 0, [{}]

    def text(size):
        nonlocal at
        length = int.from_bytes(octets[at:at + size], 'big')
        at += size + length
        return octets[at - length:at].decode(errors='replace')

    while at < len(octets):
        kind = octets[at]
        at += 1
        if kind == SECTION_START:
            inner = {}
            stack[-1][text(1)] = inner
            stack.append(inner)
        elif kind == SECTION_END:
            stack.pop()
        elif kind == KEY_VALUE:
            name = text(1)
            stack[-1][name] = text(2)
        elif kind == LIST_START:
            text(1)
        elif kind == LIST_ITEM:
            text(2)
    return stack[0]


def processes(parent):
    """{role: pid}"""
    with open(f'/proc/{parent}/task/{parent}/children', encoding='ascii') as f:
        pids = f.read().split()
    out = {'parent': str(parent)}
    for pid in pids:
        with open(f'/proc/{pid}/comm', encoding='ascii') as f:
            out[f.read().strip().removeprefix('shriked-')] = pid
    return out


def sample(pids):
    """{role: (octets of memory, descriptors)}"""
    out = {}
    for role, pid in pids.items():
        with open(f'/proc/{pid}/statm', encoding='ascii') as f:
            pages = int(f.read().split()[1])
        out[role] = (pages * os.sysconf('SC_PAGE_SIZE'), len(os.listdir(f'/proc/{pid}/fd')))
    return out


def most(a, b):
    """The greater of each number."""
    return {role: tuple(map(max, a[role], b[role])) for role in a}


def other(west):
    """A handshake of somebody else: seconds."""
    begun = time.monotonic()
    answer = west.ask('initiate', child='psk', timeout='20000')
    took = time.monotonic() - begun
    if answer.get('success') != 'yes':
        sys.exit(f'another one is refused: {answer}')
    west.ask('terminate', ike='psk', timeout='20000')
    return took


def number(stats, section, name):
    """One of these numbers."""
    return int(stats.get(section, {}).get(name, 0))


class Crowd:
    """What is seen of it."""

    def __init__(self, arguments):
        self.west, self.east = Session(arguments[0]), Session(arguments[1])
        self.east.ask('stats')  # it has taken us
        self.pids = processes(arguments[2])
        self.before = self.peak = sample(self.pids)
        self.waiting, self.times, self.fetches, self.refused = 0, [], 0, 0

    def look(self):
        """Is somebody still under way?"""
        self.peak = most(self.peak, sample(self.pids))
        stats = self.east.ask('stats')
        waiting = number(stats, 'shrike-certs', 'waiting')
        self.waiting = max(self.waiting, waiting)
        self.fetches = max(self.fetches, number(stats, 'shrike-certs', 'fetches'))
        self.refused = number(stats, 'shrike-certs', 'refused')
        return waiting > 0 or number(stats, 'ikesas', 'half-open') > 0

    def run(self, count):
        """All of them, until the last one is refused."""
        self.look()
        refused = self.refused
        for i in range(count):
            answer = self.west.ask('initiate', child=f'c{i}', timeout='-1')
            if answer.get('success') != 'yes':
                sys.exit(f'c{i} is not begun: {answer}')
        begun = time.monotonic()
        while self.look() or self.refused < refused + count:
            if time.monotonic() > begun + PATIENCE_S:
                sys.exit(f'after {PATIENCE_S} s {self.refused - refused} of {count} are refused')
            if self.waiting:
                self.times.append((other(self.west), self.waiting))
            time.sleep(PAUSE_S)
        return time.monotonic() - begun


def settled(pids, before):
    """What there is when all has gone; descriptors are what they were within some seconds."""
    end = time.monotonic() + 10
    while True:
        now = sample(pids)
        if all(now[role][1] <= before[role][1] for role in now) or time.monotonic() > end:
            return now
        time.sleep(0.2)


def judge(crowd, after, again):
    """Faults, and a line for each process."""
    faults = []
    for role, (memory, descriptors) in crowd.peak.items():
        grown, more = memory - crowd.before[role][0], descriptors - crowd.before[role][1]
        print(f'{role}: {crowd.before[role][0] / MIB:.1f} MiB + {grown / MIB:.1f}, '
              f'{crowd.before[role][1]} descriptors + {more}')
        if grown > (MEMORY_AGAIN if again else MEMORY.get(role, MEMORY_ELSEWHERE)):
            faults.append(f'{role} has grown')
        if more > DESCRIPTORS.get(role, DESCRIPTORS_ELSEWHERE):
            faults.append(f'{role} has too many descriptors')
        if after[role][1] > crowd.before[role][1]:
            faults.append(f'{role} has kept {after[role][1] - crowd.before[role][1]} descriptors')
    return faults


def main():
    """See above."""
    if sys.argv[1] == 'serve':
        serve(int(sys.argv[2]))
    again, count = sys.argv[1] == 'known', int(sys.argv[5])
    crowd = Crowd(sys.argv[2:5])
    alone = statistics.median(other(crowd.west) for _ in range(10))
    took = crowd.run(count)
    faults = judge(crowd, settled(crowd.pids, crowd.before), again)
    print(f'{count} handshakes refused in {took:.1f} s; at most {crowd.waiting} waited at a time, '
          f'for {crowd.fetches} answers')
    if crowd.times:
        times = [seconds for seconds, _ in crowd.times]
        print(f'others: {1000 * alone:.0f} ms before; meanwhile {len(times)} of them, '
              f'{1000 * statistics.median(times):.0f} ms (median), {1000 * max(times):.0f} ms (most)')
        if max(times) > OTHER_S:
            faults.append('others have waited, too')
    if not again and (crowd.waiting < count / 2 or len(crowd.times) < 3):
        faults.append('that was no crowd')
    if faults:
        sys.exit('; '.join(faults))


def serve(port):
    """Take connections, and say nothing."""
    kept = []
    with socket.create_server(('', port), backlog=256) as s:
        print('ready', flush=True)
        while True:
            kept.append(s.accept())


main()
