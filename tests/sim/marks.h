/* A table of 64-bit keys that each keep the value that they had first. */
#ifndef SIM_MARKS_H
#define SIM_MARKS_H

#include "base/bytes.h"

struct mark {
    u64 key, value;
};

struct marks {
    struct mark *list; /* open addressing by key */
    size_t count, room;
};

void marks_free(struct marks *m);
/* Remember that key has this value; false when it had another one before. */
bool marks_agree(struct marks *m, u64 key, u64 value);
/* The value of a key; 0: it has none. */
u64 marks_value(const struct marks *m, u64 key);
/* To make keys and values of octets, one after the other. */
#define MIX_FIRST 0xcbf29ce484222325u
u64 mix(u64 h, const void *data, size_t len);

#endif
