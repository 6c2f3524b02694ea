/* The steward and the one that has modules, as processes. */
#include "keys/letter.h"
#include "keys/pkcs11.h"
#include "keys/steward.h"
#include "test.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static u8 octets[LETTER_MAX];

static void ask(int fd, const struct letter *m)
{
    struct writer w = writer_of(octets, sizeof octets);
    letter_write(&w, m);
    if (send(fd, octets, written(&w), MSG_NOSIGNAL) < 0)
        abort();
}

static bool answered(int fd, struct letter *m)
{
    struct pollfd of = {.fd = fd, .events = POLLIN};
    ssize_t n = poll(&of, 1, 20000) == 1 ? recv(fd, octets, sizeof octets, 0) : 0;
    struct reader r = reader_of(bytes_of(octets, n > 0 ? (size_t)n : 0));
    return n > 0 && letter_read(&r, m);
}

static const char no_module[] = "/nowhere/module.so";

TEST(a_module_that_is_not_there)
{
    int fd = steward_start();
    struct letter m = {.kind = LETTER_OPEN, .token = 5};
    m.handle.octets = bytes_of("\x01", 1);
    m.handle.module = bytes_of(no_module, sizeof no_module - 1);
    CHECK(fd >= 0);
    ask(fd, &m);
    CHECK(answered(fd, &m) && m.kind == LETTER_OPENED && m.token == 5);
    CHECK(m.verdict == VERDICT_NO_MODULE || m.verdict == VERDICT_NO_LIBRARY);
    close(fd);
}

/* A signature that fails ends the one with the modules, and the next one answers. */
TEST(who_fails_is_replaced)
{
    int fd = steward_start();
    struct letter m = {.kind = LETTER_SIGN, .token = 5, .reference = 6};
    for (unsigned i = 0; i < 2; i++) {
        m = (struct letter){.kind = LETTER_SIGN, .token = 5, .reference = 6 + i};
        ask(fd, &m);
        CHECK(answered(fd, &m) && m.kind == LETTER_SIGNED && m.reference == 6 + i);
        CHECK(m.verdict == VERDICT_FAILED);
        CHECK(answered(fd, &m) && m.kind == LETTER_DIED);
    }
    close(fd);
}

TEST(rubbish_is_passed_over)
{
    int fd = steward_start();
    struct letter m = {.kind = LETTER_OPEN, .token = 8};
    CHECK(send(fd, "rubbish", 7, 0) == 7);
    m.handle.octets = bytes_of("\x01", 1);
    m.handle.module = bytes_of(no_module, sizeof no_module - 1);
    ask(fd, &m);
    CHECK(answered(fd, &m) && m.token == 8);
    close(fd);
}

/* Only the copy of the caller's end is left: it ends, and its end with it. */
TEST(it_ends_with_who_started_it)
{
    int fd = steward_start();
    CHECK(fd >= 0 && shutdown(fd, SHUT_WR) == 0);
    struct pollfd of = {.fd = fd, .events = POLLIN};
    CHECK(poll(&of, 1, 20000) == 1 && recv(fd, octets, sizeof octets, 0) == 0);
    close(fd);
}

int main(void)
{
    return RUN(a_module_that_is_not_there) | RUN(who_fails_is_replaced) |
           RUN(rubbish_is_passed_over) | RUN(it_ends_with_who_started_it);
}
