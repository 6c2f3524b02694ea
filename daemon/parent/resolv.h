/* A text in the format of resolv.conf(5) with DNS servers of ours at its head, between two lines by
 * which they are found again. */
#ifndef PARENT_RESOLV_H
#define PARENT_RESOLV_H

#include "base/cursor.h"

/* Write the text `old` without our lines and, unless count is 0, with these servers in front. */
void resolv_edit(struct writer *w, struct bytes old, const struct shrike_addr *servers, u32 count);
/* "nameserver ADDRESS", a line each. */
void resolv_servers(struct writer *w, const struct shrike_addr *servers, u32 count);

#endif
