/* impostor NET FD REQID WHAT: who has broken into net asks the data plane for a Child SA.
 *
 * It takes the channel that net (of this pid) has to the data plane (this descriptor of it), while
 * net is stopped, writes what net may write, but for WHAT, and says what comes back: granted,
 * refused, or nothing. What was granted is removed again. The child is that of gateway_conf in
 * tests/net/lib.sh, as west has it. Needs root. */
#include "ops/mail.h"
#include "ops/seam.h"
#include "proc/channel.h"
#include "wire/codes.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SERIAL = 0x7ffffff1, SLOT = 0x7ffffff2, WAIT_MS = 2000 }; /* none of net's own */

static void die(const char *what)
{
    fprintf(stderr, "impostor: ");
    perror(what);
    exit(2);
}

static int channel_of(long net, long fd)
{
    int process = (int)syscall(SYS_pidfd_open, net, 0);
    int taken = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    if (taken < 0)
        die("its channel");
    return taken;
}

/* ---- what is asked for ---- */

static struct shrike_ts here = {
    .from = {10, 1}, .to = {10, 1, 0, 255}, .port_to = UINT16_MAX, .family = 4};
static struct shrike_ts there = {
    .from = {10, 2}, .to = {10, 2, 0, 255}, .port_to = UINT16_MAX, .family = 4};
static const u8 key[36] = {1, 2, 3};

static struct shrike_op honest(u32 reqid)
{
    return (struct shrike_op){
        .kind = SHRIKE_CHILD_INSTALL,
        .token = {.slot = SLOT},
        .install = {.conn = "west-east",
                    .child = "lan",
                    .child_serial = SERIAL,
                    .reqid = reqid,
                    .mode = SHRIKE_TUNNEL,
                    .protocol = PROTOCOL_ESP,
                    .encr = ENCR_AES_GCM_16,
                    .encr_key_bits = 256,
                    .local = {{192, 0, 2, 1}, 4500, 4, 0},
                    .remote = {{192, 0, 2, 2}, 4500, 4, 0},
                    .in = {.spi = 0x66666601, .encr_key = {key, sizeof(key)}},
                    .out = {.spi = 0x66666602, .encr_key = {key, sizeof(key)}},
                    .local_ts = &here,
                    .remote_ts = &there,
                    .local_ts_count = 1,
                    .remote_ts_count = 1},
    };
}

enum { AS_IT_IS, SELECTORS, OURS, REQID, MODE, END, CIPHER, LIMITS, MARK, MOVE, RULES };
static const char *const lies[] = {
    [AS_IT_IS] = "nothing", [SELECTORS] = "selectors", [OURS] = "ours",
    [REQID] = "reqid",      [MODE] = "mode",           [END] = "end",
    [CIPHER] = "cipher",    [LIMITS] = "limits",       [MARK] = "mark",
    [MOVE] = "move",        [RULES] = "rules",
};

static void lie(struct shrike_op *op, int about)
{
    struct shrike_install_op *i = &op->install;
    if (about == SELECTORS)
        memset(there.to, 0xff, 4); /* all from there on */
    if (about == OURS)
        memset(here.from, 0, 4); /* all up to there */
    if (about == REQID)
        i->reqid++;
    if (about == MODE)
        i->mode = SHRIKE_TRANSPORT;
    if (about == END)
        i->local.octets[3] = 99;
    if (about == CIPHER)
        i->encr = ENCR_AES_GCM_8;
    if (about == LIMITS)
        i->life.bytes_hard = 1;
}

/* As one of net's letters (proc/channel.c): a kind, and its body. */
static void say(int to, u16 kind, struct bytes body)
{
    u8 letter[MAIL_BODY_MAX];
    struct writer w = writer_of(letter, sizeof(letter));
    write_u16(&w, kind);
    write_bytes(&w, body);
    struct bytes all = written_bytes(&w);
    if (w.full || send(to, all.at, all.len, MSG_NOSIGNAL) != (ssize_t)all.len)
        die("send");
}

static void say_op(int to, u16 kind, const struct shrike_op *op, bool more)
{
    u8 body[8192];
    struct writer w = writer_of(body, sizeof(body));
    op_write(&w, op);
    if (more)
        write_u32(&w, 42); /* the mail has no place for a mark: one behind all that it has */
    say(to, kind, written_bytes(&w));
}

static void move(int to, u32 serial)
{
    const struct shrike_op op = {.kind = SHRIKE_CHILD_MOVE,
                                 .move = {.local = {{192, 0, 2, 99}, 4500, 4, 0},
                                          .remote = {{192, 0, 2, 2}, 4500, 4, 0},
                                          .child_count = 1,
                                          .children = &serial}};
    say_op(to, MAIL_MOVE, &op, false);
}

/* ---- what comes back ---- */

static const char *answer_from(int from)
{
    u8 letter[MAIL_BODY_MAX];
    struct shrike_token token;
    struct shrike_answer a;
    struct pollfd p = {from, POLLIN, 0};
    while (poll(&p, 1, WAIT_MS) > 0) {
        ssize_t n = recv(from, letter, sizeof(letter), MSG_DONTWAIT);
        if (n <= 2)
            die("recv");
        struct reader r = reader_of(bytes_of(letter, (size_t)n));
        if (read_u16(&r) == MAIL_ANSWER && answer_read(&r, &token, &a) && token.slot == SLOT)
            return a.ok ? "granted" : "refused";
    }
    return "nothing";
}

static const char *impose(int plane, u32 reqid, int about)
{
    struct shrike_op op = honest(reqid);
    const struct shrike_op over = {.kind = SHRIKE_CHILD_REMOVE, .remove = {.child_serial = SERIAL}};
    lie(&op, about);
    if (about == RULES)
        say(plane, MAIL_SNAPSHOT, bytes_of(NULL, 0));
    else
        say_op(plane, MAIL_INSTALL, &op, about == MARK);
    const char *what = answer_from(plane);
    if (about == MOVE)
        move(plane, SERIAL);
    if (strcmp(what, "granted") == 0)
        say_op(plane, MAIL_REMOVE, &over, false);
    return what;
}

int main(int argc, char **argv)
{
    size_t about = 0;
    if (argc != 5)
        return 2;
    while (about < ARRAY_LEN(lies) && strcmp(argv[4], lies[about]) != 0)
        about++;
    if (about == ARRAY_LEN(lies))
        return 2;
    const long net = strtol(argv[1], NULL, 10);
    int channel = channel_of(net, strtol(argv[2], NULL, 10));
    if (kill((pid_t)net, SIGSTOP) != 0)
        die("stop");
    const char *what = impose(channel, (u32)strtoul(argv[3], NULL, 10), (int)about);
    kill((pid_t)net, SIGCONT);
    puts(what);
    return 0;
}
