/* What files and peers bring to the process that trusts: pieces, each an octet that says what it
 * is, two of its length, and its octets. Files make up the trust, certificates and the rest a
 * CHECK. It is refused or not, the same each time, and at the end nothing is in use. */
#include "base/cursor.h"
#include "certs/bundle.h"
#include "certs/check.h"
#include "certs/intake.h"
#include "certs/where.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define require(x) ((x) ? (void)0 : abort())
#define NOW        ((time_t)1800000000) /* 2027, when the certificates of the corpus are good */
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* What a piece is; up to TRUST_KEY, a file. */
enum piece {
    PIECE_CERT = TRUST_KEY + 1,
    PIECE_RAW_KEY,
    PIECE_VALUE,
    PIECE_IDENTITY,
    PIECE_RULES,
    PIECE_TOLD,    /* a response about revocation that the peer brings along */
    PIECE_FETCHED, /* what a CRL server or responder has said */
    PIECE_URL,
    PIECE_NAMED, /* a certificate by hash and URL; and several: */
    PIECE_NAMED_BUNDLE,
};

static struct certificates *cache;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct shrike_cert certs[SHRIKE_CERTS_MAX];
    struct shrike_op op;
    struct bytes rules; /* records of trust, behind the files */
    struct bytes told, fetched, url;
};

static void take_piece(struct input *in, struct trust *t, u8 what, struct bytes b)
{
    u32 number;
    struct shrike_auth_op *a = &in->op.auth;
    if (what <= TRUST_KEY)
        trust_file(t, (enum trust_kind)what, b, &number);
    else if ((what == PIECE_CERT || what == PIECE_RAW_KEY) && a->cert_count < SHRIKE_CERTS_MAX)
        in->certs[a->cert_count++] =
            (struct shrike_cert){what == PIECE_CERT ? CERT_X509_SIGNATURE : CERT_RAW_PUBLIC_KEY, b};
    else if ((what == PIECE_NAMED || what == PIECE_NAMED_BUNDLE) &&
             a->cert_count < SHRIKE_CERTS_MAX)
        in->certs[a->cert_count++] = (struct shrike_cert){
            what == PIECE_NAMED ? CERT_X509_HASH_AND_URL : CERT_X509_BUNDLE_HASH_AND_URL, b};
    else if (what == PIECE_VALUE)
        a->value = b;
    else if (what == PIECE_IDENTITY && b.len > 0)
        a->remote = (struct shrike_id){b.at[0], bytes_of(b.at + 1, b.len - 1)};
    else if (what == PIECE_RULES)
        in->rules = b;
    else if (what == PIECE_TOLD && a->cert_count < SHRIKE_CERTS_MAX) {
        in->certs[a->cert_count++] = (struct shrike_cert){CERT_OCSP_CONTENT, b};
        in->told = b;
    } else if (what == PIECE_FETCHED)
        in->fetched = b;
    else if (what == PIECE_URL)
        in->url = b;
}

static void take_pieces(struct input *in, struct trust *t, struct reader r)
{
    in->op = (struct shrike_op){.kind = SHRIKE_CHECK};
    in->op.auth = (struct shrike_auth_op){
        .kind = SHRIKE_AUTH_PUBKEY,
        .method = AUTH_DIGITAL_SIGNATURE,
        .schemes = scheme_defaults(),
        .conn = "c",
        .certs = in->certs,
        .octets = bytes_of("what the peer has signed", 24),
    };
    while (read_left(&r) > 0) {
        u8 what = read_u8(&r);
        struct bytes b = read_bytes(&r, read_u16(&r));
        if (!r.bad)
            take_piece(in, t, what, b);
    }
}

/* Whatever it says about the trust of a file's octets, it is whole or not there. */
static void take_memory(struct bytes records)
{
    struct intake i;
    struct intake_said said;
    int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    require(fd >= 0 && write(fd, records.at, records.len) == (ssize_t)records.len);
    require(fcntl(fd, F_ADD_SEALS, SEALS) == 0);
    const char *fault = intake_begin(&i, fd, cache, 2);
    close(fd);
    while (!fault && intake_step(&i, &said))
        require(said.name.len <= TRUST_NAME_MAX);
    trust_free(intake_end(&i));
}

/* ---- revocation ---- */

/* The same in another way: somebody whom the issuer has signed, or he himself, has signed it. */
static bool is_signed_by(OCSP_BASICRESP *basic, X509 *signer, X509 *issuer)
{
    STACK_OF(X509) *with = sk_X509_new_null();
    require(with && sk_X509_push(with, signer) > 0);
    bool good =
        (X509_cmp(signer, issuer) == 0 || X509_verify(signer, X509_get0_pubkey(issuer)) == 1) &&
        OCSP_basic_verify(basic, with, NULL, OCSP_NOINTERN | OCSP_TRUSTOTHER | OCSP_NOVERIFY) == 1;
    sk_X509_free(with);
    return good;
}

static bool is_believed(struct bytes response, X509 *issuer)
{
    const u8 *at = response.at;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)response.len);
    OCSP_BASICRESP *basic = r ? OCSP_response_get1_basic(r) : NULL;
    const STACK_OF(X509) *with = basic ? OCSP_resp_get0_certs(basic) : NULL;
    bool good = basic && is_signed_by(basic, issuer, issuer);
    for (int i = 0; basic && i < sk_X509_num(with); i++)
        good |= is_signed_by(basic, sk_X509_value(with, i), issuer);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return good;
}

static void take_fetched(struct certificate *cert, struct certificate *issuer, struct bytes octets)
{
    struct known known;
    known_open(&known);
    for (int kind = KNOWN_OCSP; kind <= KNOWN_CRL; kind++) {
        const struct known_ask ask = {(enum known_kind)kind, "http://h/", cert->x509, issuer->x509};
        struct known_item *i = known_want(&known, &ask, NOW);
        require(i && known_next(&known) == i);
        const char *fault = known_put(&known, i, octets, NOW);
        require(fault || kind == KNOWN_OCSP ||
                X509_CRL_verify(i->crl, X509_get0_pubkey(issuer->x509)) == 1);
        require(fault || kind == KNOWN_CRL || is_believed(octets, issuer->x509));
        require(i->until > NOW && i->until <= NOW + KNOWN_LONGEST_S);
    }
    known_close(&known);
}

/* The first two certificates, whoever has signed them; and where they would have us ask. */
static void look_up(const struct input *in)
{
    struct certificate *certs[2] = {NULL, NULL};
    struct where where;
    time_t until;
    for (u16 i = 0, n = 0; i < in->op.auth.cert_count && n < 2; i++)
        if (in->certs[i].encoding == CERT_X509_SIGNATURE)
            certs[n++] = certificate_get(cache, in->certs[i].data);
    if (certs[0]) {
        where = (struct where){.crl_count = 0};
        where_of(certs[0]->x509, &where);
    }
    if (certs[0] && certs[1]) {
        enum ocsp_says says = ocsp_read(in->told, certs[0]->x509, certs[1]->x509, NOW, &until);
        require(says == OCSP_SAYS_NOTHING || is_believed(in->told, certs[1]->x509));
        take_fetched(certs[0], certs[1], in->fetched);
    }
    certificate_put(cache, certs[0]);
    certificate_put(cache, certs[1]);
}

/* What is taken is of http, has a host and no user. */
static void take_url(struct bytes octets)
{
    char url[TARGET_URL_MAX + 8] = "";
    struct target target;
    if (octets.len >= sizeof(url))
        return;
    if (octets.len > 0)
        memcpy(url, octets.at, octets.len);
    if (!target_read(url, &target))
        return;
    size_t rest = strcspn(url + 7, "/?#");
    require(strncasecmp(url, "http://", 7) == 0 && !memchr(url + 7, '@', rest));
    require(strlen(target.host) > 0 && strlen(target.host) <= rest && target.port > 0);
}

/* The same in another way: by the library. */
static void take_bundle(struct bytes octets)
{
    struct bundle b;
    const u8 *at = octets.at;
    long len = 0;
    int tag, class;
    u16 found = 0;
    if (!bundle_read(octets, &b))
        return;
    require(ASN1_get_object(&at, &len, &tag, &class, (long)octets.len) == V_ASN1_CONSTRUCTED);
    require(tag == V_ASN1_SEQUENCE && at + len == octets.at + octets.len);
    for (const u8 *end = at + len; at < end; at += len) {
        require(ASN1_get_object(&at, &len, &tag, &class, end - at) == V_ASN1_CONSTRUCTED);
        require(class == V_ASN1_CONTEXT_SPECIFIC && tag <= 1);
        if (tag == 0 && found < SHRIKE_CERTS_MAX)
            require(bytes_equal(bytes_of(at, (size_t)len), b.certs[found++]));
    }
    require(found == b.count);
}

/* What is named is fetched, or not; it is asked for where it may be, and no longer waited for. */
static void look_up_named(const struct trust *t, const struct input *in)
{
    char octets[300];
    struct lookups lookups;
    lookups_open(&lookups);
    for (int turn = 0; turn < 2; turn++) {
        struct chain_waits waits = {.count = 0};
        struct text about = text_of(octets, sizeof(octets));
        const struct check_others others = {.lookups = &lookups, .waits = &waits};
        struct shrike_answer a = check_with(t, &in->op, NOW, &others, &about);
        require(a.ok == (a.reason == SHRIKE_REASON_NONE));
        require(waits.count <= LOOKUPS_OF_ONE && (turn == 0 || waits.count == 0));
        for (struct lookup_item *i; (i = lookup_next(&lookups));) {
            require(strncmp(i->url, "http://h/", 9) == 0 && !strpbrk(i->url + 9, "/?#"));
            if (lookup_put(&lookups, i, in->fetched, NOW))
                require(i->state == LOOKUP_FAILED);
            else
                require(bytes_equal(bytes_of(i->octets, i->len), in->fetched));
        }
        require(lookups.open == 0);
    }
    lookups_close(&lookups);
}

static struct shrike_answer check(const struct trust *t, const struct input *in)
{
    static char octets[300];
    struct text about = text_of(octets, sizeof(octets));
    struct shrike_answer a = check_answer(t, &in->op, NOW, &about);
    require(a.ok == (a.reason == SHRIKE_REASON_NONE));
    require(about.len < sizeof(octets) && octets[about.len] == '\0');
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static u64 serial;
    struct input in = {.certs = {{0}}};
    if (!cache)
        cache = certificates_new();
    struct trust *t = cache ? trust_new(cache, ++serial) : NULL;
    require(t != NULL);
    take_pieces(&in, t, reader_of(bytes_of(data, size)));
    if (in.rules.at)
        take_memory(in.rules);
    take_url(in.url);
    take_bundle(in.fetched);
    look_up(&in);
    require(!trust_base_add(t, bytes_of("http://h/", 9)));
    trust_set_fetch(t, &(struct trust_fetch){.by_hash = true});
    require(trust_seal(t));
    look_up_named(t, &in);
    struct shrike_answer first = check(t, &in), again = check(t, &in);
    require(first.reason == again.reason); /* also when the first was remembered */
    trust_free(t);
    require(certificates_idle(cache) == certificates_count(cache));
    return 0;
}
