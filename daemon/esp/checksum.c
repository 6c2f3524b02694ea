/* Sums of 16-bit words, eight at a time. */
#include "esp/checksum.h"

/* Four lanes of 32 bits, to each of which two words are added a step: SUM_LEN_MAX / 16 steps of
 * twice 65535 stay below 2^32. */
typedef u32 lanes __attribute__((vector_size(16)));

static u64 lanes_sum(lanes v)
{
    return (u64)v[0] + v[1] + v[2] + v[3];
}

static lanes lanes_at(const u8 *at)
{
    lanes v;
    memcpy(&v, at, sizeof(v));
    return v;
}

static lanes lanes_words(lanes v)
{
    return (v & 0xffff) + (v >> 16);
}

/* Fewer octets than a vector has: in words of falling size. */
static u64 sum_rest(const u8 *at, size_t len)
{
    u64 sum = 0, eight;
    u32 four;
    u16 two = 0;
    if (len & 8) {
        memcpy(&eight, at, 8);
        sum += (eight & 0xffffffff) + (eight >> 32);
        at += 8;
    }
    if (len & 4) {
        memcpy(&four, at, 4);
        sum += four;
        at += 4;
    }
    if (len & 2) {
        memcpy(&two, at, 2);
        sum += two;
        at += 2;
    }
    if (len & 1) {
        two = 0;
        memcpy(&two, at, 1);
        sum += two;
    }
    return sum;
}

u64 sum_octets(const u8 *at, size_t len)
{
    lanes even = {0}, odd = {0};
    ensure(len <= SUM_LEN_MAX);
    for (; len >= 2 * sizeof(lanes); at += 2 * sizeof(lanes), len -= 2 * sizeof(lanes)) {
        even += lanes_words(lanes_at(at));
        odd += lanes_words(lanes_at(at + sizeof(lanes)));
    }
    u64 sum = lanes_sum(even) + lanes_sum(odd);
    if (len >= sizeof(lanes)) {
        sum += lanes_sum(lanes_words(lanes_at(at)));
        at += sizeof(lanes);
        len -= sizeof(lanes);
    }
    return sum + sum_rest(at, len);
}

u64 sum_copy(u8 *to, const u8 *from, size_t len)
{
    lanes even = {0}, odd = {0};
    ensure(len <= SUM_LEN_MAX);
    for (; len >= 2 * sizeof(lanes); from += 2 * sizeof(lanes), len -= 2 * sizeof(lanes)) {
        lanes a = lanes_at(from), b = lanes_at(from + sizeof(lanes));
        memcpy(to, &a, sizeof(a));
        memcpy(to + sizeof(a), &b, sizeof(b));
        even += lanes_words(a);
        odd += lanes_words(b);
        to += 2 * sizeof(lanes);
    }
    memcpy(to, from, len);
    return lanes_sum(even) + lanes_sum(odd) + sum_octets(from, len);
}

/* A number as the two octets it has on the wire. */
static u16 wire_u16(size_t v)
{
    u8 octets[2] = {(u8)(v >> 8), (u8)v};
    u16 word;
    memcpy(&word, octets, sizeof(word));
    return word;
}

u64 sum_pseudo(const u8 *ip, u8 protocol, size_t segment_len)
{
    bool v4 = ip[0] >> 4 == 4;
    u64 addresses = v4 ? sum_octets(ip + 12, 8) : sum_octets(ip + 8, 32);
    return addresses + wire_u16(protocol) + wire_u16(segment_len);
}

u16 sum_fold(u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (u16)sum;
}

void sum_store(u8 *at, u64 sum)
{
    u16 checksum = (u16)~sum_fold(sum);
    memcpy(at, &checksum, sizeof(checksum));
}

bool sum_right(u64 sum)
{
    return sum_fold(sum) == 0xffff;
}
