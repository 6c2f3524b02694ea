/* Certificates, keys and authorities, as far as there are none: see certs.h. */
#include "control/certs.h"

enum vici_reply certs_list(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r, (void)answer;
    return VICI_REPLY_NOW;
}

static enum vici_reply empty(struct vici_writer *w, const char *list)
{
    vici_list_begin(w, list);
    vici_list_end(w);
    return VICI_REPLY_NOW;
}

enum vici_reply certs_get_keys(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r;
    return empty(answer, "keys");
}

enum vici_reply certs_get_authorities(void *ctx, const struct vici_request *r,
                                      struct vici_writer *answer)
{
    (void)ctx, (void)r;
    return empty(answer, "authorities");
}

enum vici_reply certs_load(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r;
    return vici_refuse(answer,
                       "certificates are not built yet; only shared keys (auth = psk) work");
}

enum vici_reply certs_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r;
    return vici_refuse(answer, "nothing of this name was loaded");
}

enum vici_reply certs_flush(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r;
    vici_put_text(answer, "success", "yes");
    return VICI_REPLY_NOW;
}
