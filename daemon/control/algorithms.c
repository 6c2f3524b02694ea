/* What proposals may be made of: see algorithms.h. */
#include "control/algorithms.h"
#include "control/sas.h"
#include "crypto/suite.h"

/* All come from one library. */
static void put(struct vici_writer *w, const char *name)
{
    if (name)
        vici_put_text(w, name, "openssl");
}

/* Each once: rows of other key sizes follow. */
static void put_ciphers(struct vici_writer *w, bool aead)
{
    size_t count;
    const struct encr_suite *all = suite_encr_all(&count);
    vici_begin(w, aead ? "aead" : "encryption");
    for (size_t i = 0; i < count; i++)
        if (all[i].aead == aead && (i == 0 || all[i - 1].id != all[i].id))
            put(w, code_name(CODE_ENCR, all[i].id));
    vici_end(w);
}

static void put_integrity(struct vici_writer *w)
{
    size_t count;
    const struct integ_suite *all = suite_integ_all(&count);
    vici_begin(w, "integrity");
    for (size_t i = 0; i < count; i++)
        put(w, code_name(CODE_INTEG, all[i].id));
    vici_end(w);
}

static void put_prf(struct vici_writer *w)
{
    size_t count;
    const struct prf_suite *all = suite_prf_all(&count);
    vici_begin(w, "prf");
    for (size_t i = 0; i < count; i++)
        put(w, code_name(CODE_PRF, all[i].id));
    vici_end(w);
}

static void put_groups(struct vici_writer *w)
{
    char at[32];
    size_t count;
    const struct ke_suite *all = suite_ke_all(&count);
    vici_begin(w, "dh");
    for (size_t i = 0; i < count; i++)
        put(w, sas_group_name(all[i].id, at));
    vici_end(w);
}

enum vici_reply algorithms_get(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx, (void)r;
    put_ciphers(answer, false);
    put_integrity(answer);
    put_ciphers(answer, true);
    put_prf(answer);
    put_groups(answer);
    return VICI_REPLY_NOW;
}
