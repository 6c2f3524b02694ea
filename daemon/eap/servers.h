/* Servers of RADIUS that do EAP in our place, where a connection says so: what the sessions of such
 * connections ask them. */
#ifndef EAP_SERVERS_H
#define EAP_SERVERS_H

#include "config/settings.h"
#include "eap/sessions.h"
#include "radius/link.h"

/* What they say, and what becomes of them. */
typedef void servers_told(void *ctx, const struct radius_output *what);

struct servers {
    struct loop *loop;
    struct md5 *md5; /* NULL: the library is told to do without */
    struct shrike_provider *provider;
    servers_told *told;
    void *ctx;
    u64 account; /* the last number that was given, when this process began in its upper half: none
                  * comes twice */
    struct settings_radius settings; /* with secrets */
    struct radius_server rows[RADIUS_SERVERS_MAX];
    struct radius_link *link;                     /* NULL: there are none */
    struct shrike_addr found[RADIUS_SERVERS_MAX]; /* of names; family 0: not found yet */
    struct alarm look;
    void (*seek)(void *ctx, u32 number, const char *name); /* whoever knows addresses */
};

/* The rest is zero. false: no memory, or no cryptographic library. */
bool servers_open(struct servers *s, struct loop *loop, servers_told *told, void *ctx) must_use;
void servers_close(struct servers *s); /* wipes the secrets; twice is fine */

/* Those of a sealed memory file (ops/radiusfile.h); the descriptor stays the caller's. false: it
 * is broken, or there is no memory or no MD5. *anew: they are others than before, and what was
 * asked is not answered any more. */
bool servers_take(struct servers *s, int fd, bool *anew) must_use;

/* Those with names are looked up, and again now and then. */
void servers_look(struct servers *s);
/* What was found of that number. true: it is another address than before. */
bool servers_found(struct servers *s, u32 number, const struct shrike_addr *addrs,
                   u32 count) must_use;
/* Its address; family 0: it is not known. */
struct shrike_addr servers_address(const struct servers *s, u16 server);

/* Ask for a session whose turn is EAP_PASS. false: there is no server, or nobody can be asked. */
bool servers_ask(struct servers *s, struct eap_place *p, const struct eap_turn *t) must_use;
/* The session has no use for an answer any more. */
void servers_drop(struct servers *s, struct eap_place *p);
/* Is it the answer that this session waits for? */
bool servers_is_for(const struct eap_place *p, const struct radius_output *what) must_use;
/* What the answer leads to. */
void servers_answer(struct servers *s, struct eap_place *p, const struct radius_output *what,
                    struct eap_turn *t);

#endif
