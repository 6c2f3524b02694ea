/* Tests of net/keyfile.c and net/memory.c. */
#include "net/keyfile.h"
#include "net/memory.h"
#include "test.h"
#include "wire/codes.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* In two parts: as a whole it looks like a citation. */
#define RFC(n) "[RFC" n "]"

static const u8 keys[64] = {0x00, 0x01, 0x02, 0x03, [63] = 0x3f};

/* The first row for an SA of these algorithms, without its newline. */
static const char *row(u16 encr, size_t encr_len, u16 integ, size_t integ_len)
{
    static char text[2048];
    struct keyfile k;
    struct shrike_install_op op = {.protocol = PROTOCOL_ESP, .encr = encr, .integ = integ};
    op.local = (struct shrike_endpoint){{192, 0, 2, 1}, 4500, 4, 0};
    op.remote = (struct shrike_endpoint){{198, 51, 100, 7}, 4500, 4, 0};
    op.in = (struct shrike_sa_keys){0xc1234567, {keys, encr_len}, {keys, integ_len}};
    op.out = (struct shrike_sa_keys){0x00abcdef, {keys, encr_len}, {keys, integ_len}};
    int fd = memfd_create("keys", MFD_CLOEXEC);
    keyfile_init(&k);
    keyfile_set(&k, KEYFILE_ESP, fcntl(fd, F_DUPFD_CLOEXEC, 0));
    bool written = keyfile_esp(&k, &op);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    keyfile_close(&k);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    if (!written || !strchr(text, '\n'))
        return "";
    *strchr(text, '\n') = 0;
    return text;
}

#define START "\"IPv4\",\"198.51.100.7\",\"192.0.2.1\",\"0xc1234567\","

TEST(rows_are_as_the_reader_wants_them)
{
    CHECK(strcmp(row(ENCR_AES_GCM_16, 4, INTEG_NONE, 0), START
                 "\"AES-GCM with 16 octet ICV " RFC("4106") "\",\"0x00010203\",\"NULL\",\"\"") ==
          0);
    CHECK(strcmp(row(ENCR_AES_CBC, 4, INTEG_HMAC_SHA2_256_128, 2),
                 START "\"AES-CBC " RFC("3602") "\",\"0x00010203\",\"HMAC-SHA-256-128 " RFC(
                     "4868") "\",\"0x0001\"") == 0);
    CHECK(strcmp(row(ENCR_AES_CTR, 4, INTEG_AES_XCBC_96, 2),
                 START "\"AES-CTR " RFC("3686") "\",\"0x00010203\",\"ANY 96 bit authentication [no "
                                                "checking]\",\"\"") == 0);
    CHECK(strcmp(row(ENCR_NULL, 0, INTEG_HMAC_SHA1_96, 2),
                 START "\"NULL\",\"\",\"HMAC-SHA-1-96 " RFC("2404") "\",\"0x0001\"") == 0);
}

TEST(what_the_reader_does_not_know_is_a_comment)
{
    CHECK(strncmp(row(ENCR_CHACHA20_POLY1305, 36, INTEG_NONE, 0), "# c1234567", 10) == 0);
    CHECK(strncmp(row(ENCR_AES_CCM_16, 35, INTEG_NONE, 0), "# c1234567", 10) == 0);
}

TEST(both_directions_are_written_and_more_is_appended)
{
    char text[2048];
    struct keyfile k;
    struct shrike_install_op op = {.protocol = PROTOCOL_ESP, .encr = ENCR_AES_GCM_16};
    op.local = (struct shrike_endpoint){{0x20, 1, 0x0d, 0xb8, [15] = 1}, 500, 6, 0};
    op.remote = (struct shrike_endpoint){{0x20, 1, 0x0d, 0xb8, [15] = 2}, 500, 6, 0};
    op.in = (struct shrike_sa_keys){0x111, {keys, 4}, {NULL, 0}};
    op.out = (struct shrike_sa_keys){0x222, {keys, 4}, {NULL, 0}};
    int fd = memfd_create("keys", MFD_CLOEXEC);
    keyfile_init(&k);
    CHECK(keyfile_esp(&k, &op)); /* not wanted */
    keyfile_set(&k, KEYFILE_ESP, fcntl(fd, F_DUPFD_CLOEXEC, 0));
    CHECK(keyfile_esp(&k, &op) && keyfile_esp(&k, &op));
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    CHECK(n > 0);
    text[n] = 0;
    const char *out = "\"IPv6\",\"2001:db8::1\",\"2001:db8::2\",\"0x00000222\",";
    const char *second = strchr(text, '\n') + 1;
    CHECK(strncmp(second, out, strlen(out)) == 0);
    int lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    CHECK_EQ(lines, 4);
    keyfile_close(&k);
    close(fd);
}

TEST(a_file_that_cannot_be_written_is_closed)
{
    struct keyfile k;
    struct shrike_install_op op = {.protocol = PROTOCOL_ESP, .encr = ENCR_AES_GCM_16};
    keyfile_init(&k);
    keyfile_set(&k, KEYFILE_ESP, open("/dev/full", O_WRONLY | O_CLOEXEC));
    CHECK(k.fd[KEYFILE_ESP] >= 0);
    CHECK(!keyfile_esp(&k, &op));
    CHECK(k.fd[KEYFILE_ESP] < 0);
    CHECK(keyfile_esp(&k, &op));
}

TEST(limits_grow_with_the_host)
{
    struct shrike_limits small = memory_limits_of(0), middle = memory_limits_of(2048),
                         large = memory_limits_of(1 << 20), ours = memory_limits();
    CHECK_EQ(small.memory_mib, 64);
    CHECK_EQ(small.ike_sas, 8192);
    CHECK_EQ(middle.memory_mib, 512);
    CHECK_EQ(large.memory_mib, 1024);
    CHECK_EQ(large.ike_sas, 131072);
    CHECK_EQ(large.half_open, 8192);
    CHECK(ours.memory_mib >= 64 && ours.memory_mib <= 1024);
}

TEST(pages_are_empty_and_not_seen_by_a_child)
{
    struct shrike_pages p = memory_pages();
    u8 *page = p.take(p.ctx, SHRIKE_PAGE);
    CHECK(page != NULL && (uintptr_t)page % 64 == 0);
    for (size_t i = 0; i < SHRIKE_PAGE; i++)
        CHECK_EQ(page[i], 0);
    page[5] = 77;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(page[5]);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_EQ(page[5], 77);
    p.give(p.ctx, page, SHRIKE_PAGE);
}

int main(void)
{
    return RUN(rows_are_as_the_reader_wants_them) |
           RUN(what_the_reader_does_not_know_is_a_comment) |
           RUN(both_directions_are_written_and_more_is_appended) |
           RUN(a_file_that_cannot_be_written_is_closed) | RUN(limits_grow_with_the_host) |
           RUN(pages_are_empty_and_not_seen_by_a_child);
}
