/* Writes inputs for fuzz_certs to begin with: peers with chains, CRLs and keys. seed_certs FOLDER
 */
#include "base/cursor.h"
#include "certs/lookup.h"
#include "certs/pki.h"
#include "ops/trustfile.h"
#include "wire/codes.h"

enum piece {
    PIECE_CERT = TRUST_KEY + 1,
    PIECE_RAW_KEY,
    PIECE_VALUE,
    PIECE_IDENTITY,
    PIECE_RULES,
    PIECE_TOLD,
    PIECE_FETCHED,
    PIECE_URL,
    PIECE_NAMED,
    PIECE_NAMED_BUNDLE,
};

static u8 octets[65536];
static struct writer w;

static void put(u8 what, struct bytes b)
{
    write_u8(&w, what);
    write_u16(&w, (u16)b.len);
    write_bytes(&w, b);
}

static void put_signature(EVP_PKEY *key)
{
    const struct scheme *s = scheme_at(SCHEME_ECDSA_SHA256);
    static const char message[] = "what the peer has signed";
    u8 value[256];
    size_t len = 200;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    value[0] = (u8)s->oid.len;
    memcpy(value + 1, s->oid.at, s->oid.len);
    ensure(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1);
    ensure(EVP_DigestSign(ctx, value + 1 + s->oid.len, &len, (const u8 *)message,
                          sizeof(message) - 1) == 1);
    EVP_MD_CTX_free(ctx);
    put(PIECE_VALUE, bytes_of(value, 1 + s->oid.len + len));
}

static void put_identity(const char *name)
{
    u8 id[100] = {ID_FQDN};
    memcpy(id + 1, name, strlen(name));
    put(PIECE_IDENTITY, bytes_of(id, 1 + strlen(name)));
}

static void save(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    ensure(f && !w.full && fwrite(octets, 1, written(&w), f) == written(&w) && fclose(f) == 0);
    w = writer_of(octets, sizeof(octets));
}

struct cast {
    struct node root, sub, peer, own;
};

/* What is said of revocation by who may, and by who may not; and where it is asked. */
static void put_revocation(const char *folder, const struct cast *c)
{
    static const char *const urls[] = {"http://h:80/x", "http://u@h/", "http://[::1]"};
    const struct node *signers[] = {&c->sub, &c->own, &c->peer};
    for (size_t i = 0; i < ARRAY_LEN(signers); i++) {
        char name[] = "told-0";
        struct bytes told =
            OCSP(.of = &c->peer, .issuer = &c->sub, .signer = signers[i], .status = (int)i % 2);
        name[5] = (char)('0' + i);
        put(TRUST_AUTHORITY, c->root.der);
        put(PIECE_CERT, c->peer.der);
        put(PIECE_CERT, c->sub.der);
        put(PIECE_TOLD, told);
        put(PIECE_FETCHED, told);
        put_identity("peer.example.org");
        put_signature(c->peer.key);
        save(folder, name);
        put(PIECE_CERT, c->peer.der);
        put(PIECE_CERT, c->sub.der);
        put(PIECE_FETCHED, pki_crl(i == 0 ? &c->sub : &c->own, NOW + DAY, &c->peer));
        put(PIECE_URL, bytes_of(urls[i], strlen(urls[i])));
        name[0] = 'f';
        save(folder, name);
    }
}

/* A certificate, and a bundle of two, by hash and URL. */
static void put_named(const char *folder, const struct cast *c)
{
    u8 bundle[4096], name[LOOKUP_HASH + 64];
    const struct bytes both[] = {c->peer.der, c->sub.der};
    struct writer all = writer_of(bundle, sizeof(bundle));
    write_u16(&all, 0x3082);
    write_u16(&all, (u16)(c->peer.der.len + c->sub.der.len + 8));
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        write_u16(&all, 0xa082);
        write_u16(&all, (u16)both[i].len);
        write_bytes(&all, both[i]);
    }
    ensure(!all.full);
    for (int i = 0; i < 2; i++) {
        struct bytes what = i == 0 ? c->peer.der : written_bytes(&all);
        ensure(EVP_Digest(what.at, what.len, name, NULL, EVP_sha1(), NULL) == 1);
        memcpy(name + LOOKUP_HASH, "http://h/a", 10);
        put(TRUST_AUTHORITY, c->root.der);
        put(i == 0 ? PIECE_NAMED : PIECE_NAMED_BUNDLE, bytes_of(name, LOOKUP_HASH + 10));
        if (i == 0)
            put(PIECE_CERT, c->sub.der);
        put(PIECE_FETCHED, what);
        put_identity("peer.example.org");
        put_signature(c->peer.key);
        save(folder, i == 0 ? "named" : "bundle");
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    const char *folder = argv[1];
    static const char san[] =
        "DNS:peer.example.org,IP:10.0.0.1,email:a@example.org,URI:http://a,RID:1.2.3";
    w = writer_of(octets, sizeof(octets));
    struct node root = pki_authority("root", NULL);
    struct node sub = PKI(.cn = "sub", .by = &root, .basic = "critical,CA:TRUE,pathlen:1",
                          .constraints = "permitted;DNS:.example.org,excluded;email:example.com");
    struct node peer = PKI(.cn = "peer", .by = &sub, .san = san, .purpose = "serverAuth",
                           .usage = "digitalSignature", .crl_from = "URI:http://example.org/crl");
    struct node own = PKI(.cn = "own", .san = "DNS:own.example.org");
    struct bytes crl = pki_crl(&sub, NOW + DAY, &own), spki = pki_spki(own.key);
    put(TRUST_AUTHORITY, root.der);
    put(TRUST_CRL, crl);
    put(PIECE_CERT, peer.der);
    put(PIECE_CERT, sub.der);
    put_identity("peer.example.org");
    put_signature(peer.key);
    save(folder, "chain");
    put(TRUST_AUTHORITY, pki_pem("CERTIFICATE", (struct bytes[]){root.der, sub.der}, 2));
    put(TRUST_CRL, pki_pem("X509 CRL", &crl, 1));
    put(TRUST_CRL, pki_crl(&sub, NOW + DAY, &peer));
    put(PIECE_CERT, peer.der);
    put_identity("peer.example.org");
    put_signature(peer.key);
    save(folder, "revoked");
    put_revocation(folder, &(struct cast){root, sub, peer, own});
    put_named(folder, &(struct cast){root, sub, peer, own});
    put(TRUST_PEER, own.der);
    put(TRUST_KEY, spki);
    put_identity("own.example.org");
    put_signature(own.key);
    save(folder, "known");
    put(PIECE_RAW_KEY, spki);
    put_signature(own.key);
    save(folder, "raw");
    u8 inner[4096];
    struct writer records = writer_of(inner, sizeof(inner));
    trust_record_write(&records,
                       &(struct trust_record){.name = bytes_of("ca", 2), .octets = own.der});
    trust_record_write(
        &records,
        &(struct trust_record){.name = bytes_of("key", 3), .kind = TRUST_KEY, .octets = spki});
    trust_record_write(&records, &(struct trust_record){.is_rule = true,
                                                        .name = bytes_of("c", 1),
                                                        .revocation = TRUST_STRICT,
                                                        .peer_count = 1,
                                                        .peers = {1}});
    put(PIECE_RULES, written_bytes(&records));
    save(folder, "records");
    pki_free();
    return 0;
}
