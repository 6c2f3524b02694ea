#include "config/keys.h"

#include <string.h>

#define WORD_MAX 32

static const struct key keys[] = {
#define KEY(scope, name, state, meaning) {KEY_##scope, name, KEY_##state, meaning},
#include "config/keys.def"
#undef KEY
};

const struct key *key_find(enum key_scope scope, const char *name)
{
    for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].scope == scope && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* One row of the table of edit distances at a time. */
unsigned word_distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t m = strlen(a), n = strlen(b);
    m = m > WORD_MAX ? WORD_MAX : m;
    n = n > WORD_MAX ? WORD_MAX : n;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= m; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned best = corner + (a[i - 1] != b[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *key_nearest(enum key_scope scope, const char *name)
{
    const char *nearest = "";
    unsigned least = 2 * WORD_MAX;
    for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].scope != scope)
            continue;
        unsigned distance = word_distance(keys[i].name, name);
        if (distance < least) {
            least = distance;
            nearest = keys[i].name;
        }
    }
    return nearest;
}
