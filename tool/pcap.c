/* Capture files: see pcap.h. */
#include "tool/pcap.h"
#include "tool/show.h"
#include <arpa/inet.h>

#define MAGIC 0xa1b2c3d4u /* in the order of this machine: times have microseconds */

enum {
    LINK_RAW = 101, /* packets begin with the header of IPv4 or IPv6 */
    SNAP = 262144,
    HEADER_4 = 20,
    HEADER_6 = 40,
    HEADER_UDP = 8,
    HEADERS_MAX = HEADER_6 + HEADER_UDP,
    PACKET_MAX = 65535, /* octets, headers included */
    UDP = 17,
    HOPS = 64,
};

struct end {
    u8 octets[16];
    unsigned family; /* 0: not known */
    u16 port;
};

/* An address may be missing: what was sent before the system had chosen one. */
static bool read_end(struct bytes text, struct end *out)
{
    char at[80];
    u64 port;
    *out = (struct end){.family = 0};
    if (text.len == 0 || text.len >= sizeof at)
        return false;
    memcpy(at, text.at, text.len);
    at[text.len] = '\0';
    char *colon = strrchr(at, ':'), *host = at;
    if (!colon || !show_number(bytes_of(colon + 1, strlen(colon + 1)), &port) || port > 65535)
        return false;
    out->port = (u16)port;
    *colon = '\0';
    if (host[0] == '[' && colon > host + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        out->family = 6;
        return inet_pton(AF_INET6, host + 1, out->octets) == 1;
    }
    out->family = host[0] ? 4 : 0;
    return !host[0] || inet_pton(AF_INET, host, out->octets) == 1;
}

static void put_16(u8 *at, size_t v)
{
    at[0] = (u8)(v >> 8);
    at[1] = (u8)v;
}

/* RFC 1071: 16-bit words in ones' complement. */
static u32 sum(u32 so_far, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        so_far += (u32)b.at[i] << (i % 2 ? 0 : 8);
    while (so_far >> 16)
        so_far = (so_far & 0xffff) + (so_far >> 16);
    return so_far;
}

/* RFC 791, RFC 8200; the length of the header. */
static size_t put_ip(u8 *at, const struct end *source, const struct end *target, size_t payload)
{
    memset(at, 0, HEADERS_MAX);
    if (target->family == 4) {
        at[0] = 0x45;
        put_16(at + 2, HEADER_4 + payload);
        at[8] = HOPS;
        at[9] = UDP;
        memcpy(at + 12, source->octets, 4);
        memcpy(at + 16, target->octets, 4);
        put_16(at + 10, ~sum(0, bytes_of(at, HEADER_4)) & 0xffff);
        return HEADER_4;
    }
    at[0] = 0x60;
    put_16(at + 4, payload);
    at[6] = UDP;
    at[7] = HOPS;
    memcpy(at + 8, source->octets, 16);
    memcpy(at + 24, target->octets, 16);
    return HEADER_6;
}

/* RFC 768: over the addresses, the protocol and the length as well; zero stands for none. */
static void put_udp(u8 *at, const struct end *source, const struct end *target, struct bytes data)
{
    const size_t address = target->family == 4 ? 4 : 16, len = HEADER_UDP + data.len;
    put_16(at, source->port);
    put_16(at + 2, target->port);
    put_16(at + 4, len);
    u32 s = sum(UDP + (u32)len, bytes_of(source->octets, address));
    s = sum(s, bytes_of(target->octets, address));
    s = sum(s, bytes_of(at, HEADER_UDP));
    s = ~sum(s, data) & 0xffff;
    put_16(at + 6, s ? s : 0xffff);
}

void pcap_begin(FILE *f)
{
    const u32 magic = MAGIC, rest[] = {0, 0, SNAP, LINK_RAW};
    const u16 version[] = {2, 4};
    fwrite(&magic, sizeof magic, 1, f);
    fwrite(version, sizeof version, 1, f);
    fwrite(rest, sizeof rest, 1, f);
}

bool pcap_put(FILE *f, const struct pcap_packet *p)
{
    u8 headers[HEADERS_MAX];
    struct end source, target;
    if (!read_end(p->source, &source) || !read_end(p->target, &target) ||
        p->data.len > PACKET_MAX - HEADERS_MAX)
        return false;
    if (!source.family)
        source.family = target.family;
    if (!target.family)
        target.family = source.family;
    if (!target.family || source.family != target.family)
        return false;
    size_t ip = put_ip(headers, &source, &target, HEADER_UDP + p->data.len);
    put_udp(headers + ip, &source, &target, p->data);
    const u32 len = (u32)(ip + HEADER_UDP + p->data.len);
    const u32 record[] = {(u32)(p->us / 1000000), (u32)(p->us % 1000000), len, len};
    fwrite(record, sizeof record, 1, f);
    fwrite(headers, ip + HEADER_UDP, 1, f);
    fwrite(p->data.at, 1, p->data.len, f);
    return true;
}
