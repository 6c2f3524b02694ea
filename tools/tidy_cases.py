"""The self-test of tools/tidy: a small clean house, and one violation at a time planted in it."""
import pathlib
import subprocess
import tempfile

HOUSE = {
    'meson.build': "project('x', 'c',\n  version: '1.2')\nsubdir('lib')\n",
    'debian/changelog': 'shrike (1.2) unstable; urgency=medium\n',
    'contrib/systemd/shrike.sysusers': '# Users.\nu shrike-keys - "Keys"\n',
    'lib/base/meson.build': "sources += files('bytes.c')\n",
    'lib/base/bytes.h': '#ifndef B_H\n#define B_H\n#include <stdint.h>\nint twice(int n);\n'
                        '#define four_times(n) twice(twice(n))\n#endif\n',
    'lib/base/bytes.c': '#include "base/bytes.h"\n\nint twice(int n)\n{\n    return n + n;\n}\n',
    'lib/wire/meson.build': "sources += files('header.c')\n",
    'lib/wire/codes.h': '#ifndef C_H\n#define C_H\nenum code { CODE = 1 };\n#endif\n',
    'lib/wire/header.h': '#ifndef H_H\n#define H_H\nint header_read(int n);\n#endif\n',
    'lib/wire/header.c': '#include "wire/header.h"\n#include "base/bytes.h"\n'
                         '#include "wire/codes.h"\n#include <string.h>\n\n'
                         '/* RFC 7296 3.1, 2.25.2 and C.6, appendix C: the header. */\n'
                         'int header_read(int n)\n{\n    return four_times(twice(n));\n}\n',
    'lib/crypto/meson.build': "sources += files('keymat.c')\n",
    'lib/crypto/keymat.h': '#ifndef K_H\n#define K_H\nint prove(void *ctx, int a, int b, int c, '
                           'int d, int e);\n#endif\n',
    'lib/crypto/keymat.c': '#include "crypto/keymat.h"\n#include "wire/codes.h"\n\n'
                           'int prove(void *ctx, int a, int b, int c, int d, int e)\n{\n'
                           '    return ctx ? a + b + c + d + e : CODE;\n}\n',
    'lib/engine/meson.build': "sources += files('engine.c')\n",
    'include/shrike/shrike.h': '#ifndef E_H\n#define E_H\nvoid engine_datagram(int n);\n#endif\n',
    'lib/engine/engine.c': '#include "shrike/shrike.h"\n#include "crypto/keymat.h"\n'
                           '#include "wire/header.h"\n\nvoid engine_datagram(int n)\n{\n'
                           '    n = header_read(n);\n    prove(0, n, 1, 2, 3, 4);\n}\n',
    'daemon/proc/meson.build': "sources += files('loop.c')\n",
    'daemon/proc/loop.h': '#ifndef L_H\n#define L_H\nint loop_run(int n);\n#endif\n',
    'daemon/proc/loop.c': '#include "proc/loop.h"\n#include "base/bytes.h"\n'
                          '#include "proc/sandbox.def"\n'
                          '#include "shrike/shrike.h"\n#include <stdio.h>\n\n'
                          'int loop_run(int n)\n{\n    return twice(n);\n}\n',
    'daemon/keys/meson.build': "sources += files('keys.c')\n",
    'daemon/keys/keys.h': '#ifndef S_H\n#define S_H\nint keys_find(int n);\n#endif\n',
    'daemon/keys/keys.c': '#include "keys/keys.h"\n#include "crypto/keymat.h"\n'
                          '#include "proc/loop.h"\n#include "wire/codes.h"\n\n'
                          'static const struct row { const char *user; int uid; } row = '
                          '{"shrike-keys", 64611};\n'
                          'int keys_find(int n)\n{\n    return loop_run(n) + CODE + row.uid;\n}\n',
    'tools/need': 'packages=(gcc libx-dev\n    meson "$@")\n[ x ] || packages+=(liby-dev)\n',
    'docs/DEPENDENCIES.md': '| gcc, meson | |\n| libx-dev | |\n| liby-dev | |\n',
    'docs/SECURITY.md': '| keys | shrike-keys |\n| read, futex | all |\n| it | tests/keys.sh |\n',
    'tests/keys.sh': 'true\n',
    'daemon/proc/sandbox.def': 'CALL(read, ALL)\nCALL(futex_time64, ALL)\nCALL(pipe2, SANITIZED)\n',
    'docs/TOUR.md': '# Tour\n\nIt is `engine_datagram()` in lib/engine/engine.c:\n\n```\n'
                    'engine_datagram engine/engine.c\n'
                    '  header_read    wire/header.c    28 octets\n'
                    '    twice        base/bytes.c\n'
                    '  prove          crypto/keymat.c  keys\n```\n',
}


def body(lines):
    return 'int twice(int n)\n{\n' + '    n++;\n' * lines + '    return n;\n}\n'


# what is planted, where, (old, new) or the text to add at the end, and a part of the finding
CASES = [
    ('base includes wire', 'lib/base/bytes.c', '#include "wire/codes.h"\n', 'base may not include'),
    ('wire includes crypto', 'lib/wire/header.c', '#include "crypto/keymat.h"\n',
     'wire may not include'),
    ('crypto includes wire', 'lib/crypto/keymat.c', '#include "wire/header.h"\n',
     'crypto may not include'),
    ('a header of wire includes crypto', 'lib/wire/header.h', '#include "crypto/keymat.h"\n',
     'wire may not include'),
    ('stdio in a pure layer', 'lib/wire/header.c', '#include <stdio.h>\n', '<stdio.h> in a pure'),
    ('a role includes another', 'daemon/keys/keys.c', '#include "net/peer.h"\n',
     'keys may not include "net/peer.h"'),
    ('proc includes a role', 'daemon/proc/loop.c', '#include "keys/keys.h"\n',
     'proc may not include "keys/keys.h"'),
    ('a role includes the inside of the library', 'daemon/keys/keys.c',
     '#include "wire/header.h"\n', 'keys may not include "wire/header.h"'),
    ('a header of the library includes the daemon', 'lib/wire/header.h',
     '#include "proc/loop.h"\n', 'wire may not include "proc/loop.h"'),
    ('a folder of the daemon that has no rule', 'daemon/more/more.c',
     '#include "keys/keys.h"\n', 'more may not include "keys/keys.h"'),
    ('include without folder in the daemon', 'daemon/keys/keys.c', '#include "keys.h"\n',
     'has no folder'),
    ('include without folder', 'lib/wire/header.c', '#include "codes.h"\n', 'has no folder'),
    ('61 lines of function', 'lib/base/bytes.c',
     ('int twice(int n)\n{\n    return n + n;\n}\n', body(57)), 'twice() has 61 lines'),
    ('six parameters', 'lib/base/bytes.c',
     'static int six(int a, int b, int c, int d, int e,\n               int (*f)(int, int))\n{\n'
     '    return f(a, b) + c + d + e;\n}\n', 'six() has 6 parameters'),
    ('six parameters declared', 'lib/base/bytes.h',
     'int six(int a, int b, int c,\n        int d, int e, int f);\n', 'six() has 6 parameters'),
    ('801 lines of file', 'lib/base/bytes.c', '\n' * 795, '801 lines'),
    ('101 columns', 'lib/base/bytes.c', '/*' + ' ' * 97 + '*/\n', '101 columns'),
    ('a tab', 'lib/base/bytes.c', '\tint a;\n', 'a tab'),
    ('two functions of one name', 'lib/wire/header.c', 'int twice(int n)\n{\n    return n;\n}\n',
     'twice() is in lib/base/bytes.c, too'),
    ('source without header', 'lib/base/lonely.c', 'int lonely;\n', 'has no header'),
    ('source in no build', 'lib/base/lonely.c', 'int lonely;\n', 'no meson.build lists it'),
    ('header without reader', 'lib/base/lonely.h', 'int lonely(void);\n', 'nobody includes it'),
    ('header that needs another', 'lib/wire/header.h', 'uint8_t late(void);\n', 'alone, clang'),
    ('array of variable length', 'lib/wire/header.h',
     'static inline int vla(int n)\n{\n    char a[n];\n    a[0] = 1;\n    return a[0];\n}\n',
     'alone, gcc'),
    ('goto backwards', 'lib/base/bytes.c',
     'int again(int n)\n{\nagain:\n    if (n--)\n        goto again;\n    return n;\n}\n',
     'again() has goto again'),
    ('two labels', 'lib/base/bytes.c',
     'int two(int n)\n{\n    if (n)\n        goto out;\n    goto done;\nout:\n    n++;\ndone:\n'
     '    return n;\n}\n', 'goto done, out'),
    ('direct recursion', 'lib/base/bytes.c', ('return n + n', 'return twice(n) + n'),
     'recursion: twice -> twice'),
    ('recursion over files', 'lib/base/bytes.c', ('return n + n', 'return header_read(n)'),
     'recursion: header_read -> twice -> header_read'),
    ('recursion through a macro', 'lib/base/bytes.c', ('return n + n', 'return four_times(n)'),
     'recursion: twice -> four_times -> twice'),
    ('recursion through a table', 'lib/base/bytes.c',
     'static int run(int n)\n{\n    return table->answer(n);\n}\n\n'
     'static int init_answer(int n)\n{\n    return run(n);\n}\n',
     'recursion: init_answer -> run -> init_answer'),
    ('unfinished mark', 'lib/base/bytes.c', '/* TO' + 'DO: later */\n', 'finish it'),
    ('another product', 'lib/base/bytes.c', '/* as strong' + 'Swan does */\n', 'another product'),
    ('no such section', 'lib/base/bytes.c', '/* RFC 7296 2.26: hm */\n', 'no section 2.26'),
    ('no such subsection', 'lib/base/bytes.c', '/* RFC 7296 2.8, 2.8.4: hm */\n',
     'no section 2.8.4'),
    ('citation in another form', 'lib/base/bytes.c', '/* RFC 7296 section 2.8 */\n',
     'a citation in another form'),
    ('a call without a reason', 'daemon/proc/sandbox.def', 'WHERE(socket, KEYS, 0, WORD, AF_UNIX)\n',
     'socket is not in docs/SECURITY.md'),
    ('a claim without its test', 'docs/SECURITY.md', '| that | tests/lost.sh |\n',
     'there is no tests/lost.sh'),
    ('a process of which nothing is said', 'docs/SECURITY.md', ('shrike-keys', 'shrike-kays'),
     'shrike-keys is not in its table'),
    ('tour names a file that is not there', 'docs/TOUR.md', 'See wire/lost.c.\n',
     'there is no wire/lost.c'),
    ('tour names a function that is not there', 'docs/TOUR.md', 'See `lost()`.\n',
     'there is no lost()'),
    ('tour puts a function into a wrong file', 'docs/TOUR.md',
     ('crypto/keymat.c', 'wire/header.c'), 'wire/header.c has no prove()'),
    ('engine calls in another order', 'lib/engine/engine.c',
     ('    n = header_read(n);\n    prove(0, n, 1, 2, 3, 4);\n',
      '    prove(0, n, 1, 2, 3, 4);\n    n = header_read(n);\n'), 'calls prove() earlier'),
    ('engine leaves a row out', 'lib/engine/engine.c', ('    n = header_read(n);\n', ''),
     'does not call header_read()'),
    ('a call of a call is left out', 'lib/wire/header.c', ('(twice(n))', '(n)'),
     'header_read() does not call twice()'),
    ('no engine_datagram', 'lib/engine/engine.c', ('engine_datagram', 'engine_input'),
     'engine/engine.c has no engine_datagram()'),
    ('a package without its reason', 'tools/need', ('libx-dev', 'libz-dev'), 'needs libz-dev'),
    ('a package of some builds', 'docs/DEPENDENCIES.md', ('liby-dev', 'liby'), 'needs liby-dev'),
    ('a user that no host makes', 'daemon/keys/keys.c', ('shrike-keys', 'shrike-other'),
     'shrike-other is not in'),
    ('a user that nothing becomes', 'contrib/systemd/shrike.sysusers', ('shrike-keys', 'shrike-old'),
     'no process is shrike-old'),
    ('another version', 'debian/changelog', ('1.2', '1.1'), 'not of version 1.2'),
    ('tour without engine_datagram', 'docs/TOUR.md', ('engine_datagram engine/engine.c\n', ''),
     'engine_datagram is not in the list'),
]

ARCHIVES = [
    ('pure object', 'void shrike_panic(void);\nvoid f(char *a, int n)\n{\n    if (!n)\n'
                    '        shrike_panic();\n    __builtin_memset(a, 1, n);\n}\n', None),
    ('malloc', 'void *malloc(unsigned long);\nvoid *f(void)\n{\n    return malloc(1);\n}\n',
     'needs malloc'),
    ('errno', '#include <errno.h>\nint f(void)\n{\n    return errno;\n}\n', 'needs __errno_loc'),
    ('printf', '#include <stdio.h>\nvoid f(int n)\n{\n    printf("%d", n);\n}\n', 'needs printf'),
    ('clock', '#include <time.h>\nlong f(void)\n{\n    return time(0);\n}\n', 'needs time'),
]


def build(root, plant=None):
    for path, text in HOUSE.items():
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding='utf-8')
    if plant:
        path, change = plant
        file = pathlib.Path(root, path)
        old = file.read_text(encoding='utf-8') if file.exists() else ''
        new = old + change if isinstance(change, str) else old.replace(*change)
        assert new != old, path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(new, encoding='utf-8')


def archive(root, source):
    pathlib.Path(root, 'a.c').write_text(source, encoding='utf-8')
    subprocess.run(['gcc', '-O1', '-c', 'a.c'], cwd=root, check=True)
    subprocess.run(['ar', 'rc', 'a.a', 'a.o'], cwd=root, check=True)
    return str(pathlib.Path(root, 'a.a'))


def tell(name, good, found):
    print(('ok' if good else 'not ok'), 'tidy:', name)
    if not good:
        print('\n'.join('# %s:%s: %s: %s' % f for f in found) or '# nothing was found')
    return 0 if good else 1


def run(findings, look_at_archive):
    bad = 0
    with tempfile.TemporaryDirectory() as root:
        build(root)
        found = list(findings(root))
        bad |= tell('a clean house', not found, found)
    for name, path, change, part in CASES:
        with tempfile.TemporaryDirectory() as root:
            build(root, (path, change))
            found = list(findings(root))
            bad |= tell(name, any(part in f[2] + ': ' + f[3] for f in found), found)
    for name, source, part in ARCHIVES:
        with tempfile.TemporaryDirectory() as root:
            found = list(look_at_archive(archive(root, source)))
            good = any(part in f[2] for f in found) if part else not found
            bad |= tell(name, good, found)
    return bad
