#include "config/proposal.h"

#include "config/value.h"
#include "crypto/suite.h"
#include "crypto/weak.h"
#include <string.h>

/* What "default" means: sound algorithms that peers have, AEADs first; no weak group. */
#define DEFAULT_KE                                                                                 \
    "x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096-x448-ecp256bp-ecp384bp-ecp512bp"
#define DEFAULT_IKE                                                                                \
    "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-" DEFAULT_KE           \
    ",aes256-aes128-sha256-sha384-sha512-" DEFAULT_KE
#define DEFAULT_ESP                                                                                \
    "aes256gcm16-aes128gcm16-chacha20poly1305-noesn,aes256-aes128-sha256-sha384-sha512-noesn"

#define DEFAULT_AH "sha256-sha384-sha512-noesn"

static const struct algorithm {
    const char *name;
    uint8_t type;
    uint16_t id, key_bits, prf;
} algorithms[] = {
#define ALGORITHM(name, kind, id, key_bits, prf) {name, TRANSFORM_##kind, id, key_bits, prf},
#include "config/algorithm.def"
#undef ALGORITHM
};

/* One proposal while it is made. */
struct making {
    struct config_report *report;
    struct shrike_origin origin;
    const char *text;
    struct shrike_transform t[TRANSFORMS_MAX];
    uint16_t count;
    uint8_t protocol;
    bool failed;
    bool lacks; /* something that is not built was left out of it */
};

static bool built(const struct algorithm *a)
{
    return a->type == TRANSFORM_ENCR    ? suite_encr(a->id, a->key_bits) != NULL
           : a->type == TRANSFORM_INTEG ? suite_integ(a->id) != NULL
           : a->type == TRANSFORM_PRF   ? suite_prf(a->id) != NULL
           : a->type == TRANSFORM_KE    ? suite_ke(a->id) != NULL
                                        : true;
}

static unsigned count_of(const struct making *m, uint8_t type)
{
    unsigned n = 0;
    for (uint16_t i = 0; i < m->count; i++)
        n += m->t[i].type == type;
    return n;
}

static void add(struct making *m, uint8_t type, uint16_t id, uint16_t key_bits)
{
    for (uint16_t i = 0; i < m->count; i++)
        if (m->t[i].type == type && m->t[i].id == id && m->t[i].key_bits == key_bits)
            return;
    if (m->count == TRANSFORMS_MAX) {
        report_error(m->report, m->origin, "proposal %s has more than %d algorithms", m->text,
                     TRANSFORMS_MAX);
        m->failed = true;
        return;
    }
    m->t[m->count++] = (struct shrike_transform){type, id, key_bits};
}

/* A mistake; but what is missing where something was left out is none. */
static void refuse(struct making *m, const char *word, const char *why)
{
    if (m->lacks)
        report_warning(m->report, m->origin,
                       "proposal %s is left out: what is left lacks something", m->text);
    else
        report_error(m->report, m->origin, "%s in proposal %s: %s", word, m->text, why);
    m->failed = true;
}

/* Not built: the others of its kind do without it. */
static void leave_out(struct making *m, const char *word)
{
    report_warning(m->report, m->origin, "%s in proposal %s is not built and is left out of it",
                   word, m->text);
    m->lacks = true;
}

/* Not built, and without it the proposal would be weaker. */
static void leave(struct making *m, const char *word)
{
    report_warning(m->report, m->origin, "proposal %s is left out: %s is not built yet", m->text,
                   word);
    m->failed = true;
}

static void add_algorithm(struct making *m, const struct algorithm *a)
{
    if (weak_transform(a->type, a->id))
        report_warning(
            m->report, m->origin,
            "%s in proposal %s is weak (RFC 8247, RFC 8221): used as it is named, better "
            "left out",
            a->name, m->text);
    add(m, a->type, a->id, a->key_bits);
}

static void add_word(struct making *m, const char *word)
{
    const struct algorithm *a = NULL;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strcmp(algorithms[i].name, word) == 0)
            a = &algorithms[i];
    bool ike = m->protocol == PROTOCOL_IKE;
    if (strncmp(word, "ke", 2) == 0 && word[2] >= '1' && word[2] <= '7' && word[3] == '_')
        leave(m, word);
    else if (!a)
        refuse(m, word, "no such algorithm; write for example aes256gcm16-prfsha256-x25519");
    else if (!built(a))
        leave_out(m, word);
    else if (ike && a->type == TRANSFORM_ENCR && a->id == ENCR_NULL)
        refuse(m, word, "IKE is always encrypted (RFC 7296 5)");
    else if (ike && a->type == TRANSFORM_SN)
        refuse(m, word, "sequence numbers are a matter of esp_proposals");
    else if (m->protocol == PROTOCOL_AH && a->type == TRANSFORM_ENCR)
        refuse(m, word, "AH does not encrypt; leave it out, or write esp_proposals");
    else if (!ike && a->type == TRANSFORM_PRF)
        refuse(m, word, "ESP and AH have no PRF; leave it out");
    else
        add_algorithm(m, a);
}

static void remove_type(struct making *m, uint8_t type)
{
    uint16_t kept = 0;
    for (uint16_t i = 0; i < m->count; i++)
        if (m->t[i].type != type)
            m->t[kept++] = m->t[i];
    m->count = kept;
}

/* The PRF that is built on the same function as the integrity algorithm. */
static void derive_prf(struct making *m)
{
    uint16_t count = m->count;
    for (uint16_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof(algorithms) / sizeof(algorithms[0]); k++)
            if (m->t[i].type == TRANSFORM_INTEG && algorithms[k].type == TRANSFORM_INTEG &&
                algorithms[k].id == m->t[i].id)
                add(m, TRANSFORM_PRF, algorithms[k].prf, 0);
}

/* RFC 7296 3.3: an AEAD comes without integrity algorithm, another cipher with one. */
static void complete(struct making *m)
{
    unsigned aeads = 0, ciphers = count_of(m, TRANSFORM_ENCR);
    for (uint16_t i = 0; i < m->count; i++)
        aeads += m->t[i].type == TRANSFORM_ENCR && suite_encr(m->t[i].id, m->t[i].key_bits)->aead;
    if (!ciphers && m->protocol != PROTOCOL_AH)
        refuse(m, "nothing", "an encryption algorithm is missing; aes256gcm16 for example");
    else if (aeads && aeads != ciphers)
        refuse(m, "a mixture", "AEADs and other ciphers need two proposals, with a comma between");
    else if (!aeads && !count_of(m, TRANSFORM_INTEG))
        refuse(m, "nothing", "an integrity algorithm is missing; sha256 for example");
    if (m->failed)
        return;
    if (m->protocol != PROTOCOL_IKE) {
        if (!count_of(m, TRANSFORM_SN))
            add(m, TRANSFORM_SN, SN_32, 0);
    } else {
        if (!count_of(m, TRANSFORM_PRF))
            derive_prf(m);
        if (!count_of(m, TRANSFORM_PRF))
            refuse(m, "nothing", "an AEAD needs a PRF beside it; prfsha256 for example");
        if (!count_of(m, TRANSFORM_KE))
            refuse(m, "nothing", "a key exchange is missing; x25519 for example");
    }
    if (aeads)
        remove_type(m, TRANSFORM_INTEG);
}

static void read_one(struct pool *p, struct making *m, struct proposal_list *out)
{
    char word[32];
    for (const char *at = m->text; *at && !m->failed;) {
        size_t len = strcspn(at, "-");
        if (len == 0 || len >= sizeof(word)) {
            refuse(m, "a word", "names with single dashes between are wanted");
            return;
        }
        memcpy(word, at, len);
        word[len] = 0;
        add_word(m, word);
        at += len + (at[len] == '-');
    }
    if (!m->failed)
        complete(m);
    if (m->failed)
        return;
    struct shrike_transform *kept = pool_take(p, m->count * sizeof(*kept));
    memcpy(kept, m->t, m->count * sizeof(*kept));
    out->at[out->count++] = (struct shrike_proposal){m->protocol, m->count, kept, m->origin};
}

void proposals_read(struct pool *p, const struct shrike_proposal *like, const char *text,
                    struct proposal_list *out, struct config_report *report)
{
    const char *fallback = like->protocol == PROTOCOL_IKE  ? DEFAULT_IKE
                           : like->protocol == PROTOCOL_AH ? DEFAULT_AH
                                                           : DEFAULT_ESP;
    const char *inner = "";
    for (;;) {
        const char *one = list_next(p, &inner);
        if (!one && !(one = list_next(p, &text)))
            return;
        if (strcmp(one, "default") == 0) {
            inner = fallback;
            continue;
        }
        if (out->count == PROPOSALS_MAX) {
            report_error(report, like->origin, "more than %d proposals", PROPOSALS_MAX);
            return;
        }
        /* RFC 7296 3.3.4 (4): what is allowed is what is configured. */
        struct making m = {.report = report, .origin = like->origin, .text = one};
        m.protocol = like->protocol;
        read_one(p, &m, out);
    }
}
