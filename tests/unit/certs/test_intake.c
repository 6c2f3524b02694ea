/* Trust out of memory files: all of it, or none; a file that is broken is named, and holds nothing.
 */
#include "certs/intake.h"
#include "certs/pki.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static struct certificates *cache;
static u8 octets[65536];
static struct writer w;

static void add(enum trust_kind kind, const char *name, struct bytes b)
{
    trust_record_write(&w, &(struct trust_record){
                               .name = bytes_of(name, strlen(name)), .kind = kind, .octets = b});
}

static void add_rule(const char *conn, size_t len, u32 authority)
{
    trust_record_write(&w, &(struct trust_record){.is_rule = true,
                                                  .name = bytes_of(conn, len),
                                                  .authority_count = 1,
                                                  .authorities = {authority}});
}

static int file_of(struct bytes b, int seals)
{
    int fd = memfd_create("trust", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ensure(fd >= 0 && write(fd, b.at, b.len) == (ssize_t)b.len);
    ensure(seals == 0 || fcntl(fd, F_ADD_SEALS, seals) == 0);
    return fd;
}

/* What was taken, and what was said of it: a letter for each record. */
static struct trust *take(struct bytes b, char *said)
{
    struct intake i;
    struct intake_said one;
    int fd = file_of(b, SEALS);
    const char *fault = intake_begin(&i, fd, cache, 5);
    close(fd);
    while (!fault && intake_step(&i, &one))
        *said++ = one.fault ? 'x' : one.is_rule ? 'r' : 'f';
    *said = '\0';
    return intake_end(&i);
}

TEST(all_of_it)
{
    char said[16];
    struct node root = pki_authority("root", NULL), peer = PKI(.cn = "peer", .by = &root);
    w = writer_of(octets, sizeof(octets));
    add(TRUST_AUTHORITY, "broken", bytes_of("junk", 4));
    add(TRUST_AUTHORITY, "root", root.der);
    add(TRUST_PEER, "peer", peer.der);
    add_rule("c", 1, 1);
    struct trust *t = take(written_bytes(&w), said);
    CHECK(t && strcmp(said, "xffr") == 0);
    CHECK_EQ(trust_count(t), 2);
    CHECK_EQ(trust_at(t, 0)->file, 1); /* the broken one has a number, too */
    const struct trust_rule *rule = trust_rule_at(t, trust_rule_of(t, "c"));
    CHECK(rule->authority_count == 1 && rule->authorities[0] == 1);
    CHECK_EQ(trust_serial(t), 5);
    trust_free(t);
    t = take(bytes_of(NULL, 0), said); /* nobody */
    CHECK(t && trust_count(t) == 0);
    trust_free(t);
}

TEST(cut_anywhere_it_is_not_whole)
{
    char said[16];
    struct node root = pki_authority("root", NULL);
    w = writer_of(octets, sizeof(octets));
    add(TRUST_AUTHORITY, "root", root.der);
    size_t first = written(&w);
    add_rule("c", 1, 0);
    for (size_t len = 1; len <= written(&w); len++) {
        struct trust *t = take(bytes_of(octets, len), said);
        bool whole = len == first || len == written(&w);
        CHECK(whole == (t != NULL));
        trust_free(t);
    }
    CHECK_EQ(certificates_count(cache), certificates_idle(cache));
}

/* A connection without its rule would trust more than it should. */
TEST(a_rule_with_a_fault_spoils_it)
{
    char said[16];
    struct node root = pki_authority("root", NULL);
    for (int fault = 0; fault < 4; fault++) {
        w = writer_of(octets, sizeof(octets));
        add(TRUST_AUTHORITY, "root", root.der);
        add_rule("c", 1, fault == 1); /* file 1 is not there */
        if (fault == 2)
            add_rule("c", 1, 0); /* once more */
        if (fault == 3)
            add_rule("d\0e", 3, 0);
        struct trust *t = take(written_bytes(&w), said);
        CHECK((fault == 0) == (t != NULL));
        trust_free(t);
    }
}

TEST(files_stand_before_rules)
{
    char said[16];
    struct node root = pki_authority("root", NULL);
    w = writer_of(octets, sizeof(octets));
    add(TRUST_AUTHORITY, "root", root.der);
    add_rule("c", 1, 0);
    add(TRUST_AUTHORITY, "root", root.der);
    CHECK(!take(written_bytes(&w), said) && strcmp(said, "fr") == 0);
}

TEST(more_files_than_there_may_be)
{
    static u8 large[TRUST_FILES_MAX * 32];
    static char said[TRUST_FILES_MAX + 2];
    w = writer_of(large, sizeof(large));
    for (u32 i = 0; i < TRUST_FILES_MAX; i++)
        add(TRUST_AUTHORITY, "a", bytes_of("junk", 4));
    struct trust *t = take(written_bytes(&w), said);
    CHECK(t && strlen(said) == TRUST_FILES_MAX);
    trust_free(t);
    add(TRUST_AUTHORITY, "a", bytes_of("junk", 4));
    CHECK(!w.full && !take(written_bytes(&w), said));
}

TEST(what_may_change_is_not_read)
{
    struct intake i;
    int fd = file_of(bytes_of("", 0), F_SEAL_SHRINK | F_SEAL_GROW),
        none = open("/dev/null", O_RDONLY);
    CHECK(intake_begin(&i, fd, cache, 1) && !intake_end(&i));
    CHECK(intake_begin(&i, none, cache, 1) && !intake_end(&i));
    CHECK(intake_begin(&i, -1, cache, 1) && !intake_end(&i));
    close(fd);
    close(none);
}

int main(void)
{
    cache = certificates_new();
    int bad = RUN(all_of_it) | RUN(cut_anywhere_it_is_not_whole) |
              RUN(a_rule_with_a_fault_spoils_it) | RUN(files_stand_before_rules) |
              RUN(more_files_than_there_may_be) | RUN(what_may_change_is_not_read);
    certificates_free(cache);
    pki_free();
    return bad;
}
