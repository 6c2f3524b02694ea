#include "config/keys.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 32

static const struct key keys[] = {
#define KEY(scope, name, since, state, calm, meaning)                                              \
    {KEY_##scope, name, since, KEY_##state, calm, meaning},
#include "config/keys.def"
#undef KEY
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int by_name(const void *a, const void *b)
{
    const struct key *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_name_and_scope(const void *a, const void *b)
{
    const struct key *const *x = a, *const *y = b;
    int order = by_name(a, b);
    return order ? order : ((*x)->scope > (*y)->scope) - ((*x)->scope < (*y)->scope);
}

/* Made at the first look. */
static const struct key **sorted_keys(void)
{
    static const struct key *sorted[KEY_COUNT];
    if (sorted[0])
        return sorted;
    for (size_t i = 0; i < KEY_COUNT; i++)
        sorted[i] = &keys[i];
    qsort(sorted, KEY_COUNT, sizeof(sorted[0]), by_name_and_scope);
    return sorted;
}

const struct key *key_find(enum key_scope scope, const char *name)
{
    const struct key wanted = {.scope = scope, .name = name}, *at = &wanted;
    const struct key **found =
        bsearch(&at, sorted_keys(), KEY_COUNT, sizeof(at), by_name_and_scope);
    return found ? *found : NULL;
}

const char *key_name(const char *name)
{
    const struct key wanted = {.name = name}, *at = &wanted;
    const struct key **found = bsearch(&at, sorted_keys(), KEY_COUNT, sizeof(at), by_name);
    return found ? (*found)->name : NULL;
}

bool key_is_common(const struct key *key)
{
    return strcmp(key->since, "Shrike") != 0;
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
    for (unsigned i = 0; i < KEY_COUNT; i++) {
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
