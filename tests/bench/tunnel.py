#!/usr/bin/env python3
"""What the user-space data plane carries, beside others of its kind, all in one run.

    tests/bench/tunnel.py --build DIR [--seconds N] [--rounds N] [--json FILE]

Two hosts in two network namespaces, joined by a cable (veth). One TCP stream, and 64-octet UDP
packets, go between them: plain, through strongSwan's kernel-libipsec, through wireguard-go, and through
Shrike with OpenSSL and with libipsec-mb. "pass": the cable hands large segments through whole;
"seg": it cuts them to its MTU first, as a card without offload does. Each figure is the median of
the rounds, which are interleaved; ratios are what counts, times are those of this machine. TCP's
congestion control is cubic, which Linux has by itself: others, as a machine may be set to, wait on
purpose."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf('SC_CLK_TCK')
PREFIX = f'bt{os.getpid() % 100000}'
ENDS = ('w', 'e')
WIRE = {'w': '192.0.2.1', 'e': '192.0.2.2'}
INNER = {'w': '10.1.0.1', 'e': '10.2.0.1'}
SECRET = 'Sixteen octets or more of it'


def run(*command, check=True, **more):
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=120, **more)


def inside(end, *command):
    return ['nsenter', f'--net=/run/netns/{PREFIX}{end}', *command]


def ip(end, *words):
    run(*inside(end, 'ip', *words))


def until(what, seconds=15):
    for _ in range(seconds * 20):
        if what():
            return
        time.sleep(0.05)
    raise RuntimeError('not ready in time')


class Net:
    """Two hosts and a cable."""

    def __enter__(self):
        for end in ENDS:
            run('ip', 'netns', 'add', PREFIX + end)
            ip(end, 'link', 'set', 'lo', 'up')
        run('ip', 'link', 'add', 'wan', 'netns', PREFIX + 'w', 'type', 'veth', 'peer', 'name', 'wan',
            'netns', PREFIX + 'e')
        for end in ENDS:
            ip(end, 'addr', 'add', WIRE[end] + '/24', 'dev', 'wan')
            ip(end, 'addr', 'add', INNER[end] + '/24', 'dev', 'lo')
            ip(end, 'link', 'set', 'wan', 'up')
        return self

    def __exit__(self, *_):
        for end in ENDS:
            run('ip', 'netns', 'del', PREFIX + end, check=False)

    @staticmethod
    def cable(kind):
        state = 'on' if kind == 'pass' else 'off'
        for end in ENDS:
            for feature, on in (('tso', state), ('gso', state), ('tx-udp-segmentation', state),
                                ('gro', 'off' if kind == 'pass' else 'on')):
                run(*inside(end, 'ethtool', '-K', 'wan', feature, on), check=False)


class Process:
    def __init__(self, command, log, env=None):
        self.log = open(log, 'ab')
        self.child = subprocess.Popen(command, stdout=self.log, stderr=self.log,
                                      stdin=subprocess.DEVNULL, env=env)

    def pids(self):
        """Of the process and all below it."""
        found, at = [self.child.pid], 0
        while at < len(found):
            try:
                text = pathlib.Path(f'/proc/{found[at]}/task/{found[at]}/children').read_text()
                found += [int(p) for p in text.split()]
            except OSError:
                pass
            at += 1
        return found

    def cpu_s(self):
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / TICK

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(6)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()


class Plain:
    name, target = 'plain', 'wire'

    def __init__(self, *_):
        self.processes = []

    def end(self):
        for process in self.processes:
            process.end()


class Shrike(Plain):
    target = 'inner'

    def __init__(self, args, folder, library, suite):
        super().__init__()
        self.name = f'shrike {library} {suite}'
        for end, other in (ENDS, ENDS[::-1]):
            conf = folder / f'{end}.conf'
            conf.write_text(f'''
shrike {{
    esp_library = {library}
}}
connections {{ net {{
    local_addrs = {WIRE[end]}
    remote_addrs = {WIRE[other]}
    local {{ auth = psk
        id = {end}.example }}
    remote {{ auth = psk
        id = {other}.example }}
    children {{ net {{
        local_ts = {INNER[end]}/24
        remote_ts = {INNER[other]}/24
        esp_proposals = {suite}
    }} }}
}} }}
secrets {{ ike {{ secret = "{SECRET}" }} }}
''')
            socket = folder / f'{end}.vici'
            self.processes.append(Process(
                inside(end, f'{args.build}/daemon/parent/shriked', '--config', str(conf),
                       '--control-socket', str(socket)), folder / f'{end}.log'))
            tool = [f'{args.build}/tool/shrike', '--socket', str(socket)]
            until(lambda t=tool: run(*t, 'version', check=False).returncode == 0)
        run(f'{args.build}/tool/shrike', '--socket', str(folder / 'w.vici'), 'up', 'net')


class Libipsec(Plain):
    name, target = 'kernel-libipsec aes128gcm16', 'inner'

    def __init__(self, _args, folder):
        super().__init__()
        for end, other in (ENDS, ENDS[::-1]):
            home = folder / f'ss-{end}'
            for sub in ('conf.d', 'x509', 'x509ca', 'x509ocsp', 'x509aa', 'x509ac', 'x509crl', 'pubkey',
                        'private', 'rsa', 'ecdsa', 'bliss', 'pkcs8', 'pkcs12'):
                (home / sub).mkdir(parents=True, exist_ok=True)
            (home / 'strongswan.conf').write_text(f'''
charon-systemd {{
    load_modular = yes
    journal {{ default = -1 }}
    syslog {{ daemon {{ default = -1 }} auth {{ default = -1 }} }}
    plugins {{
        include /etc/strongswan.d/charon/*.conf
        vici {{ socket = unix://{home}/vici }}
        kernel-libipsec {{ load = yes }}
        stroke {{ load = no }}
        bypass-lan {{ load = no }}
        resolve {{ load = no }}
        tpm {{ load = no }}
    }}
}}
''')
            (home / 'swanctl.conf').write_text(f'''
connections {{ net {{
    version = 2
    local_addrs = {WIRE[end]}
    remote_addrs = {WIRE[other]}
    local {{ auth = psk
        id = {end}.example }}
    remote {{ auth = psk
        id = {other}.example }}
    children {{ net {{
        local_ts = {INNER[end]}/24
        remote_ts = {INNER[other]}/24
        esp_proposals = aes128gcm16
    }} }}
}} }}
secrets {{ ike-1 {{ secret = "{SECRET}" }} }}
''')
            env = dict(os.environ, STRONGSWAN_CONF=f'{home}/strongswan.conf', SWANCTL_DIR=str(home))
            self.processes.append(Process(inside(end, 'charon-systemd'), home / 'log', env))
            swanctl = lambda *words, e=env, h=home: run(
                'swanctl', *words, '--uri', f'unix://{h}/vici', env=e, check=False).returncode == 0
            until(lambda s=swanctl: s('--stats'))
            if not swanctl('--load-all'):
                raise RuntimeError('swanctl --load-all')
        if not swanctl('--initiate', '--child', 'net', '--timeout', '10'):
            raise RuntimeError('swanctl --initiate')


class Wireguard(Plain):
    name, target = 'wireguard-go', 'inner'

    def __init__(self, _args, folder):
        super().__init__()
        keys = {}
        for end in ENDS:
            private = run('wg', 'genkey').stdout.strip()
            (folder / f'wg-{end}').write_text(private)
            keys[end] = run('wg', 'pubkey', input=private).stdout.strip()
        for end, other in (ENDS, ENDS[::-1]):
            device = f'wg{PREFIX[2:]}{end}'[:15]
            env = dict(os.environ, WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD='1', LOG_LEVEL='error')
            self.processes.append(
                Process(inside(end, 'wireguard-go', '-f', device), folder / f'wg-{end}.log', env))
            until(lambda e=end, d=device: run(*inside(e, 'wg', 'show', d), check=False).returncode == 0)
            run(*inside(end, 'wg', 'set', device, 'listen-port', '51820', 'private-key',
                        str(folder / f'wg-{end}'), 'peer', keys[other], 'allowed-ips',
                        INNER[other] + '/32', 'endpoint', WIRE[other] + ':51820'))
            ip(end, 'link', 'set', device, 'mtu', '1420', 'up')
            ip(end, 'route', 'add', INNER[other] + '/32', 'dev', device, 'src', INNER[end])


# Offers, in 64-octet packets a second: a sender without pause would take the processor away from
# those who are to be measured.
OFFERS = (50e3, 75e3, 100e3, 150e3, 200e3, 300e3, 400e3, 500e3, 600e3, 700e3)


def ends(tunnel):
    return (WIRE['w'], WIRE['e']) if tunnel.target == 'wire' else (INNER['w'], INNER['e'])


def arrived():
    """UDP packets that have come to the east so far: dropped there for want of room, all but a few."""
    lines = [l.split() for l in run(*inside('e', 'cat', '/proc/net/snmp')).stdout.split('\n') if l.startswith('Udp:')]
    return int(lines[1][lines[0].index('RcvbufErrors')])


def packets(args, tunnel):
    """The best that arrives of all offers in packets a second, and the least CPU seconds of the
    daemons per packet."""
    program = f'{args.build}/tests/bench/bench_packets'
    best, least = 0, None
    sink = subprocess.Popen(inside('e', program, 'swallow', ends(tunnel)[1], '7001'), stdout=subprocess.PIPE)
    try:
        sink.stdout.readline()
        for offer in OFFERS:
            count, before = -arrived(), sum(p.cpu_s() for p in tunnel.processes)
            run(*inside('w', program, 'send', ends(tunnel)[1], '7001', '64', str(offer), '1'))
            cpu = sum(p.cpu_s() for p in tunnel.processes) - before
            count += arrived()
            best = max(best, count)
            least = cpu / count if least is None else min(least, cpu / max(1, count))
            if count < 0.6 * offer:
                break
    finally:
        sink.kill()
        sink.wait()
    return best, least


def stream(tunnel, seconds):
    """Bits received per second, and CPU seconds of the daemons per octet."""
    here, there = ends(tunnel)
    run(*inside('w', 'ping', '-c', '3', '-i', '0.1', '-W', '2', '-I', here, there))
    with tempfile.TemporaryFile() as out:
        server = subprocess.Popen(inside('e', 'iperf3', '-s', '-1', '-B', there), stdout=out, stderr=out)
        try:
            until(lambda: f'{there}:5201' in run(*inside('e', 'ss', '-ltnH')).stdout)
            before = sum(p.cpu_s() for p in tunnel.processes)
            done = run(*inside('w', 'iperf3', '-c', there, '-B', here, '-t', str(seconds), '-C', 'cubic', '-J'))
            cpu = sum(p.cpu_s() for p in tunnel.processes) - before
        finally:
            server.kill()
            server.wait()
    got = json.loads(done.stdout)['end']['sum_received']
    return got['bits_per_second'], cpu / max(1, got['bytes'])


def kinds(args):
    suite = 'aes128gcm16'
    return {
        'plain': Plain,
        'libipsec': lambda f: Libipsec(args, f),
        'wireguard': lambda f: Wireguard(args, f),
        'openssl': lambda f: Shrike(args, f, 'openssl', suite),
        'ipsecmb': lambda f: Shrike(args, f, 'fastest', suite),
        'chacha': lambda f: Shrike(args, f, 'fastest', 'chacha20poly1305'),
    }


def measure(args, log):
    """{(name, cable, what): [(rate, cpu)...]}; a round is every kind once."""
    figures = {}
    with Net() as net:
        for number in range(args.rounds):
            for name, make in kinds(args).items():
                if args.only and name not in args.only:
                    continue
                folder = pathlib.Path(tempfile.mkdtemp(prefix='shrike-bench.'))
                tunnel = None
                try:
                    tunnel = make(folder)
                    for cable in ('pass', 'seg'):
                        net.cable(cable)
                        figures.setdefault((name, cable, 'tcp'), []).append(
                            stream(tunnel, args.seconds))
                    net.cable('pass')
                    figures.setdefault((name, 'pass', 'udp'), []).append(packets(args, tunnel))
                except (RuntimeError, subprocess.SubprocessError) as e:
                    what = getattr(e, 'stderr', '') or getattr(e, 'stdout', '') or str(e)
                    print(f'{name}: could not be measured: {what.strip()[-300:]}', file=log)
                    for path in folder.glob('*.log'):
                        print(path.read_text(errors='replace')[-600:], file=log)
                finally:
                    if tunnel:
                        tunnel.end()
                    shutil.rmtree(folder, ignore_errors=True)
            print(f'  round {number + 1} of {args.rounds}', file=log, flush=True)
    return figures


def median(figures, *key):
    rows = figures.get(key)
    return (statistics.median(r for r, _ in rows), statistics.median(c for _, c in rows)) if rows else None


class Report:
    def __init__(self):
        self.failed, self.rows = 0, []

    def target(self, name, value, limit, at_least):
        """One ratio and whether its target holds; None: it could not be measured."""
        good = value is not None and (value >= limit if at_least else value <= limit)
        self.failed += not good
        text = 'not measured' if value is None else f'{value:.2f}'
        print(f'  {name:<62} {text:>12}   {">=" if at_least else "<="} {limit:<5g} {"ok" if good else "NOT MET"}')
        self.rows.append({'name': name, 'ratio': value, 'target': limit, 'ok': good})


def ratio(a, b):
    return a / b if a is not None and b else None


def show(figures):
    print('\n  one run, two namespaces; medians      TCP pass     TCP seg    daemons\' CPU   64-octet UDP   their CPU')
    for name in dict.fromkeys(k[0] for k in figures):
        tcp, seg, udp = (median(figures, name, *w) for w in (('pass', 'tcp'), ('seg', 'tcp'), ('pass', 'udp')))
        cells = [f'{tcp[0] / 1e9:8.2f} Gb/s' if tcp else '', f'{seg[0] / 1e9:8.2f} Gb/s' if seg else '',
                 f'{tcp[1] * 1e9:7.2f} ns/octet' if tcp and tcp[1] else '',
                 f'{udp[0] / 1e3:8.0f} k/s' if udp else '', f'{udp[1] * 1e6:6.2f} us' if udp and udp[1] else '']
        print(f'  {name:<34}' + ' '.join(f'{c:>14}' for c in cells))


def targets(figures):
    report = Report()
    rate = lambda name, *what: (median(figures, name, *what) or (None, None))[0]
    cpu = lambda name, *what: (median(figures, name, *what) or (None, None))[1]
    print()
    for name, speed, octet, veth in (('openssl', 8, 1 / 9, 0.3), ('ipsecmb', 11, 1 / 13, 0.4)):
        for other in ('libipsec', 'wireguard'):
            report.target(f'{name}: TCP, of {other}', ratio(rate(name, 'pass', 'tcp'), rate(other, 'pass', 'tcp')),
                          speed, True)
        report.target(f'{name}: CPU per octet, of libipsec',
                      ratio(cpu(name, 'pass', 'tcp'), cpu('libipsec', 'pass', 'tcp')), octet, False)
        report.target(f'{name}: TCP, of plain on a segmenting cable',
                      ratio(rate(name, 'seg', 'tcp'), rate('plain', 'seg', 'tcp')), veth, True)
        report.target(f'{name}: 64-octet packets, of libipsec',
                      ratio(rate(name, 'pass', 'udp'), rate('libipsec', 'pass', 'udp')), 5, True)
        per_packet = cpu(name, 'pass', 'udp')
        report.target(f'{name}: microseconds of CPU per 64-octet packet, both sides',
                      per_packet * 1e6 if per_packet else None, 4, False)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', required=True)
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', action='append', help='measure this kind alone; may be repeated')
    parser.add_argument('--json')
    args = parser.parse_args()
    figures = measure(args, sys.stderr)
    show(figures)
    report = targets(figures)
    if args.json:
        rows = [{'kind': k[0], 'cable': k[1], 'what': k[2], 'rounds': v} for k, v in figures.items()]
        pathlib.Path(args.json).write_text(json.dumps({'figures': rows, 'targets': report.rows}, indent=1))
    return 1 if report.failed else 0


if __name__ == '__main__':
    sys.exit(main())
