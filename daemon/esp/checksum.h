/* Internet checksums (RFC 1071) at the speed of memory, for whole TCP and UDP segments. A sum is
 * kept in the octet order of this machine, which the one's complement does not mind. */
#ifndef ESP_CHECKSUM_H
#define ESP_CHECKSUM_H

#include "base/bytes.h"

#define SUM_LEN_MAX 131072 /* octets of one call */

/* The sum of these octets; an odd last one counts as if a zero stood behind it. Sums may be added
 * where each part but the last has an even length. */
u64 sum_octets(const u8 *at, size_t len);
/* The same while copying them: what is summed is read anyway. The two may not overlap. */
u64 sum_copy(u8 *to, const u8 *from, size_t len);
/* The sum of the pseudo header of a TCP or UDP segment of this length in this IP packet. */
u64 sum_pseudo(const u8 *ip, u8 protocol, size_t segment_len);
/* Fold to 16 bits, as they stand in memory. */
u16 sum_fold(u64 sum);
/* Write the checksum that this sum asks for. */
void sum_store(u8 *at, u64 sum);
/* Does the sum over a segment, its checksum and its pseudo header come out right? */
bool sum_right(u64 sum);

#endif
