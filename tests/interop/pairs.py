#!/usr/bin/env python3
"""Rows of choices that together hold every pair of choices of two factors (all-pairs testing).

    pairs.py [--all] [--without NAME=CHOICE,NAME=CHOICE]... NAME=CHOICE,CHOICE... NAME=...

Prints a row per line, NAME=CHOICE separated by blanks; --all prints the whole product. What --without names
does not go together: no row has it. Greedy and without chance, so that a row keeps its meaning from run
to run."""
import itertools
import sys


def pairs_of(row):
    return set(itertools.combinations(enumerate(row), 2))


def all_pairs(rows):
    left = set().union(*(pairs_of(row) for row in rows))
    while left:
        best = max(rows, key=lambda row: len(pairs_of(row) & left))
        yield best
        left -= pairs_of(best)


def main(arguments):
    whole = '--all' in arguments
    factors, never = {}, []
    arguments = iter(arguments)
    for argument in arguments:
        if argument == '--without':
            never.append([word.split('=', 1) for word in next(arguments).split(',')])
        elif argument != '--all':
            name, choices = argument.split('=', 1)
            factors[name] = choices.split(',')
    rows = [row for row in itertools.product(*factors.values())
            if not any(all(dict(zip(factors, row)).get(n) == c for n, c in words) for words in never)]
    for row in rows if whole else all_pairs(rows):
        print(*(f'{n}={c}' for n, c in zip(factors, row)))


if __name__ == '__main__':
    main(sys.argv[1:])
