/* SipHash-2-4: see siphash.h. */
#include "base/siphash.h"

struct sip {
    u64 v0, v1, v2, v3;
};

static u64 rotate(u64 x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* Little-endian, in a form that compilers make one load of. */
static u64 little(const u8 *at)
{
    return (u64)at[0] | (u64)at[1] << 8 | (u64)at[2] << 16 | (u64)at[3] << 24 | (u64)at[4] << 32 |
           (u64)at[5] << 40 | (u64)at[6] << 48 | (u64)at[7] << 56;
}

static void rounds(struct sip *s, int n)
{
    while (n-- > 0) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

static void block(struct sip *s, u64 m)
{
    s->v3 ^= m;
    rounds(s, 2);
    s->v0 ^= m;
}

static struct sip absorb(const u8 key[16], struct bytes data, u64 tweak)
{
    u64 k0 = little(key), k1 = little(key + 8);
    struct sip s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ tweak,
                    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    size_t rest = data.len % 8, whole = data.len - rest;
    for (size_t i = 0; i < whole; i += 8)
        block(&s, little(data.at + i));
    /* The last block: what is left over, and the length. */
    u64 last = (u64)data.len << 56;
    for (size_t i = 0; i < rest; i++)
        last |= (u64)data.at[whole + i] << (8 * i);
    block(&s, last);
    return s;
}

static u64 squeeze(const struct sip *s)
{
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

u64 siphash(const u8 key[16], struct bytes data)
{
    struct sip s = absorb(key, data, 0);
    s.v2 ^= 0xff;
    rounds(&s, 4);
    return squeeze(&s);
}

static void put_little(u8 *out, u64 v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (u8)(v >> (8 * i));
}

void siphash128(const u8 key[16], struct bytes data, u8 out[16])
{
    struct sip s = absorb(key, data, 0xee);
    s.v2 ^= 0xee;
    rounds(&s, 4);
    put_little(out, squeeze(&s));
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    put_little(out + 8, squeeze(&s));
}
