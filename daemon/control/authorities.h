/* Authorities of the control socket: certificates with a name, trusted as those of x509ca are,
 * until they are unloaded. They outlive this process in its vault. */
#ifndef CONTROL_AUTHORITIES_H
#define CONTROL_AUTHORITIES_H

#include "config/config.h"
#include "vici/server.h"

#define AUTHORITIES_LOADED_MAX 256
#define AUTHORITY_NAME_MAX     200
#define AUTHORITY_PLACES_MAX   8 /* URLs of one */

struct control;

struct authorities {
    struct authority {
        char *name;
        u8 *octets; /* of its certificate */
        size_t len;
        struct authority_place { /* of what it has signed */
            enum config_place kind;
            char *url;
        } places[AUTHORITY_PLACES_MAX];
        u8 place_count;
    } at[AUTHORITIES_LOADED_MAX];
    u32 count;
};

/* load-authority, unload-authority, get-authorities, list-authorities */
enum vici_reply authorities_load(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer);
enum vici_reply authorities_unload(void *ctx, const struct vici_request *r,
                                   struct vici_writer *answer);
enum vici_reply authorities_get(void *ctx, const struct vici_request *r,
                                struct vici_writer *answer);
enum vici_reply authorities_list(void *ctx, const struct vici_request *r,
                                 struct vici_writer *answer);

/* The places of all of them; how many. */
u32 authorities_wheres(const struct control *c,
                       struct config_where out[AUTHORITIES_LOADED_MAX * AUTHORITY_PLACES_MAX]);

/* A record of the vault: one that came in the life before. */
void authorities_restore(struct control *c, struct bytes key, struct bytes value);
/* Other certificates of the control socket were forgotten: these are not. */
void authorities_stay(struct control *c);
void authorities_close(struct control *c);

#endif
