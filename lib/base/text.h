/* Bounded text without printf: appends, always NUL-terminated, cut at the end. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

struct text {
    char *start;
    size_t size, len; /* of the buffer; of the text without the NUL */
    bool cut;         /* something did not fit */
};

/* Are these two strings the same? */
bool text_same(const char *a, const char *b);

struct text text_of(char *buffer, size_t size);
void text_str(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_u64(struct text *t, u64 v);
void text_hex(struct text *t, u64 v, unsigned digits); /* that many digits, at most 16 */
void text_bytes(struct text *t, struct bytes b);       /* hex octets */
void text_safe(struct text *t, struct bytes b);        /* printable ASCII, else (and for \) \xNN */
void text_addr(struct text *t, const u8 *octets,
               u8 family); /* 192.0.2.1, 2001:db8::1 (RFC 5952), or none */

#endif
