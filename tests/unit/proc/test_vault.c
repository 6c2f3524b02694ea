/* Tests of proc/vault.c. */
#include "proc/vault.h"
#include "test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char order[65536];

static void record(void *ctx, struct bytes key, struct bytes value)
{
    (*(u32 *)ctx)++;
    size_t len = strlen(order);
    snprintf(order + len, sizeof order - len, "%.*s=%.*s;", (int)key.len, (const char *)key.at,
             (int)MIN(value.len, 20), value.at ? (const char *)value.at : "");
}

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* Open it as the next process would; how many records, and in `order` which. */
static u32 again(int fd)
{
    struct vault v;
    u32 count = 0;
    struct vault_reader r = {record, &count};
    order[0] = 0;
    if (!vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &r))
        return 999999;
    vault_close(&v);
    return count;
}

static void ignore(void *ctx, struct bytes key, struct bytes value)
{
    (void)ctx, (void)key, (void)value;
}
static const struct vault_reader nobody = {ignore, NULL};

TEST(records_outlive_their_process)
{
    struct vault v;
    int fd = vault_make();
    CHECK(fd >= 0 && vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &nobody));
    CHECK(vault_put(&v, text("a"), text("one")));
    CHECK(vault_put(&v, text("b"), text("two")));
    CHECK(vault_put(&v, text("c"), text("")));
    CHECK(vault_put(&v, text("a"), text("three")));
    vault_drop(&v, text("b"));
    vault_drop(&v, text("never"));
    CHECK_EQ(again(fd), 2);
    CHECK(strcmp(order, "c=;a=three;") == 0);
    CHECK(vault_put(&v, text("b"), text("four")));
    CHECK_EQ(again(fd), 3);
    CHECK(strcmp(order, "c=;a=three;b=four;") == 0);
    vault_close(&v);
    CHECK(!vault_put(&v, text("a"), text("closed")));
    CHECK_EQ(again(fd), 3);
    close(fd);
}

TEST(a_record_half_written_is_not_there)
{
    struct vault v;
    int fd = vault_make();
    CHECK(vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &nobody));
    CHECK(vault_put(&v, text("a"), text("one")));
    CHECK(pwrite(fd, "\1\0\0\0\xff\xff\xff\xff garbage", 16, (off_t)v.end) == 16);
    CHECK_EQ(again(fd), 1);
    vault_close(&v);
    close(fd);
}

TEST(of_two_records_of_one_key_the_later_counts)
{
    /* A process that ends between writing the new one and marking the old one dead. */
    struct vault v;
    int fd = vault_make();
    u32 dead = 0;
    CHECK(vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &nobody));
    u64 first = v.end;
    CHECK(vault_put(&v, text("a"), text("old")));
    CHECK(vault_put(&v, text("a"), text("new")));
    CHECK(pwrite(fd, &dead, sizeof dead, (off_t)first + 8) == sizeof dead);
    CHECK_EQ(again(fd), 1);
    CHECK(strcmp(order, "a=new;") == 0);
    vault_close(&v);
    close(fd);
}

TEST(it_does_not_grow_with_what_is_dead)
{
    struct vault v;
    struct stat st;
    static u8 value[10000];
    int fd = vault_make();
    CHECK(vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &nobody));
    for (u32 i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%u", i % 3);
        CHECK(vault_put(&v, text(key), bytes_of(value, sizeof value)));
    }
    CHECK_EQ(v.record_count, 3);
    CHECK(fstat(fd, &st) == 0);
    CHECK(st.st_blocks * 512 < 8 * 1024 * 1024);
    CHECK_EQ(again(fd), 3);
    vault_close(&v);
    close(fd);
}

TEST(many_keys_are_found)
{
    struct vault v;
    char key[16];
    int fd = vault_make();
    CHECK(vault_open(&v, fcntl(fd, F_DUPFD_CLOEXEC, 0), &nobody));
    for (u32 i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "k%u", i);
        CHECK(vault_put(&v, text(key), text("v")));
    }
    for (u32 i = 0; i < 3000; i += 2) {
        snprintf(key, sizeof key, "k%u", i);
        vault_drop(&v, text(key));
    }
    CHECK_EQ(v.record_count, 1500);
    CHECK_EQ(again(fd), 1500);
    for (u32 i = 1; i < 3000; i += 2) {
        snprintf(key, sizeof key, "k%u", i);
        vault_drop(&v, text(key));
    }
    CHECK_EQ(again(fd), 0);
    vault_close(&v);
    close(fd);
}

TEST(what_is_no_vault_is_refused)
{
    struct vault v;
    int p[2];
    CHECK(pipe(p) == 0);
    CHECK(!vault_open(&v, p[0], &nobody));
    close(p[1]);
    int fd = vault_make();
    u64 far = 1 << 20;
    CHECK(pwrite(fd, &far, sizeof far, 16) == sizeof far); /* an end behind the file's */
    CHECK_EQ(again(fd), 999999);
    CHECK(ftruncate(fd, 0) != 0); /* it cannot shrink */
    close(fd);
}

int main(void)
{
    return RUN(records_outlive_their_process) | RUN(a_record_half_written_is_not_there) |
           RUN(of_two_records_of_one_key_the_later_counts) |
           RUN(it_does_not_grow_with_what_is_dead) | RUN(many_keys_are_found) |
           RUN(what_is_no_vault_is_refused);
}
