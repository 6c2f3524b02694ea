/* The keys of each section (keys.def): which are built, which are not, which is nearest. */
#ifndef DAEMON_CONFIG_KEYS_H
#define DAEMON_CONFIG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum key_scope {
    KEY_SHRIKE,
    KEY_CONN,
    KEY_LOCAL,
    KEY_REMOTE,
    KEY_CERT,
    KEY_CHILD,
    KEY_SECRET,
    KEY_PASSPHRASE,
    KEY_TOKEN,
    KEY_POOL,
    KEY_AUTHORITY,
    KEY_LOG,
    KEY_METRICS,
    KEY_RADIUS,
    KEY_RADIUS_DAE,
    KEY_RADIUS_SERVER,
};
enum key_state { KEY_BUILT, KEY_LATER, KEY_MOOT, KEY_REFUSED };

struct key {
    enum key_scope scope;
    const char *name;
    const char *since; /* a release of the language's first daemon; "": the first; or "Shrike" */
    enum key_state state;
    const char *calm; /* a value that asks for nothing that is not so already; "": there is none */
    const char *meaning;
};

const struct key *key_find(enum key_scope scope, const char *name); /* NULL: there is none */
/* The same text, which lives for ever; NULL: no section has such a key. */
const char *key_name(const char *name);
const char *key_nearest(enum key_scope scope, const char *name);
/* Does the language's first daemon have it? */
bool key_is_common(const struct key *key);

/* How many letters must change to make one word of the other; words are cut at 32. */
unsigned word_distance(const char *a, const char *b);

#endif
