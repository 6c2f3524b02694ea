/* Those whom servers of RADIUS have let in, as long as they are here: the servers are told of them
 * (accounting), and may have them put out (RFC 5176), as may the time that they were given. net
 * says who comes, what each carries and who goes; what a guest is, stands in its grant, so that
 * another eap knows it, too. */
#ifndef EAP_GUESTS_H
#define EAP_GUESTS_H

#include "eap/servers.h"
#include "ops/account.h"
#include "ops/mail.h"
#include "proc/seat.h"
#include "radius/accounting.h"
#include "radius/listen.h"

#define GUESTS_TELLING 1024 /* questions of accounting at a time: there is room for others */

struct guests {
    struct seat *seat;
    struct servers *servers;
    struct radius_sessions *sessions;
    struct radius_listen *listen; /* NULL: nobody may ask */
    struct shrike_addr clients[SETTINGS_RADIUS_SERVERS];
    const char *names[SETTINGS_RADIUS_SERVERS];
    struct list owing; /* sessions of which something is to be told */
    u32 telling;
    bool pumping;
    bool known; /* the servers */
    struct alarm due, again;
    u64 told, untold, out;
};

bool guests_open(struct guests *g, struct seat *seat, struct servers *servers) must_use;
void guests_close(struct guests *g); /* twice is fine */

/* ACCOUNT of net. false: it makes no sense. */
bool guests_got(struct guests *g, const struct mail *m) must_use;
/* What has become of a question of accounting. */
void guests_told(struct guests *g, const struct radius_output *what);
/* The servers are others than before. */
void guests_servers(struct guests *g);
/* One of them has another address. */
void guests_moved(struct guests *g);
/* net is there: it is to say who is here. */
void guests_want(struct guests *g);
/* net is another one: those whom it names are here. */
void guests_unsure(struct guests *g);
/* Is nobody here, and all told? */
bool guests_quiet(const struct guests *g);

#endif
