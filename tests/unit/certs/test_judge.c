/* The judge of the process that trusts: newer trust replaces older, broken trust replaces nothing.
 */
#include "certs/judge.h"
#include "certs/pki.h"
#include "ops/seam.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static struct judge judge;
static struct node root, peer;

static int file_of(struct bytes b)
{
    int fd = memfd_create("trust", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ensure(fd >= 0 && write(fd, b.at, b.len) == (ssize_t)b.len);
    ensure(fcntl(fd, F_ADD_SEALS, SEALS) == 0);
    return fd;
}

/* Hand over a file with this authority, without its last octets. */
static const char *trust(struct bytes authority, size_t cut)
{
    u8 octets[4096];
    struct intake_said said;
    struct writer w = writer_of(octets, sizeof(octets));
    trust_record_write(&w, &(struct trust_record){.name = bytes_of("ca", 2), .octets = authority});
    int fd = file_of(bytes_of(octets, written(&w) - cut));
    const char *fault = judge_begin(&judge, fd);
    close(fd);
    while (judge_step(&judge, &said))
        ;
    const char *end = judge_end(&judge);
    return fault ? fault : end;
}

static struct bytes sign(EVP_PKEY *key, u8 out[256])
{
    const struct scheme *s = scheme_at(SCHEME_ECDSA_SHA256);
    size_t len = 200;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    out[0] = (u8)s->oid.len;
    memcpy(out + 1, s->oid.at, s->oid.len);
    ensure(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1);
    ensure(EVP_DigestSign(ctx, out + 1 + s->oid.len, &len, (const u8 *)"signed", 6) == 1);
    EVP_MD_CTX_free(ctx);
    return bytes_of(out, 1 + s->oid.len + len);
}

/* The reason that comes back to the engine; -1: none comes. */
static int ask(enum shrike_op_kind kind)
{
    u8 value[256], octets[8192], answer[512];
    struct shrike_cert cert = {CERT_X509_SIGNATURE, peer.der};
    struct shrike_op op = {.kind = kind, .token = {7, 1, 3, 4}};
    op.auth = (struct shrike_auth_op){.kind = SHRIKE_AUTH_PUBKEY,
                                      .method = AUTH_DIGITAL_SIGNATURE,
                                      .schemes = scheme_defaults(),
                                      .conn = "c",
                                      .certs = &cert,
                                      .cert_count = 1,
                                      .octets = bytes_of("signed", 6),
                                      .remote = {ID_FQDN, bytes_of("peer.example.org", 16)}};
    op.auth.value = sign(peer.key, value);
    struct writer w = writer_of(octets, sizeof(octets)), out = writer_of(answer, sizeof(answer));
    struct judged is = {.last = false};
    op_write(&w, &op);
    ensure(!w.full);
    if (!judge_answer(&judge, written_bytes(&w), NOW, &out, &is))
        return -1;
    struct shrike_token token;
    struct shrike_answer a;
    struct reader r = reader_of(written_bytes(&out));
    ensure(answer_read(&r, &token, &a) && memcmp(&token, &op.token, sizeof(token)) == 0);
    ensure(a.reason == is.reason && a.ok == (is.reason == SHRIKE_REASON_NONE));
    return (int)a.reason;
}

TEST(it_trusts_nobody_until_it_is_told)
{
    CHECK(judge_open(&judge));
    CHECK_EQ(ask(SHRIKE_CHECK), SHRIKE_REASON_CERT_ISSUER);
    CHECK(!trust(root.der, 0));
    CHECK_EQ(ask(SHRIKE_CHECK), SHRIKE_REASON_NONE);
    CHECK(judge.checked == 1 && judge.refused == 1);
    judge_close(&judge);
}

TEST(broken_trust_replaces_nothing)
{
    struct node other = pki_authority("other", NULL);
    CHECK(judge_open(&judge) && !trust(root.der, 0));
    CHECK(trust(other.der, 1) && trust(other.der, other.der.len));
    CHECK(judge_begin(&judge, -1) && judge_end(&judge));
    CHECK_EQ(ask(SHRIKE_CHECK), SHRIKE_REASON_NONE);
    CHECK(!trust(other.der, 0)); /* though it was found good before */
    CHECK_EQ(ask(SHRIKE_CHECK), SHRIKE_REASON_CERT_ISSUER);
    judge_close(&judge);
}

TEST(an_intake_may_be_left)
{
    u8 octets[4096];
    struct intake_said said;
    struct writer w = writer_of(octets, sizeof(octets));
    trust_record_write(&w, &(struct trust_record){.name = bytes_of("ca", 2), .octets = root.der});
    int fd = file_of(written_bytes(&w));
    CHECK(judge_open(&judge));
    CHECK(!judge_begin(&judge, fd) && judge_step(&judge, &said) && !judge_begin(&judge, fd));
    CHECK(judge_step(&judge, &said));
    judge_close(&judge);
    close(fd);
}

TEST(what_is_no_check_is_not_answered)
{
    u8 answer[512];
    struct writer out = writer_of(answer, sizeof(answer));
    struct judged is = {.last = false};
    CHECK(judge_open(&judge));
    CHECK_EQ(ask(SHRIKE_PROVE), -1);
    CHECK(!judge_answer(&judge, bytes_of(NULL, 0), NOW, &out, &is));
    CHECK(!judge_answer(&judge, bytes_of("\x01junk", 5), NOW, &out, &is));
    CHECK_EQ(written(&out), 0);
    judge_close(&judge);
}

int main(void)
{
    root = pki_authority("root", NULL);
    peer = PKI(.cn = "peer", .by = &root, .san = "DNS:peer.example.org");
    int bad = RUN(it_trusts_nobody_until_it_is_told) | RUN(broken_trust_replaces_nothing) |
              RUN(an_intake_may_be_left) | RUN(what_is_no_check_is_not_answered);
    pki_free();
    return bad;
}
