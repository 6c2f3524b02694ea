#!/usr/bin/env python3
"""What the tests in user-mode-linux ask again and again: there a program takes a tenth of a second to start,
so this one is started once (resident.sh) and told through a pipe. A line is a command and its words, the
answer a line, "yes ..." or "no ...". HOST is a name that `host` has made, SOCKET one of VICI.

    host HOST NAMESPACE             make it, with IPv6 addresses that need not wait
    set HOST VALUE PATH             in its /proc/sys/net
    states HOST [N]                 its SAs of ESP or AH, but those that a packet waits for: how many; whether it has N
    sas HOST [N]                    of any protocol
    policies HOST [N]               of any but sockets
    carried HOST PROTOCOL           how many of its SAs of that protocol have carried something, how many packets
    stat HOST NAME                  of its /proc/net/xfrm_stat
    reach HOST FROM TO [COUNT [OCTETS]]    every packet comes back; FROM may be any
    ping HOST FROM TO               fifty packets a second, from now on
    pinged [N]                      no more; how many came back (at least N are waited for), how many should
                                    have, as they were sent before the last that did, and the most in a row
    vici SOCKET COMMAND [KEY=VALUE...]     it succeeds
    load SOCKET FILE                the connections of a file, as swanctl would
    spis SOCKET child|ike           those that it has
    other SOCKET child|ike SPIS     it has as many, and none of these
    none SOCKET                     it has no IKE SA
    says FILE WORD                  the word stands in it
    until SECONDS COMMAND...        ask until it is so"""
import collections
import ctypes
import fcntl
import os
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../interop'))
import rekey  # pylint: disable=wrong-import-position

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, MS_BIND = 0x40000000, 0x1000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
NETLINK_XFRM, XFRM_MSG_GETSA, XFRM_MSG_GETPOLICY = 6, 0x12, 0x15
NLM_F_REQUEST, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 0x10, 2, 3
PROTOCOLS = {'esp': 50, 'ah': 51, 'comp': 108}
SOCKETS_FROM = 3  # directions of the policies of sockets
FAMILIES = {  # of ICMP: protocol, request, answer, where in what is received
    socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0, 20),
    socket.AF_INET6: (socket.getprotobyname('ipv6-icmp'), 128, 129, 0)}
PATIENCE = 2  # s, for an answer to a ping
EACH = 0.02  # s, between two pings, and between two looks

Sa = collections.namedtuple('Sa', 'protocol spi packets')
hosts, pings = {}, []


def libc(name, *words):
    if getattr(LIBC, name)(*words) != 0:
        raise OSError(ctypes.get_errno(), f'{name}: {os.strerror(ctypes.get_errno())}')


class Host:
    """A network namespace."""
    home = os.open('/proc/self/ns/net', os.O_RDONLY)

    def __init__(self, namespace):
        place = f'/run/netns/{namespace}'
        os.close(os.open(place, os.O_CREAT | os.O_EXCL, 0o600))
        libc('unshare', CLONE_NEWNET)
        libc('mount', b'/proc/self/ns/net', place.encode(), b'none', MS_BIND, None)
        self.space = os.open(place, os.O_RDONLY)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', IFF_UP))
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
        libc('setns', self.home, CLONE_NEWNET)

    def __enter__(self):
        libc('setns', self.space, CLONE_NEWNET)

    def __exit__(self, *_):
        libc('setns', self.home, CLONE_NEWNET)

    def dump(self, kind):
        """What the kernel has; once more when that changed meanwhile."""
        while True:
            self.netlink.send(struct.pack('=IHHII', 16, kind, NLM_F_REQUEST | NLM_F_DUMP, 0, 0))
            found, flags, done = [], 0, False
            while not done:
                data = self.netlink.recv(1 << 18)
                while data:
                    size, what, flag = struct.unpack_from('=IHH', data)
                    if what == NLMSG_ERROR:
                        raise OSError(f'netlink {struct.unpack_from("=i", data, 16)[0]}')
                    done, flags = what == NLMSG_DONE, flags | flag
                    if not done:
                        found.append(data[16:size])
                    data = data[size + 3 & ~3:]
            if not flags & NLM_F_DUMP_INTR:
                return found

    def sas(self):  # struct xfrm_usersa_info
        return [Sa(b[76], int.from_bytes(b[72:76], 'big'), struct.unpack_from('=Q', b, 168)[0])
                for b in self.dump(XFRM_MSG_GETSA)]

    def states(self):
        return sum(sa.protocol in (PROTOCOLS['esp'], PROTOCOLS['ah']) and sa.spi != 0 for sa in self.sas())

    def policies(self):  # struct xfrm_userpolicy_info
        return sum(b[160] < SOCKETS_FROM for b in self.dump(XFRM_MSG_GETPOLICY))


class Ping:
    """Echo requests from an address of a host."""
    last_id = 0

    def __init__(self, host, near, far):
        family = socket.AF_INET6 if ':' in far else socket.AF_INET
        protocol, self.request, self.answer, self.skip = FAMILIES[family]
        with hosts[host]:
            self.socket = socket.socket(family, socket.SOCK_RAW, protocol)
        if near != 'any':
            self.socket.bind((near, 0))
        self.far, self.sent, self.back = (far, 0), 0, set()
        Ping.last_id = self.id = Ping.last_id % 65535 + 1
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    def send(self, octets=56):
        self.sent += 1
        data = struct.pack('!BBHHH', self.request, 0, 0, self.id, self.sent & 65535) + bytes(octets)
        if self.request == 8:  # for the other one the kernel does it; what is all 0 adds nothing
            total = sum(struct.unpack('!4H', data[:8]))
            data = data[:2] + struct.pack('!H', ~(total + (total >> 16)) & 65535) + data[4:]
        try:
            self.socket.sendto(data, self.far)
        except OSError:  # which is lost, as others are
            pass

    def listen(self, until, wanted=None):
        """Until then, or until so many have come back."""
        while wanted is None or len(self.back) < wanted:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return
            data = self.socket.recv(65535)[self.skip:]
            if data[0] == self.answer and struct.unpack_from('!H', data, 4)[0] == self.id:
                self.back.add(struct.unpack_from('!H', data, 6)[0])

    def go_on(self):
        due = time.monotonic()
        while not self.stop.is_set():
            self.send()
            due = max(due + EACH, time.monotonic())
            self.listen(due)

    def end(self, wanted):
        until = time.monotonic() + PATIENCE
        while len(self.back) < wanted and time.monotonic() < until:
            time.sleep(EACH)
        self.stop.set()
        self.thread.join()
        self.listen(time.monotonic() + 0.3, self.sent)
        self.socket.close()
        row = sorted(self.back)
        gaps = [b - a - 1 for a, b in zip([0] + row, row)]
        return f'{len(row)} {max(row, default=0)} {max(gaps, default=0)}'


# ---- the commands: what they say, or whether it is so ----

def reach(host, near, far, count='3', octets='56'):
    ping = Ping(host, near, far)
    with ping.socket:
        for _ in range(int(count)):
            ping.send(int(octets))
            ping.listen(time.monotonic() + EACH, ping.sent)
        ping.listen(time.monotonic() + PATIENCE, ping.sent)
    if len(ping.back) < ping.sent:
        raise ValueError(f'{len(ping.back)} of {ping.sent} came back to {near} from {far}')
    return True


def ping_begin(host, near, far):
    pings.append(Ping(host, near, far))
    pings[-1].thread.start()
    return True


def set_sysctl(host, value, path):
    with hosts[host], open(f'/proc/sys/net/{path}', 'w', encoding='ascii') as file:
        file.write(value)
    return True


def stat(host, name):
    with hosts[host], open('/proc/thread-self/net/xfrm_stat', encoding='ascii') as file:
        return dict(line.split() for line in file)[name]


def carried(host, name):
    packets = [sa.packets for sa in hosts[host].sas() if sa.protocol == PROTOCOLS[name]]
    return f'{sum(n > 0 for n in packets)} {sum(packets)}'


def counted(count, wanted):
    return str(count) if wanted is None else count == int(wanted)


def vici(path, command, *pairs):
    daemon = rekey.Daemon(path)
    with daemon.socket:
        daemon.ask(command, dict(pair.split('=', 1) for pair in pairs))
        answer = daemon.answered()[0]
    if answer.get('success', 'yes') != 'yes':
        raise ValueError(f'{command}: {answer.get("errmsg", answer)}')
    return True


def sas_of(path):
    daemon = rekey.Daemon(path)
    with daemon.socket:
        daemon.ask('list-sas', {})
        return [ike for event in daemon.answered()[1] for ike in event.values()]


def spis(path, what):
    found = []
    for ike in sas_of(path):
        if what == 'ike':
            found += [ike['initiator-spi'], ike['responder-spi']]
        else:
            found += [child[key] for child in ike.get('child-sas', {}).values()
                      for key in ('spi-in', 'spi-out') if key in child]
    return ','.join(found)


def other(path, what, before):
    now, then = spis(path, what).split(','), before.split(',')
    return now != [''] and len(now) == len(then) and not set(now) & set(then)


# Of a connection as it stands in swanctl.conf: what is a list there, and what is files.
LISTS = {'local_addrs', 'remote_addrs', 'proposals', 'esp_proposals', 'ah_proposals', 'local_ts', 'remote_ts'}
FILES = {'certs', 'cacerts'}


def file_of(name):
    with open(name, 'rb') as file:
        return file.read()


def sections_of(lines):
    """Each top section's connections, as the VICI messages that load them."""
    path, out = [], {}
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[-1] == '{':
            path.append(words[0])
            if len(path) > 1:
                out[tuple(path[:2])] = out.get(tuple(path[:2]), b'') + rekey.named(rekey.SECTION_START, words[0])
        elif words == ['}']:
            if len(path) > 1:
                out[tuple(path[:2])] += bytes([rekey.SECTION_END])
            path.pop()
        else:
            key, value = (part.strip() for part in line.split('=', 1))
            items = [item.strip().encode() for item in value.strip('"').split(',')]
            if key in FILES:
                items = [file_of(item) for item in items]
            if key in LISTS | FILES:
                part = rekey.named(rekey.LIST_START, key)
                for item in items:
                    part += bytes([rekey.LIST_ITEM]) + struct.pack('!H', len(item)) + item
                part += bytes([rekey.LIST_END])
            else:
                text = value.strip('"').encode()
                part = rekey.named(rekey.KEY_VALUE, key) + struct.pack('!H', len(text)) + text
            out[tuple(path[:2])] += part
    return out


def load(path, name):
    with open(name, encoding='utf-8') as file:
        sections = sections_of(file)
    daemon = rekey.Daemon(path)
    with daemon.socket:
        for (kind, _), message in sections.items():
            if kind == 'connections':
                daemon.send(rekey.named(rekey.CMD_REQUEST, 'load-conn') + message)
                daemon.succeeded()
    return True


def until(seconds, *words):
    end = time.monotonic() + float(seconds)
    while True:
        said = answer_to(words)
        if said.startswith('yes') or time.monotonic() > end:
            return said
        time.sleep(EACH)


COMMANDS = {
    'host': lambda name, namespace: hosts.update({name: Host(namespace)}) is None,
    'set': set_sysctl,
    'states': lambda host, wanted=None: counted(hosts[host].states(), wanted),
    'sas': lambda host, wanted=None: counted(len(hosts[host].sas()), wanted),
    'policies': lambda host, wanted=None: counted(hosts[host].policies(), wanted),
    'carried': carried,
    'stat': stat, 'reach': reach, 'ping': ping_begin,
    'pinged': lambda wanted='0': pings.pop().end(int(wanted)),
    'vici': vici, 'spis': spis, 'other': other, 'load': load,
    'none': lambda path: not sas_of(path),
    'says': lambda name, word: word.encode() in file_of(name),
}


def answer_to(words):
    if words[0] == 'until':
        return until(*words[1:])
    try:
        said = COMMANDS[words[0]](*words[1:])
    except (OSError, ValueError, EOFError, LookupError, TypeError) as why:
        return f'no {" ".join(words)}: {why!r}'
    if isinstance(said, bool):
        return 'yes' if said else f'no {" ".join(words)}'
    return f'yes {said}'


if __name__ == '__main__':
    os.makedirs('/run/netns', exist_ok=True)
    for asked in sys.stdin:
        print(answer_to(asked.split()).replace('\n', ' '), flush=True)
