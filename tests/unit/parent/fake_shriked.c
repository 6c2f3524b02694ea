/* The parent as it is, with roles that only stand in: tests/net/parent.sh looks at what it does to
 * a host. `--config` holds words instead of a file: noroutes, wide, keys=FOLDER, tun=NAME. */
#include "base/cursor.h"
#include "ops/mail.h"
#include "ops/snapshot.h"
#include "parent/launch.h"
#include "parent/options.h"
#include "parent/parent.h"
#include "parent/tell.h"
#include "proc/priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    abort();
}

static bool has(const struct seat *s, const char *word)
{
    return strstr(s->options->config, word) != NULL;
}

/* What follows "word=", up to a comma. */
static void value_of(const struct seat *s, const char *word, char *out, size_t size)
{
    const char *at = strstr(s->options->config, word);
    if (at)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(word), ","), at + strlen(word));
}

/* All of a larger network, which our side is part of: 10.0.0.0/8 and 2001:db8::/32. */
static const struct shrike_ts wide[2] = {
    {.from = {10}, .to = {10, 255, 255, 255}, .port_to = 65535, .family = 4},
    {.from = {0x20, 1, 0xd, 0xb8},
     .to = {0x20, 1, 0xd, 0xb8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     .port_to = 65535,
     .family = 6},
};
/* 10.2.0.0/16 and 2001:db8:2::/48, of the child with reqid 1. */
static const struct shrike_ts remote[2] = {
    {.from = {10, 2}, .to = {10, 2, 255, 255}, .port_to = 65535, .family = 4},
    {.from = {0x20, 1, 0xd, 0xb8, 0, 2},
     .to = {0x20, 1, 0xd, 0xb8, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     .port_to = 65535,
     .family = 6},
};
static const struct shrike_ts local[2] = {
    {.from = {10, 1}, .to = {10, 1, 255, 255}, .port_to = 65535, .family = 4},
    {.from = {0x20, 1, 0xd, 0xb8, 0, 1},
     .to = {0x20, 1, 0xd, 0xb8, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     .port_to = 65535,
     .family = 6},
};
/* The peer lies within its own selector. */
static const struct shrike_net peer_net = {{{10, 2, 0, 9}, 4}, 32};

static void send_snapshot(struct seat *s)
{
    static const struct shrike_transform cipher = {1, 20, 128};
    static const struct shrike_proposal proposal = {3, 1, &cipher, {NULL, 0}};
    static const struct shrike_child_conf child = {.name = "child",
                                                   .proposals = &proposal,
                                                   .proposal_count = 1,
                                                   .local_ts = local,
                                                   .local_ts_count = 2,
                                                   .remote_ts = wide,
                                                   .remote_ts_count = 2,
                                                   .reqid = 1};
    static const struct shrike_conn conn = {.name = "conn",
                                            .proposals = &proposal,
                                            .proposal_count = 1,
                                            .children = &child,
                                            .child_count = 1,
                                            .remote_addrs = &peer_net,
                                            .remote_addr_count = 1};
    const struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    struct settings set = {.port = 500,
                           .port_nat_t = 4500,
                           .routing_table = 220,
                           .routing_priority = 220,
                           .mark = 220,
                           .mtu = 1400,
                           .interface = "shrike0"};
    set.install_routes = !has(s, "noroutes");
    value_of(s, "keys=", set.unsafe_keys, sizeof set.unsafe_keys);
    value_of(s, "tun=", set.interface, sizeof set.interface);
    int fd = snapshot_seal(&conf, &set);
    seat_send_fd(s, ROLE_PARENT, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
    close(fd);
}

static void send_route(struct seat *s, u32 reqid)
{
    static u8 body[8192];
    static struct mail_route m;
    struct writer w = writer_of(body, sizeof body);
    m = (struct mail_route){.add = true, .reqid = reqid, .local_count = 2, .remote_count = 2};
    memcpy(m.local, local, sizeof local);
    memcpy(m.remote, has(s, "wide") ? wide : remote, sizeof remote);
    if (reqid != 1) /* to where no other route leads */
        m.remote[0].from[0] = m.remote[0].to[0] = 11;
    write_u32(&w, 1);
    route_write(&w, &m);
    seat_send(s, ROLE_PARENT, MAIL_ROUTE, written_bytes(&w));
}

static void *start(struct seat *s)
{
    if (s->type->role == ROLE_CONTROL)
        send_snapshot(s);
    seat_send(s, ROLE_PARENT, MAIL_READY, bytes_of(NULL, 0));
    return s;
}

static void mail(void *self, enum role from, struct mail *m)
{
    struct seat *s = self;
    if (m->kind == MAIL_LOG && m->body.len > 1)
        fprintf(stderr, "log %s %u %.*s\n", role_name(from), m->body.at[0], (int)m->body.len - 1,
                (const char *)m->body.at + 1);
    else
        fprintf(stderr, "%s has %s%s\n", role_name(s->type->role), mail_name(m->kind),
                m->fd >= 0 ? " with a descriptor" : "");
    if (m->kind == MAIL_TUN) {
        send_route(s, 1);
        send_route(s, 9);
    }
    if (m->kind == MAIL_KEY_FILE && write(m->fd, "key\n", 4) != 4)
        fprintf(stderr, "key file cannot be written\n");
    if (m->kind == MAIL_QUIT)
        seat_send(s, ROLE_PARENT, MAIL_DONE, bytes_of(NULL, 0));
}

static void peer(void *self, enum role who, bool there)
{
    const struct seat *s = self;
    fprintf(stderr, "%s sees %s %s\n", role_name(s->type->role), role_name(who),
            there ? "there" : "gone");
}

static void stop(void *self)
{
    (void)self;
}

static const struct role_type fakes[ROLE_COUNT] = {
    [ROLE_CONTROL] = {ROLE_CONTROL, start, mail, peer, stop},
    [ROLE_KEYS] = {ROLE_KEYS, start, mail, peer, stop},
    [ROLE_ESP] = {ROLE_ESP, start, mail, peer, stop},
    [ROLE_NET] = {ROLE_NET, start, mail, peer, stop},
    [ROLE_CERTS] = {ROLE_CERTS, start, mail, peer, stop},
    [ROLE_EAP] = {ROLE_EAP, start, mail, peer, stop},
};
static const struct role_type *const types[ROLE_PROGRAMS] = {
    [ROLE_CONTROL] = &fakes[ROLE_CONTROL], [ROLE_KEYS] = &fakes[ROLE_KEYS],
    [ROLE_ESP] = &fakes[ROLE_ESP],         [ROLE_NET] = &fakes[ROLE_NET],
    [ROLE_CERTS] = &fakes[ROLE_CERTS],     [ROLE_EAP] = &fakes[ROLE_EAP],
};

int main(int argc, char **argv)
{
    struct command_line line;
    switch (options_read(&line, argc, argv)) {
    case COMMAND_RUN:
        return priv_reduce_parent() ? parent_run(&line.options, types) : 1;
    case COMMAND_ROLE:
        return priv_drop(priv_of(line.role))
                   ? launch_sit(line.role, types[line.role], &line.options)
                   : 1;
    case COMMAND_DONE:
    case COMMAND_USAGE:
        break;
    }
    return 2;
}
