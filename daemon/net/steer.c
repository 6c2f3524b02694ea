/* The filter of an SO_REUSEPORT group: see steer.h. A load beyond the end of the datagram ends the
 * filter with 0. */
#include "net/steer.h"
#include <linux/filter.h>
#include <sys/socket.h>

/* RFC 7296 3.1: where the fields stand in an IKE header. */
enum {
    SPI_I = 0,
    SPI_R = 8,
    FLAGS = 19,
    FLAG_INITIATOR = 0x08,
    MARKER = 4,
};

enum { PROGRAM_MAX = 24 };

struct program {
    struct sock_filter code[PROGRAM_MAX];
    u16 len;
};

static void add(struct program *p, struct sock_filter op)
{
    ensure(p->len < PROGRAM_MAX);
    p->code[p->len++] = op;
}

/* The number of the socket is what is loaded now, modulo count, behind the first ones. */
static void choose(struct program *p, u32 count, u32 first)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count));
    add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, first));
    add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0));
}

/* RFC 3948 2.2: what begins with another word than zero is ESP; SAs are spread by their SPI. */
static void esp_or_marker(struct program *p, const struct steer *s)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0));
    choose(p, s->esp, s->shards);
}

/* The original initiator's messages name us in SPIr, the others in SPIi. In a first request SPIr is
 * zero: the peer's own SPI leads all of its retries to one shard. */
static void ike(struct program *p, const struct steer *s, u32 at)
{
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + FLAGS));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FLAG_INITIATOR, 4, 0));
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + SPI_I));
    choose(p, s->shards, 0);
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + SPI_R));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2));
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + SPI_R + 4));
    add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0));
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + SPI_R));
    choose(p, s->shards, 0);
    add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + SPI_I + 7));
    choose(p, s->shards, 0);
}

bool steer_attach(int fd, const struct steer *s)
{
    struct program p = {.len = 0};
    if (s->shards == 0 || s->shards + s->esp > STEER_SOCKETS_MAX)
        return false;
    if (s->esp)
        esp_or_marker(&p, s);
    ike(&p, s, s->esp ? MARKER : 0);
    struct sock_fprog prog = {.len = p.len, .filter = p.code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof prog) == 0;
}
