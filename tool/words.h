/* What listings say about an SA, in words: states, algorithms, selectors, ends. */
#ifndef TOOL_WORDS_H
#define TOOL_WORDS_H

#include "tool/show.h"
#include "vici/message.h"

struct words_state {
    char text[24]; /* "up", "connecting", "closing", "down"; else the daemon's word, in small */
    enum paint paint;
};
struct words_state words_state(struct bytes state); /* {NULL, 0}: down */

/* AES_GCM_16-256/CURVE_25519: what there is of encryption, integrity, PRF and key exchange. */
void words_algorithms(struct text *t, struct bytes sa);
/* The items of a list by its key, with ", " between them; `at_most` of them, then "+3". */
void words_list(struct text *t, struct bytes section, const char *key, unsigned at_most);
/* 192.0.2.1:4500, [2001:db8::1]:500; side is "local" or "remote". */
void words_end(struct text *t, struct bytes sa, const char *side);
/* Seconds as an age; nothing when the key is not there. */
void words_age(struct text *t, struct bytes section, const char *key);

#endif
