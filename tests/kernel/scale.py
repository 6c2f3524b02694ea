#!/usr/bin/env python3
"""Many tunnels between two daemons that speak VICI: installed, rekeyed, removed, and how long each took.

    scale.py COUNT WEST WEST_NAMESPACE EAST EAST_NAMESPACE

WEST and EAST are control sockets of daemons with connections t1, t2 ... and a child "net" in each. What
there is, the kernels of both are asked. Prints a line for each of the three, and ends with 1 when one is
not done in time."""
import importlib.util
import os
import re
import subprocess
import sys
import threading
import time

PATIENCE = 400  # s, for each of the three
AT_ONCE = 8  # handshakes: what waits for a processor for seconds is given up; charon has 16 threads

spec = importlib.util.spec_from_file_location(
    'rekey', os.path.join(os.path.dirname(__file__), '../interop/rekey.py'))
rekey = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rekey)


def state(namespace, *words):
    return subprocess.run(['nsenter', f'--net=/run/netns/{namespace}', 'ip', 'xfrm', 'state', *words],
                          stdout=subprocess.PIPE, check=True).stdout.decode()


def spis(namespace, wanted):
    """Those of ESP that the kernel has there; of larval ones, which have no keys, not. None where it has
    more or fewer than wanted, which it says for little."""
    if f'count {wanted}\n' not in state(namespace, 'count'):
        return None
    return {found[1] for sa in re.split(r'^src ', state(namespace), flags=re.M)
            if (found := re.search(r'proto esp spi (0x[0-9a-f]+)', sa)) and '\taead ' in sa}


def until(what, began, count, namespaces, gone):
    """Until each end has so many pairs, none of them of those that are to be gone."""
    wanted = 0 if what == 'removed' else 2 * count
    while True:
        now = [spis(n, wanted) for n in namespaces]
        spent = time.monotonic() - began
        if all(n is not None and len(n) == wanted for n in now) and not gone & set().union(*now):
            print(f'{what} {count} in {spent:.2f} s, {spent / count * 1e6:.0f} us each', flush=True)
            return set().union(*now)
        if spent > PATIENCE:
            print(f'{what}: not {wanted} SAs each after {PATIENCE} s:', *(state(n, 'count') for n in namespaces))
            raise SystemExit(1)
        time.sleep(0.2)


def for_each(path, names, command, words):
    """The command for each of them, so many at once; it is done when it is answered."""
    left, failed = list(reversed(names)), []

    def work():
        daemon = rekey.Daemon(path)
        daemon.socket.settimeout(PATIENCE)
        while left and not failed:
            name = left.pop()
            try:
                daemon.ask(command, {'ike': name, **words})
                daemon.succeeded()
            except Exception as why:  # a thread has nobody above it to tell
                failed.append(f'{command} {name}: {why}')

    workers = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        print(*failed, sep='\n')
        raise SystemExit(1)


def main(count, west, west_namespace, east, east_namespace):
    count, namespaces = int(count), (west_namespace, east_namespace)
    daemon = rekey.Daemon(west)
    daemon.socket.settimeout(PATIENCE)
    rekey.Daemon(east)
    names = [f't{n}' for n in range(1, count + 1)]
    began = time.monotonic()
    for_each(west, names, 'initiate', {'child': 'net'})
    first = until('installed', began, count, namespaces, set())
    began = time.monotonic()
    daemon.ask('rekey', {'child': 'net'})
    daemon.succeeded()
    until('rekeyed', began, count, namespaces, first)
    began = time.monotonic()
    for_each(west, names, 'terminate', {})
    until('removed', began, count, namespaces, set())


if __name__ == '__main__':
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
