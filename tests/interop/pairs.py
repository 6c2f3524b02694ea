#!/usr/bin/env python3
"""Rows of choices that together hold every pair of choices of two factors (all-pairs testing).

    pairs.py [--all] NAME=CHOICE,CHOICE... NAME=...

Prints a row per line, NAME=CHOICE separated by blanks; --all prints the whole product. Greedy and
without chance, so that a row keeps its meaning from run to run."""
import itertools
import sys


def pairs_of(row):
    return set(itertools.combinations(enumerate(row), 2))


def all_pairs(factors):
    rows = list(itertools.product(*factors))
    left = set().union(*map(pairs_of, rows)) if rows else set()
    while left:
        best = max(rows, key=lambda row: len(pairs_of(row) & left))
        yield best
        left -= pairs_of(best)


def main(arguments):
    whole = '--all' in arguments
    names, factors = [], []
    for argument in arguments:
        if argument != '--all':
            name, choices = argument.split('=', 1)
            names.append(name)
            factors.append(choices.split(','))
    for row in itertools.product(*factors) if whole else all_pairs(factors):
        print(*(f'{n}={c}' for n, c in zip(names, row)))


if __name__ == '__main__':
    main(sys.argv[1:])
