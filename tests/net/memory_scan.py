#!/usr/bin/env python3
"""memory_scan.py FILE PID...: what of these secrets stands in the memory of these processes?

A line of FILE is a name, a blank, and octets as hex. Looked for is each secret as it is, in reverse
(numbers of a library stand so), as hex and as base64, in pieces of 8 octets: of memory that was given
back without being wiped, the first octets are soon others. For each process a line: its pid, and the
secrets of which there was a piece, with "whole" or how many of how many pieces. Needs root."""
import base64
import sys

PIECE = 8
PAGE = 4096
CHUNK = 1 << 22


def forms(octets):
    """The ways in which it may be written."""
    hexed = octets.hex()
    return {'': octets, 'reversed': octets[::-1], 'hex': hexed.encode(), 'base64': base64.b64encode(octets).rstrip(b'=')}


def read_secrets(path):
    """{(name, form): (octets, pieces)}"""
    out = {}
    with open(path, encoding='ascii') as lines:
        for line in lines:
            name, hexed = line.split()
            for form, octets in forms(bytes.fromhex(hexed)).items():
                ends = range(PIECE, len(octets) + 1, PIECE)
                out[name, form] = (octets, [octets[end - PIECE:end] for end in ends])
    return out


def areas(pid):
    """What it can write or has of nobody's file, without pages of zeros, in chunks that overlap by
    more than the longest secret. (What is mapped of programs and libraries is as on the disk.)"""
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps:
        lines = maps.read().splitlines()
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as mem:
        for line in lines:
            where, rights, _, _, inode = line.split()[:5]
            if rights[0] != 'r' or line.endswith(('[vvar]', '[vvar_vclock]', '[vsyscall]')):
                continue
            if rights[1] != 'w' and inode != '0' and '/memfd:' not in line:
                continue
            yield from pages(mem, *(int(x, 16) for x in where.split('-')))


def pages(mem, at, end):
    """Runs of pages from one address to the other."""
    run = bytearray()
    while at < end:
        mem.seek(at)
        try:
            data = mem.read(min(CHUNK, end - at))
        except OSError:  # behind the end of a file that is mapped
            break
        if not data:
            break
        at += len(data)
        for begin in range(0, len(data), PAGE):
            page = data[begin:begin + PAGE]
            if page.count(0) < len(page):
                run += page
            elif run:
                yield bytes(run)
                run.clear()
        if len(run) >= CHUNK:
            yield bytes(run)
            del run[:-PAGE]
    if run:
        yield bytes(run)


def scan(pid, secrets):
    """(octets looked at, {name: most of it that was found, as text})"""
    whole, pieces, size = set(), {}, 0
    for data in areas(pid):
        size += len(data)
        for key, (octets, parts) in secrets.items():
            if octets in data:
                whole.add(key)
            for i, piece in enumerate(parts):
                if piece in data:
                    pieces.setdefault(key, set()).add(i)
    found = {}
    for key in sorted(pieces):
        name, form = key
        much = 'whole' if key in whole else f'{len(pieces[key])}of{len(secrets[key][1])}'
        found.setdefault(name, []).append(f'{form}:{much}' if form else much)
    return size, {name: '+'.join(said) for name, said in found.items()}


def main():
    """See above."""
    secrets = read_secrets(sys.argv[1])
    for pid in sys.argv[2:]:
        size, found = scan(pid, secrets)
        if size == 0:
            sys.exit(f'memory_scan.py: nothing of {pid} can be read')
        print(pid, *(f'{name}={much}' for name, much in found.items()))


main()
