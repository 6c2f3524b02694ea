/* What files and peers bring to the process that trusts: pieces, each an octet that says what it
 * is, two of its length, and its octets. Files make up the trust, certificates and the rest a
 * CHECK. It is refused or not, the same each time, and at the end nothing is in use. */
#include "base/cursor.h"
#include "certs/check.h"
#include "certs/intake.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define require(x) ((x) ? (void)0 : abort())
#define NOW        ((time_t)1800000000) /* 2027, when the certificates of the corpus are good */
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* What a piece is; up to TRUST_KEY, a file. */
enum piece { PIECE_CERT = TRUST_KEY + 1, PIECE_RAW_KEY, PIECE_VALUE, PIECE_IDENTITY, PIECE_RULES };

static struct certificates *cache;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct shrike_cert certs[SHRIKE_CERTS_MAX];
    struct shrike_op op;
    struct bytes rules; /* records of trust, behind the files */
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
    else if (what == PIECE_VALUE)
        a->value = b;
    else if (what == PIECE_IDENTITY && b.len > 0)
        a->remote = (struct shrike_id){b.at[0], bytes_of(b.at + 1, b.len - 1)};
    else if (what == PIECE_RULES)
        in->rules = b;
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
    require(trust_seal(t));
    struct shrike_answer first = check(t, &in), again = check(t, &in);
    require(first.reason == again.reason); /* also when the first was remembered */
    trust_free(t);
    require(certificates_idle(cache) == certificates_count(cache));
    return 0;
}
