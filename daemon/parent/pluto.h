/* The variables of an updown script: what becomes of a Child SA, for one pair of its selectors.
 * Names and meanings are those that such scripts have known since FreeS/WAN. Pure. */
#ifndef PARENT_PLUTO_H
#define PARENT_PLUTO_H

#include "base/text.h"
#include "ops/mail.h"
#include "shrike/view.h"

#define PLUTO_ROOM 8192 /* octets of all variables: identities are the longest */
#define PLUTO_VARS 80

struct pluto {
    size_t len; /* of the variables, each with a NUL behind it */
    u32 count;
    char room[PLUTO_ROOM];
};

struct pluto_of {
    bool up;
    bool hostaccess;       /* as configured: for the script alone */
    const char *interface; /* by which the traffic of the tunnel comes */
    const struct shrike_ike_view *ike;
    const struct shrike_child_view *child;
    const struct shrike_ts *local, *remote;
    const struct shrike_addr *dns; /* that came with our virtual addresses */
    u16 dns_count;
    const struct mail_numbers *numbers;
};

/* Of what a peer has chosen, whatever means something to a shell is an underscore: not every script
 * quotes what it is given. false: there is no room, or no address. */
bool pluto_write(struct pluto *p, const struct pluto_of *of) must_use;

#endif
