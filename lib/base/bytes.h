/* Short names for integers and slices; the panic hook; small helpers of every layer. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "shrike/types.h"
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define bytes shrike_bytes /* struct bytes: borrowed octets */

/* Part of a message, by offset from its start: survives the message being moved. */
struct span {
    u16 off;
    u16 len;
};

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* For faults of ours, never for input; stays on in every build. */
_Noreturn void shrike_panic(const char *file, int line, const char *what);
#define ensure(x) ((x) ? (void)0 : shrike_panic(__FILE__, __LINE__, #x))

#define must_use __attribute__((warn_unused_result))

/* Planted faults: each breaks one rule when it is chosen, so that the checks can show that they
 * bite (tests/faults). */
#ifdef FAULTS
extern int fault_chosen;
#define fault(n) (fault_chosen == (n))
#else
#define fault(n) 0
#endif

static inline struct bytes bytes_of(const void *at, size_t len)
{
    return (struct bytes){at, len};
}

static inline struct bytes bytes_at(const u8 *base, struct span s)
{
    return (struct bytes){base + s.off, s.len};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#endif
