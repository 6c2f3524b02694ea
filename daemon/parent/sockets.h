/* The UDP and raw sockets of IKE and ESP: opened by the parent, used by net and esp. */
#ifndef PARENT_SOCKETS_H
#define PARENT_SOCKETS_H

#include "config/settings.h"
#include "ops/mail.h"
#include "parent/supervisor.h"

#define SOCKETS_MAX 10 /* per family: port, two at port_nat_t, look-up, raw */

/* They stay open here while the program lives: a role that comes back gets them again, and what
 * arrives meanwhile waits in them. */
struct sockets {
    struct open_socket {
        struct mail_socket is;
        enum role owner;
        int fd;
    } all[SOCKETS_MAX];
    u32 count;
};

/* Are these such as the data plane of the kernel wants? */
bool sockets_of_kernel(const struct sockets *s);

/* Open what the settings ask for. A family that this host has not is left out with a line in the
 * log. false: it cannot be, stderr says why; what was opened is closed. */
bool sockets_open(struct sockets *s, const struct settings *set, const struct tell *t) must_use;
/* Send a role those that are its own. */
void sockets_hand(const struct sockets *s, struct supervisor *v, enum role r);
void sockets_close(struct sockets *s);

#endif
