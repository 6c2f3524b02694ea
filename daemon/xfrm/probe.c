/* What the IPsec of this kernel can do: see probe.h. */
#include "xfrm/probe.h"
#include "wire/codes.h"
#include "xfrm/algorithm.h"
#include "xfrm/kernel.h"
#include "xfrm/rehearsal.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/random.h>

#define PROBE_REQID 0xffffffffu

/* Letters come in pairs: an SA, and its end. */
struct trial {
    struct batch batch;
    struct kernel kernel;
    u32 spi;
    u16 made;
};

static const u8 zero_key[LETTER_KEY_MAX];

static struct letter_sa plain(struct trial *t, u8 protocol, u8 family)
{
    struct letter_sa s = {.protocol = protocol,
                          .mode = XFRM_MODE_TRANSPORT,
                          .reqid = PROBE_REQID,
                          .encr = ENCR_AES_GCM_16,
                          .encr_key = bytes_of(zero_key, 20),
                          .integ = INTEG_HMAC_SHA2_256_128,
                          .integ_key = bytes_of(zero_key, 32)};
    s.spi = protocol == IPPROTO_COMP ? 0xf000u + t->made : t->spi + t->made;
    s.from.family = s.to.family = family;
    if (family == 4)
        memcpy(s.to.octets, "\x7f\0\0\1", 4);
    else
        s.to.octets[15] = 1;
    s.from = s.to;
    return s;
}

static void attempt(struct trial *t, const struct letter_sa *s)
{
    const struct letter_sa_id id = {.protocol = s->protocol, .spi = s->spi, .to = s->to};
    ensure(letter_sa(&t->batch, s));
    letter_sa_delete(&t->batch, &id);
    t->made++;
}

static u16 error_of(const struct trial *t, u16 n)
{
    return t->batch.errors[2 * n];
}

enum { ESP4, ESP6, AH, COMP, ESN, IPTFS_IN, IPTFS_OUT, FEATURES };

static void try_features(struct trial *t)
{
    struct letter_sa s;
    s = plain(t, IPPROTO_ESP, 4);
    attempt(t, &s);
    s = plain(t, IPPROTO_ESP, 6);
    attempt(t, &s);
    s = plain(t, IPPROTO_AH, 4);
    attempt(t, &s);
    s = plain(t, IPPROTO_COMP, 4);
    attempt(t, &s);
    s = plain(t, IPPROTO_ESP, 4);
    s.esn = s.inbound = true;
    attempt(t, &s);
    s = plain(t, IPPROTO_ESP, 4);
    s.mode = LETTER_MODE_IPTFS;
    s.inbound = true;
    attempt(t, &s);
    s = plain(t, IPPROTO_ESP, 4);
    s.mode = LETTER_MODE_IPTFS;
    s.esn = s.whole = true;
    attempt(t, &s);
    (void)kernel_send(&t->kernel, &t->batch, NULL);
}

/* What is proposed where nothing else is written (config/proposal.c). Others are not tried: to be
 * asked is reason enough for a kernel to load the module of an algorithm. */
static const struct usual {
    bool auth;
    u16 id;
} usual[] = {{false, ENCR_AES_GCM_16},        {false, ENCR_CHACHA20_POLY1305},
             {false, ENCR_AES_CBC},           {true, INTEG_HMAC_SHA2_256_128},
             {true, INTEG_HMAC_SHA2_384_192}, {true, INTEG_HMAC_SHA2_512_256}};

static const struct kernel_algorithm *usual_at(u32 n)
{
    return usual[n].auth ? kernel_integrity(usual[n].id) : kernel_encryption(usual[n].id);
}

static void try_algorithms(struct trial *t)
{
    batch_clear(&t->batch);
    t->made = 0;
    for (u32 n = 0; n < ARRAY_LEN(usual); n++) {
        const struct kernel_algorithm *a = usual_at(n);
        struct letter_sa s = plain(t, IPPROTO_ESP, 4);
        if (a->kind == KERNEL_IS_AUTH) {
            s.encr = ENCR_NULL;
            s.encr_key.len = 0;
            s.integ = a->id;
            s.integ_key.len = a->key_len;
        } else {
            s.encr = a->id;
            s.encr_key.len = a->key_len;
        }
        attempt(t, &s);
    }
    (void)kernel_send(&t->kernel, &t->batch, NULL);
}

static void add(struct probe *p, const char *before, const char *word)
{
    size_t len = strlen(p->text);
    snprintf(p->text + len, sizeof p->text - len, "%s%s", before, word);
}

static void say_algorithms(struct probe *p, const struct trial *t)
{
    const char *before = "; not ";
    for (u32 n = 0; n < ARRAY_LEN(usual); n++) {
        if (error_of(t, (u16)n) == 0)
            continue;
        add(p, before, usual_at(n)->name);
        before = ", ";
    }
}

static void judge(struct probe *p, const u16 errors[FEATURES])
{
    static const char *const words[] = {"ESP", ", ESP over IPv6", ", AH", ", IPComp",
                                        ", 64-bit sequence numbers"};
    if (errors[ESP4] == EPERM) {
        p->plane = PLANE_KERNEL | PLANE_IPCOMP | PLANE_AH | PLANE_IPTFS;
        add(p, "", "not known: there is no right to try");
        return;
    }
    if (errors[ESP4]) {
        add(p, "none: ", strerror(errors[ESP4]));
        return;
    }
    p->plane = (u8)(PLANE_KERNEL | (errors[AH] ? 0 : PLANE_AH) | (errors[COMP] ? 0 : PLANE_IPCOMP));
    for (u32 i = 0; i < ARRAY_LEN(words); i++)
        if (errors[i] == 0)
            add(p, "", words[i]);
    if (errors[IPTFS_IN] == 0 && errors[IPTFS_OUT] == 0) {
        p->plane |= PLANE_IPTFS;
        add(p, "", ", IP-TFS");
    }
}

void probe_kernel(struct probe *p)
{
    static struct trial t; /* one thread */
    u16 errors[FEATURES];
    memset(p, 0, sizeof *p);
    memset(&t, 0, sizeof t);
    if (getrandom(&t.spi, sizeof t.spi, 0) != (ssize_t)sizeof t.spi || t.spi < 1u << 16)
        t.spi += 1u << 16;
    if (!kernel_open(&t.kernel, false)) {
        add(p, "none: ", strerror(errno));
        return;
    }
    try_features(&t);
    for (u16 i = 0; i < FEATURES; i++)
        errors[i] = error_of(&t, i);
    judge(p, errors);
    if (errors[ESP4] == 0) {
        if (rehearse_move(&t.kernel, t.spi, PROBE_REQID)) {
            p->plane |= PLANE_MOVES;
            add(p, "", ", SAs that it moves");
        }
        try_algorithms(&t);
        say_algorithms(p, &t);
    }
    kernel_close(&t.kernel);
}
