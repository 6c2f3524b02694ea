/* What one process leaves to the next: records that come back as they were, and files that are
 * none. */
#include "plane/estate.h"
#include "test.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC 0x45535431u

static struct {
    u32 count, sum;
    u16 version;
} seen;

static bool record(void *ctx, struct reader *one, u16 version)
{
    (void)ctx;
    seen.count++;
    seen.sum += read_u32(one);
    seen.version = version;
    return read_ended(one);
}

static bool comes_back(int fd, u32 magic, u16 oldest, u16 newest)
{
    const struct estate_reader r = {magic, oldest, newest, record, NULL};
    memset(&seen, 0, sizeof seen);
    return estate_read(fd, &r);
}

static int left(u16 version, u32 records)
{
    struct estate e;
    estate_open(&e, "estate", MAGIC, version);
    for (u32 i = 1; i <= records; i++) {
        struct writer w = estate_record(&e);
        write_u32(&w, i);
        estate_add(&e, &w);
    }
    return estate_close(&e);
}

TEST(records_come_back)
{
    int fd = left(3, 100);
    CHECK(fd >= 0 && comes_back(fd, MAGIC, 2, 4));
    CHECK(seen.count == 100 && seen.sum == 5050 && seen.version == 3);
    CHECK(write(fd, "x", 1) < 0); /* sealed */
    CHECK(!comes_back(fd, MAGIC + 1, 2, 4) && !comes_back(fd, MAGIC, 4, 5));
    CHECK(!comes_back(fd, MAGIC, 1, 2) && seen.count == 0);
    close(fd);
    fd = left(1, 0);
    CHECK(fd >= 0 && comes_back(fd, MAGIC, 1, 1) && seen.count == 0);
    close(fd);
}

TEST(a_record_that_is_too_long_is_none)
{
    static u8 octets[ESTATE_RECORD_MAX];
    struct estate e;
    estate_open(&e, "estate", MAGIC, 1);
    struct writer w = estate_record(&e);
    write_bytes(&w, bytes_of(octets, sizeof octets));
    estate_add(&e, &w);
    CHECK_EQ(estate_close(&e), -1);
}

/* Sealed or not; a file that ends too soon is not whole. */
TEST(what_is_not_whole_is_refused)
{
    const u8 octets[] = {0x45, 0x53, 0x54, 0x31, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 4, 0};
    for (size_t len = 0; len <= sizeof octets; len++)
        for (int sealed = 0; sealed < 2; sealed++) {
            int fd = memfd_create("estate", MFD_CLOEXEC | MFD_ALLOW_SEALING);
            ensure(fd >= 0 && write(fd, octets, len) == (ssize_t)len);
            ensure(!sealed || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
            CHECK_EQ(comes_back(fd, MAGIC, 1, 1), sealed && (len == 6 || len == 14));
            close(fd);
        }
    CHECK(!comes_back(-1, MAGIC, 1, 1));
}

int main(void)
{
    return RUN(records_come_back) | RUN(a_record_that_is_too_long_is_none) |
           RUN(what_is_not_whole_is_refused);
}
