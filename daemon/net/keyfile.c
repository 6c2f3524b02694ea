/* Keys for reading captures: see keyfile.h. */
#include "net/keyfile.h"
#include "base/ct.h"
#include "base/text.h"
#include "shrike/view.h"
#include "wire/codes.h"
#include <unistd.h>

enum { ROW_MAX = 2048 };

/* Names as tshark 4.0 wants them, letter by letter. In IKE a cipher's name goes on with the length
 * of the key; behind it stand, if not 0, the octets of the ICV and the number of the RFC. */
static const struct name {
    u16 id;
    const char *text;
    u8 icv;
    u16 ike_rfc, esp_rfc; /* 0: not known there */
} encr_names[] = {
    {ENCR_AES_CBC, "AES-CBC", 0, 3602, 3602},     {ENCR_AES_CTR, "AES-CTR", 0, 5930, 3686},
    {ENCR_AES_CCM_8, "AES-CCM", 8, 5282, 0},      {ENCR_AES_CCM_12, "AES-CCM", 12, 5282, 0},
    {ENCR_AES_CCM_16, "AES-CCM", 16, 5282, 0},    {ENCR_AES_GCM_8, "AES-GCM", 8, 5282, 4106},
    {ENCR_AES_GCM_12, "AES-GCM", 12, 5282, 4106}, {ENCR_AES_GCM_16, "AES-GCM", 16, 5282, 4106},
};

/* Those that it cannot compute are skipped by their length; their keys must not be named. */
static const struct integ_name {
    u16 id;
    bool keyed;
    const char *ike, *esp;
    u16 ike_rfc, esp_rfc; /* 0: none is named */
} integ_names[] = {
    {INTEG_NONE, false, "NONE", "NULL", 4306, 0},
    {INTEG_HMAC_SHA1_96, true, "HMAC_SHA1_96", "HMAC-SHA-1-96", 2404, 2404},
    {INTEG_AES_XCBC_96, false, "ANY 96-bits of Authentication [No Checking]",
     "ANY 96 bit authentication [no checking]", 0, 0},
    {INTEG_AES_CMAC_96, false, "ANY 96-bits of Authentication [No Checking]",
     "ANY 96 bit authentication [no checking]", 0, 0},
    {INTEG_HMAC_SHA2_256_128, true, "HMAC_SHA2_256_128", "HMAC-SHA-256-128", 4868, 4868},
    {INTEG_HMAC_SHA2_384_192, true, "HMAC_SHA2_384_192", "HMAC-SHA-384-192", 4868, 4868},
    {INTEG_HMAC_SHA2_512_256, true, "HMAC_SHA2_512_256", "HMAC-SHA-512-256", 4868, 4868},
};

static const struct name *encr_name(u16 id)
{
    for (size_t i = 0; i < ARRAY_LEN(encr_names); i++)
        if (encr_names[i].id == id)
            return &encr_names[i];
    return NULL;
}

static const struct integ_name *integ_name(u16 id)
{
    for (size_t i = 0; i < ARRAY_LEN(integ_names); i++)
        if (integ_names[i].id == id)
            return &integ_names[i];
    return NULL;
}

void keyfile_init(struct keyfile *k)
{
    for (int i = 0; i < KEYFILE_COUNT; i++)
        k->fd[i] = -1;
}

void keyfile_set(struct keyfile *k, enum keyfile_which which, int fd)
{
    if (k->fd[which] >= 0)
        close(k->fd[which]);
    k->fd[which] = fd;
}

void keyfile_close(struct keyfile *k)
{
    for (int i = 0; i < KEYFILE_COUNT; i++)
        keyfile_set(k, (enum keyfile_which)i, -1);
}

/* A row by one call, so that rows of two processes do not mix; wiped. */
static bool append(struct keyfile *k, enum keyfile_which which, struct text *t)
{
    text_char(t, '\n');
    bool written = !t->cut && write(k->fd[which], t->start, t->len) == (ssize_t)t->len;
    wipe(t->start, t->size);
    if (!written)
        keyfile_set(k, which, -1);
    return written;
}

static bool append_comment(struct keyfile *k, enum keyfile_which which, u64 spi, unsigned digits)
{
    char row[ROW_MAX];
    struct text t = text_of(row, sizeof row);
    text_str(&t, "# ");
    text_hex(&t, spi, digits);
    text_str(&t, ": an algorithm that tshark 4.0 cannot decrypt here");
    return append(k, which, &t);
}

static void write_icv(struct text *t, u8 octets)
{
    if (octets == 0)
        return;
    text_str(t, " with ");
    text_u64(t, octets);
    text_str(t, " octet ICV");
}

static void write_rfc(struct text *t, u16 number)
{
    if (number == 0)
        return;
    text_str(t, " [RFC");
    text_u64(t, number);
    text_char(t, ']');
}

/* ---- IKE SAs ---- */

static bool find_ike(const struct shrike *engine, u32 serial, struct shrike_ike_view *v)
{
    u32 at = 0;
    while (shrike_view_ike(engine, &at, v))
        if (v->serial == serial)
            return true;
    return false;
}

static void comma_hex(struct text *t, struct bytes b)
{
    text_char(t, ',');
    text_bytes(t, b);
}

/* SPIs, both encryption keys, cipher, both integrity keys, integrity. keys: SK_ai, SK_ar, SK_ei and
 * SK_er, one after the other, of these lengths. */
static void write_ike(struct text *t, const struct shrike_ike_view *v, const u8 *keys,
                      const size_t len[4])
{
    const struct name *encr = encr_name(v->encr);
    const struct integ_name *integ = integ_name(v->integ);
    const u8 *sk_ei = keys + len[0] + len[1];
    text_hex(t, v->spi_i, 16);
    text_char(t, ',');
    text_hex(t, v->spi_r, 16);
    comma_hex(t, bytes_of(sk_ei, len[2]));
    comma_hex(t, bytes_of(sk_ei + len[2], len[3]));
    text_str(t, ",\"");
    text_str(t, encr->text);
    text_char(t, '-');
    text_u64(t, v->encr_key_bits);
    write_icv(t, encr->icv);
    write_rfc(t, encr->ike_rfc);
    text_char(t, '"');
    comma_hex(t, bytes_of(keys, integ->keyed ? len[0] : 0));
    comma_hex(t, bytes_of(keys + len[0], integ->keyed ? len[1] : 0));
    text_str(t, ",\"");
    text_str(t, integ->ike);
    write_rfc(t, integ->ike_rfc);
    text_char(t, '"');
}

bool keyfile_ike(struct keyfile *k, const struct shrike *engine, u32 serial)
{
    u8 keys[SHRIKE_KEYS_MAX];
    size_t len[5];
    char row[ROW_MAX];
    struct text t = text_of(row, sizeof row);
    struct shrike_ike_view v;
    if (k->fd[KEYFILE_IKE] < 0 || !find_ike(engine, serial, &v) ||
        !shrike_unsafe_keys(engine, serial, keys, len))
        return true;
    const struct name *encr = encr_name(v.encr);
    if (!encr || !integ_name(v.integ)) {
        wipe(keys, sizeof keys);
        return append_comment(k, KEYFILE_IKE, v.spi_i, 16);
    }
    write_ike(&t, &v, keys + len[0], len + 1); /* behind SK_d */
    wipe(keys, sizeof keys);
    return append(k, KEYFILE_IKE, &t);
}

/* ---- ESP SAs ---- */

static void quoted_hex(struct text *t, struct bytes b)
{
    text_str(t, b.len ? "\"0x" : "\"");
    text_bytes(t, b);
    text_char(t, '"');
}

static bool write_esp(struct keyfile *k, const struct shrike_install_op *op, bool inbound)
{
    char row[ROW_MAX];
    struct text t = text_of(row, sizeof row);
    static const struct name null = {ENCR_NULL, "NULL", 0, 0, 0};
    const struct name *encr = op->encr == ENCR_NULL ? &null : encr_name(op->encr);
    const struct integ_name *integ = integ_name(op->integ);
    const struct shrike_sa_keys *keys = inbound ? &op->in : &op->out;
    const struct shrike_endpoint *from = inbound ? &op->remote : &op->local;
    const struct shrike_endpoint *to = inbound ? &op->local : &op->remote;
    if (!encr || (encr != &null && !encr->esp_rfc) || !integ)
        return append_comment(k, KEYFILE_ESP, keys->spi, 8);
    text_str(&t, from->family == 6 ? "\"IPv6\",\"" : "\"IPv4\",\"");
    text_addr(&t, from->octets, from->family);
    text_str(&t, "\",\"");
    text_addr(&t, to->octets, to->family);
    text_str(&t, "\",\"0x");
    text_hex(&t, keys->spi, 8);
    text_str(&t, "\",\"");
    text_str(&t, encr->text);
    write_icv(&t, encr->icv);
    write_rfc(&t, encr->esp_rfc);
    text_str(&t, "\",");
    quoted_hex(&t, keys->encr_key);
    text_str(&t, ",\"");
    text_str(&t, integ->esp);
    write_rfc(&t, integ->esp_rfc);
    text_str(&t, "\",");
    quoted_hex(&t, integ->keyed ? keys->integ_key : bytes_of(NULL, 0));
    return append(k, KEYFILE_ESP, &t);
}

bool keyfile_esp(struct keyfile *k, const struct shrike_install_op *op)
{
    if (k->fd[KEYFILE_ESP] < 0 || op->protocol != PROTOCOL_ESP)
        return true;
    return write_esp(k, op, true) && write_esp(k, op, false);
}
