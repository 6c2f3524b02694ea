/* What the IPsec of this kernel can do, found out by trying. */
#ifndef XFRM_PROBE_H
#define XFRM_PROBE_H

#include "config/settings.h"

#define PROBE_TEXT 400

struct probe {
    u8 plane;              /* of enum settings_plane; all of it when it cannot be known, for want of
                            * the right to try */
    char text[PROBE_TEXT]; /* one line for people */
};

/* SAs between addresses of this host itself, under a number of ours, come and go at once. */
void probe_kernel(struct probe *p);

#endif
