/* Public keys in DER: see spki.h. */
#include "keys/spki.h"
#include <openssl/x509.h>

enum { INNER_MAX = 4096 };
enum { TAG_INTEGER = 0x02, TAG_BITS = 0x03, TAG_OCTETS = 0x04, TAG_SEQUENCE = 0x30 };

static const u8 rsa_oid[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                             0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const u8 ec_oid[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static void write_head(struct writer *w, u8 tag, size_t len)
{
    write_u8(w, tag);
    if (len > 255) {
        write_u8(w, 0x82);
        write_u16(w, (u16)len);
        w->full |= len > UINT16_MAX;
        return;
    }
    if (len > 127)
        write_u8(w, 0x81);
    write_u8(w, (u8)len);
}

static void write_number(struct writer *w, struct bytes n)
{
    while (n.len > 1 && n.at[0] == 0)
        n = bytes_of(n.at + 1, n.len - 1);
    w->full |= n.len == 0;
    if (w->full)
        return;
    bool high = n.at[0] & 0x80; /* it would be below zero */
    write_head(w, TAG_INTEGER, n.len + high);
    write_zero(w, high);
    write_bytes(w, n);
}

/* The whole: what kind of key it is, and the key, in a BIT STRING of whole octets. */
static void write_whole(struct writer *w, const struct writer *kind, const struct writer *key)
{
    u8 room[8];
    struct writer head = writer_of(room, sizeof room);
    w->full |= kind->full || key->full;
    write_head(&head, TAG_BITS, written(key) + 1);
    write_head(w, TAG_SEQUENCE, written(kind) + written(&head) + 1 + written(key));
    write_bytes(w, written_bytes(kind));
    write_bytes(w, written_bytes(&head));
    write_u8(w, 0);
    write_bytes(w, written_bytes(key));
}

void spki_write_rsa(struct writer *w, struct bytes modulus, struct bytes exponent)
{
    u8 kind_room[sizeof rsa_oid], key_room[INNER_MAX], room[INNER_MAX];
    struct writer kind = writer_of(kind_room, sizeof kind_room);
    struct writer key = writer_of(key_room, sizeof key_room), n = writer_of(room, sizeof room);
    write_bytes(&kind, bytes_of(rsa_oid, sizeof rsa_oid));
    write_number(&n, modulus);
    write_number(&n, exponent);
    key.full |= n.full;
    write_head(&key, TAG_SEQUENCE, written(&n));
    write_bytes(&key, written_bytes(&n));
    write_whole(w, &kind, &key);
}

/* Without what is around it. */
static struct bytes bare_point(struct bytes p)
{
    if (p.len > 3 && p.at[0] == TAG_OCTETS && p.at[1] == p.len - 2 && p.at[2] == 4)
        return bytes_of(p.at + 2, p.len - 2);
    if (p.len > 4 && p.at[0] == TAG_OCTETS && p.at[1] == 0x81 && p.at[2] == p.len - 3 &&
        p.at[3] == 4)
        return bytes_of(p.at + 3, p.len - 3);
    return p;
}

void spki_write_ec(struct writer *w, struct bytes params, struct bytes point)
{
    u8 kind_room[INNER_MAX], key_room[INNER_MAX];
    struct writer kind = writer_of(kind_room, sizeof kind_room);
    struct writer key = writer_of(key_room, sizeof key_room);
    w->full |= params.len == 0 || point.len == 0;
    write_head(&kind, TAG_SEQUENCE, sizeof ec_oid + params.len);
    write_bytes(&kind, bytes_of(ec_oid, sizeof ec_oid));
    write_bytes(&kind, params);
    write_bytes(&key, bare_point(point));
    write_whole(w, &kind, &key);
}

void spki_write_of_cert(struct writer *w, struct bytes der)
{
    const unsigned char *at = der.at;
    u8 *spki = NULL;
    X509 *cert = der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    int len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki) : -1;
    w->full |= len <= 0;
    if (len > 0)
        write_bytes(w, bytes_of(spki, (size_t)len));
    OPENSSL_free(spki);
    X509_free(cert);
}
