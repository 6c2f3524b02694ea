#!/usr/bin/env python3
"""What `shrike why` has to say of a case: why_check.py CASE NET_DIR SHRIKE (tests/net/why/README)."""
import json
import re
import subprocess
import sys
import time

PATIENCE_S = 6  # for what comes by itself: half-open handshakes, lifetimes


def told(shrike, socket, *command):
    said = subprocess.run([shrike, '--socket', socket, '--json', *command],
                          capture_output=True, text=True, timeout=20)
    if said.returncode != 0:
        raise SystemExit(f'shrike {command} failed: {said.stderr}')
    return json.loads(said.stdout)


def are_up(listed):
    return [c['name'] for c in listed['connections']
            if any(sa['state'] == 'ESTABLISHED' for sa in c['ike_sas'])]


def rule_of(failure):
    """The text of the line that decided, and of the one before it."""
    rule = failure['rule']
    if not rule['file'] or not rule['line']:
        return ''
    with open(rule['file'], encoding='utf-8') as f:
        return f.read().splitlines()[rule['line'] - 1]


def rows(failure, differs):
    return [r['what'].replace(' ', '_') for r in failure['compared'] if r['differs'] == differs]


def fits(failure, key, value):
    names = [c['name'] for c in failure['causes']]
    return {
        'exchange': lambda: failure['exchange'] == value,
        'by': lambda: failure['decided_by'] == value,
        'notify': lambda: failure['notify'] == value,
        'connection': lambda: failure['connection'] == value,
        'child': lambda: failure['child'] == value,
        'first': lambda: names[:1] == [value],
        'cause': lambda: value in names,
        'differs': lambda: value in rows(failure, True),
        'same': lambda: value in rows(failure, False),
        'rule': lambda: value in rule_of(failure),
        'fragments': lambda: f'{failure["fragments"]}/{failure["fragments_all"]}' == value,
        'change': lambda: value in (failure['change'] or ''),
    }[key]()


def wrong_of(failure, wanted):
    return [w for w in wanted if not fits(failure, *w.split('=', 1))]


def complaint(words, said, log):
    """None when it is as the line says, else what is wrong."""
    kind, *wanted = words
    if kind == 'none':
        return f'there are failures: {said["failures"]}' if said['failures'] else None
    if kind == 'waiting':
        names = [w['connection'] for w in said['waiting']]
        return None if names == wanted else f'{names} are waiting'
    if kind == 'up':
        return None if set(wanted) <= set(said['up']) else f'{said["up"]} are up'
    if kind == 'log':
        with open(log, encoding='utf-8') as f:
            return None if re.search(' '.join(wanted), f.read()) else 'the log does not have it'
    best = None
    for failure in said['failures']:
        if failure['reason'] != kind:
            continue
        wrong = wrong_of(failure, wanted)
        if not wrong:
            return None
        if best is None or len(wrong) < len(best[0]):
            best = wrong, failure
    if best is None:
        return 'there are only ' + (', '.join(f['reason'] for f in said['failures']) or 'none')
    return f'not {" ".join(best[0])} in {json.dumps(best[1], indent=1)}'


def main():
    case, folder, shrike = sys.argv[1:]
    with open(f'{case}/expect', encoding='utf-8') as f:
        lines = [line.split() for line in f if re.match('[ab] ', line)]
    lines = [words for words in lines if words[1] != 'refused']
    # what there is none of is looked at last: it had time to come
    lines.sort(key=lambda words: words[1] == 'none')
    end = time.monotonic() + PATIENCE_S
    bad = False
    for side, *words in lines:
        while True:
            socket = f'{folder}/{side}.vici'
            said = told(shrike, socket, '-n', '256', 'why')
            if words[0] == 'up':
                said['up'] = are_up(told(shrike, socket, 'list'))
            what = complaint(words, said, f'{folder}/{side}.log')
            if not what or words[0] == 'none' or time.monotonic() > end:
                break
            time.sleep(0.1)
        if what:
            bad = True
            print(f'{side} {" ".join(words)}: {what}')
    sys.exit(bad)


main()
