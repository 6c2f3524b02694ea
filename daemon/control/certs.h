/* Commands about certificates, private keys and authorities. What they bring works as if it stood
 * in the folders, and outlives this process in its vault; of private keys only their names stay
 * here. */
#ifndef CONTROL_CERTS_H
#define CONTROL_CERTS_H

#include "ops/mail.h"
#include "vici/server.h"

#define CERTS_ASKS_MAX 16   /* commands that keys has not answered yet */
#define CERTS_KEYS_MAX 1024 /* private keys of the control socket, as keys takes them */

struct control;

struct certs_commands {
    struct certs_ask {
        vici_ticket ticket; /* 0: free */
        u32 reference;
        bool removes;
    } asks[CERTS_ASKS_MAX];
    struct shrike_key_id keys[CERTS_KEYS_MAX]; /* that the control socket brought */
    u32 key_count;
    struct mail_privates_are held; /* all that keys has */
    bool known;                    /* it has said so since private keys were last sent */
};

/* load-cert, load-key, load-token, unload-key, get-keys, list-certs, flush-certs */
enum vici_reply certs_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_load_key(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_unload_key(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer);
enum vici_reply certs_get_keys(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_flush(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply certs_load_token(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer);

/* For clear-creds: certificates, and private keys. false: keys is not there. */
bool certs_clear(struct control *c) must_use;
/* The next certificate from this file and this item on, as an event of list-certs; false: that was
 * all. `type` and `flag` are wanted, empty for any. */
struct certs_filter {
    char type[16], flag[8];
};
void certs_filter_read(struct certs_filter *f, struct bytes message);
bool certs_put_next(struct control *c, const struct certs_filter *f, u32 *file, u32 *item,
                    struct vici_writer *w) must_use;

/* Has keys this one? Only when that is known. */
bool certs_lacks_key(const struct control *c, const struct shrike_key_id *id);
/* What keys says of all that it has. */
bool certs_got_keys(struct control *c, struct reader *r);
/* What keys says of one. */
bool certs_got_key(struct control *c, const struct mail_private_is *is);
void certs_keys_gone(struct control *c);
void certs_cancel(struct control *c, vici_ticket ticket);
/* A record of the vault: a private key that came in the life before. */
void certs_restore(struct control *c, struct bytes key);

#endif
