/* Random values and hostile copies for the tests of the wire. */
#ifndef UNIT_WIRE_RANDOM_H
#define UNIT_WIRE_RANDOM_H

#include "test.h"

/* xorshift64*: the same values in every run. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static inline uint32_t random_u32(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)(random_state * 0x2545f4914f6cdd1d >> 32);
}

/* 0 to n - 1 */
static inline uint32_t random_below(uint32_t n)
{
    return random_u32() % n;
}

static inline void random_fill(void *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)at)[i] = (uint8_t)random_u32();
}

/* A copy in a block of exactly its size, so that the sanitizer sees a read behind its end. */
static inline uint8_t *exact_copy(struct bytes b)
{
    uint8_t *copy = malloc(b.len ? b.len : 1);
    if (!copy)
        abort();
    if (b.len)
        memcpy(copy, b.at, b.len);
    return copy;
}

/* Give to `read` every truncation of b and every change of one octet. `read` uses the result or
 * refuses it; returns how many of the truncations it took. */
static inline unsigned torment(struct bytes b, bool (*read)(struct bytes))
{
    static const uint8_t values[] = {0, 1, 2, 3, 4, 7, 8, 9, 0x7f, 0x80, 0xff};
    unsigned taken = 0;

    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = exact_copy(bytes_of(b.at, n));
        taken += read(bytes_of(copy, n));
        free(copy);
    }
    for (size_t i = 0; i < b.len; i++) {
        uint8_t *copy = exact_copy(b);
        for (size_t v = 0; v < ARRAY_LEN(values); v++) {
            copy[i] = values[v];
            (void)read(bytes_of(copy, b.len));
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            copy[i] = (uint8_t)(b.at[i] ^ 1u << bit);
            (void)read(bytes_of(copy, b.len));
        }
        free(copy);
    }
    return taken;
}

#endif
