/* The certificates and private keys of this host, as far as they are control's: what stands in the
 * folders and came over the control socket, joined with the connections; private keys on their way
 * to keys, of which nothing stays here. */
#ifndef CONTROL_CREDS_H
#define CONTROL_CREDS_H

#include "config/credentials.h"
#include "proc/loop.h"

#define CREDS_PRIVATE_MAX 49152 /* octets of the file of a private key, as keys takes them */
#define CREDS_EACH_DAY    (86400 * SHRIKE_SECOND) /* certificates that end soon are warned of */

struct control;

struct creds {
    struct wallet wallet;
    struct alarm daily;
    u64 keyless; /* a hash of what was said last of certificates without keys */
    u64 said;    /* what was said of connections last: it is not said again */
    u64 trusted; /* likewise, of what was told to certs; 0: nothing */
    bool open;
};

void creds_open(struct control *c);
void creds_close(struct control *c);

/* The files were read: look at the folders, and hand on the private keys. Before their secrets are
 * forgotten. */
void creds_read(struct control *c, const struct config *files);
/* Connections were joined: give them their certificates. */
void creds_join(struct control *c, struct config *merged);
/* Which connections have certificates whose private keys keys has not: said, once it is known. */
void creds_say_keyless(struct control *c);
/* A record of the vault: a certificate that came over the control socket in the life before. */
void creds_restore(struct control *c, struct bytes key, struct bytes value);

/* A certificate, CRL or key of the control socket. NULL: it is there; else why not. */
const char *creds_load(struct control *c, enum wallet_kind kind, struct bytes octets);
/* Forget all of these. */
void creds_clear(struct control *c);

#endif
