#!/usr/bin/env python3
"""Which keys do the messages of two daemons have?

    swanctl_keys.py DOCUMENT OURS THEIRS

OURS and THEIRS are folders with what `swanctl --pretty` printed of one and of the other. Names that
differ by their nature (of connections, Child SAs, pools, algorithms) are written as *. What one
has and the other has not must stand in the table of DOCUMENT whose head is "| message | key | only |
why |", and whatever stands there must be so.
"""
import os
import re
import sys

# Where names stand: of each message, paths whose last part is one.
NAMES = {
    'list-sa': ['*', '*.child-sas.*'], 'ike-updown': ['*'], 'ike-rekey': ['*'], 'ike-update': ['*'],
    'child-updown': ['*', '*.child-sas.*'], 'child-rekey': ['*', '*.child-sas.*'],
    'list-conn': ['*', '*.children.*'], 'list-policy': ['*'],
    'get-pools': ['*', '*.leases.*'], 'get-algorithms': ['*.*'], 'get-counters': ['counters.*'],
}

# What release 6 of charon calls otherwise than 5.9.8, which is what we are compared with.
RENAMED = {('get-algorithms', 'ke'): 'dh'}


def star(message, path):
    """The path with its last part as * if a name stands there."""
    path = [RENAMED.get((message, path[0]), path[0])] + path[1:]
    if message == 'stats' and path[0].startswith('shrike-'):
        return ['shrike-*', '*'][:len(path)]
    path = path[:-1] + [re.sub('^tasks-.*', 'tasks-*', path[-1])]  # it depends on the moment
    for pattern in NAMES.get(message, []):
        if re.fullmatch('[^.]*'.join(re.escape(p) for p in pattern.split('*')), '.'.join(path)):
            if pattern.endswith('*'):
                return path[:-1] + ['*']
    return path


def keys_of(folder):
    """All (message, key) of the files of a folder."""
    found = set()
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.pretty'):
            continue
        message, path, in_list = None, [], False
        for line in open(os.path.join(folder, name), encoding='utf-8', errors='replace'):
            line = line.strip()
            head = re.match(r'(\S+) (?:event|reply) \{$', line)
            if not path and head and message is None:
                message = head.group(1)
                message = {'list-sas': 'list-sa', 'list-conns': 'list-conn',
                           'list-policies': 'list-policy'}.get(message, message)
            elif message is None or not line:
                continue
            elif line == '}':
                if path:
                    path.pop()
                else:
                    message = None
            elif line == ']':
                in_list = False
            elif in_list:
                continue
            elif line.endswith(' {'):
                path = star(message, path + [line[:-2].replace('.', '/')])
            elif line.endswith(' = ['):
                in_list = True
                found.add((message, '.'.join(star(message, path + [line[:-4]]))))
            else:
                key = line.split(' = ')[0]
                found.add((message, '.'.join(star(message, path + [key]))))
    return found


def table_of(document):
    """The differences that are told."""
    told, inside = set(), False
    for line in open(document, encoding='utf-8'):
        cells = [c.strip().strip('`') for c in line.strip().strip('|').split('|')]
        if cells == ['message', 'key', 'only', 'why']:
            inside = True
        elif inside and line.startswith('|'):
            if not set(line) <= set('|- \n'):
                for key in cells[1].split('`, `'):
                    told.add((cells[0], key, cells[2]))
                if not cells[3]:
                    sys.exit(f'no reason: {line}')
        else:
            inside = False
    return told


def main():
    document, ours, theirs = sys.argv[1:]
    a, b = keys_of(ours), keys_of(theirs)
    print(f'{len(a)} keys of ours, {len(b)} of theirs, {len(a & b)} of both')
    real = {(m, k, 'shriked') for m, k in a - b} | {(m, k, 'charon') for m, k in b - a}
    told = table_of(document)
    for m, k, who in sorted(real - told):
        print(f'only {who} has {m} {k}: {os.path.basename(document)} does not say so')
    for m, k, who in sorted(told - real):
        print(f'{os.path.basename(document)} says that only {who} has {m} {k}: that is not so')
    return 0 if len(a) > 100 and len(b) > 100 and real == told else 1


if __name__ == '__main__':
    sys.exit(main())
