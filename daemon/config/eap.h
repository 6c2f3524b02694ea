/* EAP in sections local and remote: auth = eap and what stands behind it, eap_id. */
#ifndef DAEMON_CONFIG_EAP_H
#define DAEMON_CONFIG_EAP_H

#include "config/compile.h"

/* "eap", "eap-mschapv2": is it meant? */
bool eap_is_meant(const char *auth);
/* What stands behind a colon: what certificates inside EAP have to be like, as a method by public
 * keys; or NULL. */
const char *eap_demands(const char *auth);
/* Such a section. */
void compile_eap(struct compile *c, const struct section *s, enum key_scope scope,
                 struct shrike_auth *out);
/* Groups that the peer must be of, in a section remote. */
void compile_groups(struct compile *c, const struct section *s, struct shrike_auth *out);
/* Is there a certificate inside EAP, by which this side may prove itself, or has to? */
bool eap_shows(const struct shrike_auth *auth);
bool eap_has_to_show(const struct shrike_auth *auth);
/* A method that may be named for the tunnel of another one; as_it_is: the password itself, too.
 * false: it is none. */
bool eap_inside_read(const char *text, bool as_it_is, uint8_t *type);
/* Grows by what settings say of the connection's EAP. */
uint64_t eap_hash(uint64_t hash, const struct shrike_conn *conn);
/* When both sides are read: does the other one prove itself in a way that EAP goes with? */
void check_eap(struct compile *c, const struct shrike_conn *conn);
/* Whose password it is: inside EAP a name is any text, and its type counts for nothing. */
void eap_name(struct pool *p, const char *text, struct shrike_id *out);

#endif
