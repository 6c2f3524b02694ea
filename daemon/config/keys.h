/* The keys of each section (keys.def): which are built, which are not, which is nearest. */
#ifndef DAEMON_CONFIG_KEYS_H
#define DAEMON_CONFIG_KEYS_H

#include <stdint.h>

enum key_scope {
    KEY_SHRIKE,
    KEY_CONN,
    KEY_LOCAL,
    KEY_REMOTE,
    KEY_CHILD,
    KEY_SECRET,
    KEY_POOL,
    KEY_LOG,
    KEY_METRICS
};
enum key_state { KEY_BUILT, KEY_LATER, KEY_REFUSED };

struct key {
    enum key_scope scope;
    const char *name;
    enum key_state state;
    const char *meaning;
};

const struct key *key_find(enum key_scope scope, const char *name); /* NULL: there is none */
const char *key_nearest(enum key_scope scope, const char *name);

/* How many letters must change to make one word of the other; words are cut at 32. */
unsigned word_distance(const char *a, const char *b);

#endif
