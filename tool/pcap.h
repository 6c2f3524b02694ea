/* A capture file, as Wireshark and tcpdump read it: IKE datagrams with the headers of IP and UDP
 * that they had, made anew from addresses and ports. */
#ifndef TOOL_PCAP_H
#define TOOL_PCAP_H

#include "base/bytes.h"
#include <stdio.h>

struct pcap_packet {
    u64 us;                      /* since 1970 */
    struct bytes source, target; /* "192.0.2.1:500", "[2001:db8::1]:4500" */
    struct bytes data;           /* of UDP */
};

/* What a file begins with. */
void pcap_begin(FILE *f);
/* false: one of its ends is no address, or the data too long; nothing is written. */
bool pcap_put(FILE *f, const struct pcap_packet *p) must_use;

#endif
