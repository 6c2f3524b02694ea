"""The self-test of tools/rfc: a small house with a few rows, and one mistake at a time planted in it."""
import pathlib
import tempfile

ROWS = '''# rows
## 2.1 Use of Retransmission Timers | MUST 2, MUST NOT 1, MAY 1
1 MUST | twice as much
2 MUST NOT | never less | as 2.1 (1)
3 MUST | nothing of ours | not for us: others do it
4 MAY | half as much | not used: we do not
'''
CODE = '''#include "base/bytes.h"

/* RFC 7296 2.1 (1): and nothing else. */
int twice(int n)
{
    if (n < 0) /* below nothing */
        return 0;
    return n + n;
}
'''
TESTS = '''#include "base/bytes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define TEST(name) static int name(void)
#define RUN(name) (!getenv("TEST_ONLY") || !strcmp(getenv("TEST_ONLY"), #name) ? run(#name, name) : 0)

static int run(const char *name, int (*test)(void))
{
    int good = test();
    printf("%s %s\\n", good ? "ok" : "not ok", name);
    return !good;
}

/* RFC 7296 2.1 (1) */
TEST(it_is_twice)
{
    return twice(2) == 4;
}

TEST(it_is_nothing)
{
    return 0 == 0;
}

int main(void)
{
    return RUN(it_is_twice) | RUN(it_is_nothing);
}
'''
HOUSE = {
    'docs/rfc7296.rows': ROWS,
    'lib/base/bytes.h': 'int twice(int n);\n',
    'lib/base/bytes.c': CODE,
    'tests/unit/base/test_bytes.c': TESTS,
    'meson.build': "project('house', 'c')\nexecutable('test_bytes', 'tests/unit/base/test_bytes.c', "
                   "'lib/base/bytes.c', include_directories: include_directories('lib'))\n",
}
ROWS_AT, CODE_AT, TEST_AT = 'docs/rfc7296.rows', 'lib/base/bytes.c', 'tests/unit/base/test_bytes.c'

# what is planted, where, (old, new), and a part of the finding
CASES = [
    ('a word without a row', ROWS_AT, ('MUST 2,', 'MUST 3,'), 'MUST 2 of 3'),
    ('a section that is not there', ROWS_AT, ('## 2.1 ', '## 2.99 '), 'no section 2.99'),
    ('a section that nobody read', ROWS_AT, ('## 2.2 x | none\n', ''), 'section 2.2 is missing'),
    ('rows out of order', ROWS_AT, ('3 MUST', '7 MUST'), 'number them one by one'),
    ('a word that is none', ROWS_AT, ('1 MUST |', '1 OUGHT |'), 'is no row'),
    ('a reason that is none', ROWS_AT, ('not used: we', 'perhaps: we'), 'is no reason'),
    ('as a row that is not there', ROWS_AT, ('as 2.1 (1)', 'as 2.1 (9)'), 'leads nowhere'),
    ('as itself', ROWS_AT, ('as 2.1 (1)', 'as 2.1 (2)'), 'leads nowhere'),
    ('shown by what is not there', ROWS_AT, ('not used: we', 'shown by tests/no: we'), 'there is no tests/no'),
    ('no code', CODE_AT, ('/* RFC 7296 2.1 (1): and', '/* RFC 7296 2.1: and'), 'has no code'),
    ('no test', TEST_AT, ('/* RFC 7296 2.1 (1) */\n', ''), 'has no test'),
    ('a row that is not there', CODE_AT, ('below nothing', 'RFC 7296 2.1 (8)'), 'there is no row 2.1 (8)'),
    ('a row with a reason', CODE_AT, ('below nothing', 'RFC 7296 2.1 (4)'), 'take out the reason'),
    ('a claim outside of a test', TEST_AT, ('static int run', '/* RFC 7296 2.1 (1) */\nstatic int run'),
     'claimed where nothing runs'),
    ('an old page', 'docs/RFC7296.md', ('twice as much', 'twice'), 'not up to date'),
]
RUNS = [
    ('a line that the test does not run', CODE_AT, ('    if (n < 0) /* below nothing */\n', '    if (n < 0)\n'
     '        /* RFC 7296 2.1 (1): below nothing. */\n'), 'no test of 2.1 (1) runs this'),
    ('a test that does not run the line', TEST_AT, ('TEST(it_is_nothing)', '/* RFC 7296 2.1 (1) */\n'
     'TEST(it_is_nothing)'), 'this runs no line of 2.1 (1)'),
    ('a test that fails', TEST_AT, ('== 4', '== 5'), 'does not pass'),
]


def build(root, examine, sections, plant=None):
    for path, text in HOUSE.items():
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding='utf-8')
    with open(pathlib.Path(root, ROWS_AT), 'a', encoding='utf-8') as rows:
        rows.writelines(f'## {n} x | none\n' for n in sections if n != '2.1')
    examine(pathlib.Path(root), None, True)
    if plant:
        path, (old, new) = plant
        file = pathlib.Path(root, path)
        text = file.read_text(encoding='utf-8')
        assert old in text, (path, old)
        file.write_text(text.replace(old, new, 1), encoding='utf-8')


def tell(name, good, found):
    print(('ok' if good else 'not ok'), 'rfc:', name)
    if not good:
        print('\n'.join('# %s:%s: %s' % f for f in found) or '# nothing was found')
    return 0 if good else 1


def run(examine, sections):
    bad = 0
    cases = [('a clean house', None, None)] + [(n, (p, c), part) for n, p, c, part in CASES]
    runs = [('a clean house that runs', None, None)] + [(n, (p, c), part) for n, p, c, part in RUNS]
    for name, plant, part in cases + runs:
        with tempfile.TemporaryDirectory() as root:
            build(root, examine, sections, plant)
            runs_too = (name, plant, part) in runs
            found, _ = examine(pathlib.Path(root), pathlib.Path(root, 'build') if runs_too else None, False)
            bad |= tell(name, any(part in f[2] for f in found) if part else not found, found)
    return bad
