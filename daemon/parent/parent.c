/* The parent: see parent.h. */
#include "parent/parent.h"
#include "ops/seam.h"
#include "ops/snapshot.h"
#include "parent/keyfiles.h"
#include "parent/larval.h"
#include "parent/listener.h"
#include "parent/logfiles.h"
#include "parent/notify.h"
#include "parent/records.h"
#include "parent/routes.h"
#include "parent/scrape.h"
#include "parent/shunts.h"
#include "parent/signals.h"
#include "parent/sockets.h"
#include "parent/supervisor.h"
#include "parent/takeover.h"
#include "parent/tun.h"
#include "parent/updown.h"
#include "parent/upgrade.h"
#include "parent/usage.h"
#include "parent/virtual.h"
#include "parent/watch.h"
#include "parent/xfrmi.h"
#include "proc/sandbox.h"
#include "proc/vault.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ALL_ROLES       ((1u << ROLE_COUNT) - 1 - (1u << ROLE_PARENT))
#define REFUSALS_LOGGED 10 /* of what the configuration does not allow: lines in the log */

struct parent {
    const struct options *options;
    struct supervisor supervisor;
    struct signals signals;
    struct snapshot_copy *snapshot; /* the newest; NULL until control has read the files */
    int snapshot_file;              /* the same, for a new esp; -1 likewise */
    struct netlink netlink;
    struct sockets sockets;
    struct tun tun;
    struct routes routes;
    struct xfrmis xfrmis;
    struct shunts shunts;
    struct alarm sweep; /* of routes */
    struct nameservers nameservers;
    struct virtuals virtuals;
    struct alarm stale; /* virtual addresses that no net has asked for again */
    struct watch watch;
    struct host host;
    struct shrike_addr addresses[SHRIKE_HOST_ADDRESSES_MAX]; /* as net was told last */
    u16 address_count;
    bool addresses_told;
    struct larval larval;
    struct keyfiles keyfiles;
    struct logfiles logfiles;
    struct scrape scrape;
    int vaults[ROLE_COUNT];
    int listener;
    char control_socket[SETTINGS_PATH];
    char interface[SETTINGS_INTERFACE]; /* of tunnels, for scripts */
    char journal[SETTINGS_PATH];        /* empty: in memory */
    struct scripts scripts;
    struct updown updown;
    struct upgrade upgrade;
    struct takeover
        before;        /* what the program before has handed on, as far as it is still wanted */
    int esp_state;     /* what esp hands on; -1: nothing yet */
    bool esp_is_quiet; /* it asks for no routes until it is told to */
    bool took_over;    /* from a program before */
    bool hands_on;     /* to another one, when all roles have ended */
    u32 ready;         /* a bit for each role that was ready once */
    u32 refusals;
    bool opened, over;
    int code;
};

/* End with this exit code. */
static void leave(struct parent *p, int code)
{
    if (!p->options->check_only)
        notify("STOPPING=1");
    p->code = code;
    p->hands_on = false;
    supervisor_quit(&p->supervisor);
}

static void send_fd(struct parent *p, enum role to, u16 kind, struct bytes body, int fd)
{
    struct mail m = {.kind = kind, .body = body, .fd = fd};
    if (fd >= 0 && !supervisor_send(&p->supervisor, to, &m))
        tell(&p->supervisor.tell, SHRIKE_DEBUG, "%s does not take %s",
             supervisor_name(&p->supervisor, to), mail_name(kind));
}

static void send_addresses(struct parent *p)
{
    u8 body[1024];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_kernel_event k = {
        .kind = SHRIKE_ADDRESSES, .addresses = p->addresses, .address_count = p->address_count};
    kernel_write(&w, &k);
    ensure(!w.full);
    struct mail m = {.kind = MAIL_ADDRESSES, .body = written_bytes(&w), .fd = -1};
    if (p->addresses_told)
        supervisor_send(&p->supervisor, ROLE_NET, &m);
}

/* What a role needs; again whenever it comes back. */
static void fit(void *ctx, enum role r)
{
    static const u8 which[] = {0, 1};
    struct parent *p = ctx;
    send_fd(p, r, MAIL_VAULT, bytes_of(NULL, 0), p->vaults[r]);
    if (r == ROLE_ESP) /* what is allowed it knows before it can be asked for anything */
        send_fd(p, r, MAIL_SNAPSHOT, bytes_of(NULL, 0), p->snapshot_file);
    if (r == ROLE_ESP && p->before.esp >= 0) { /* once, and before it reads anything */
        send_fd(p, r, MAIL_STATE, bytes_of(NULL, 0), p->before.esp);
        close(p->before.esp);
        p->before.esp = -1;
        p->esp_is_quiet = true;
    }
    sockets_hand(&p->sockets, &p->supervisor, r);
    if (r == ROLE_CONTROL)
        logfiles_hand(&p->logfiles, &p->supervisor);
    if (r == ROLE_CONTROL)
        send_fd(p, r, MAIL_METRICS, bytes_of(NULL, 0), p->scrape.fd);
    if (r == ROLE_CONTROL)
        send_fd(p, r, MAIL_LISTENER, bytes_of(NULL, 0), p->listener);
    if (r == ROLE_ESP && p->supervisor.plane == ROLE_ESP)
        send_fd(p, r, MAIL_TUN, bytes_of(&p->tun.vnet_hdr, 1), p->tun.fd);
    if (r == ROLE_NET)
        send_addresses(p);
    for (size_t i = 0; r == ROLE_NET && i < ARRAY_LEN(which); i++)
        send_fd(p, r, MAIL_KEY_FILE, bytes_of(&which[i], 1), p->keyfiles.fd[i]);
}

static bool open_keyfiles(struct parent *p, const char *folder)
{
    if (folder[0] == 0)
        return true;
    tell(&p->supervisor.tell, SHRIKE_WARNING,
         "UNSAFE: session keys are written to %s: who reads them reads all traffic", folder);
    return keyfiles_open(&p->keyfiles, folder);
}

/* With a file that outlives us, in place of the one in memory. */
static bool open_records(struct parent *p, const char *path)
{
    if (path[0] == 0)
        return true;
    int fd = records_file(path, &p->supervisor.tell);
    if (fd < 0)
        return false;
    if (p->vaults[ROLE_NET] >= 0)
        close(p->vaults[ROLE_NET]);
    p->vaults[ROLE_NET] = fd;
    snprintf(p->journal, sizeof p->journal, "%s", path);
    return true;
}

static bool open_listener(struct parent *p, const char *configured)
{
    const char *path = p->options->control_socket ? p->options->control_socket : configured;
    snprintf(p->control_socket, sizeof p->control_socket, "%s", path);
    p->listener = listener_open(path);
    return p->listener >= 0;
}

/* Where there are too many, some would be taken to be gone: none is told of, and all are there. */
static void note_addresses(struct parent *p)
{
    struct shrike_addr now[SHRIKE_HOST_ADDRESSES_MAX] = {{{0}, 0}};
    if (!p->addresses_told && host_carried(&p->host) > SHRIKE_HOST_ADDRESSES_MAX) {
        tell(&p->supervisor.tell, SHRIKE_NOTICE,
             "this host has more than %u addresses: SAs do not follow when one of them goes",
             SHRIKE_HOST_ADDRESSES_MAX);
        return;
    }
    p->address_count = host_list(&p->host, p->addresses, p->address_count, now);
    memcpy(p->addresses, now, sizeof now);
    p->addresses_told = true;
}

static void host_changed(void *ctx, bool gone)
{
    struct parent *p = ctx;
    if (!host_look(&p->host, &p->netlink, p->tun.link)) {
        tell(&p->supervisor.tell, SHRIKE_WARNING, "cannot ask the system for addresses: %s",
             strerror(errno));
        return;
    }
    routes_refresh(&p->routes, &p->host, gone);
    shunts_apply(&p->shunts, &p->snapshot->conf);
    note_addresses(p);
    send_addresses(p);
}

static bool open_watch(struct parent *p)
{
    p->watch = (struct watch){.loop = p->supervisor.loop,
                              .tunnel = p->tun.link,
                              .table = p->snapshot->settings.routing_table,
                              .changed = host_changed,
                              .ctx = p};
    if (!watch_open(&p->watch))
        return complain("cannot watch addresses and routes: %s", strerror(errno));
    host_changed(p, false);
    return true;
}

/* What was routed before goes unless it is asked for again. */
static void adopt_routes(struct parent *p)
{
    struct loop *l = p->supervisor.loop;
    routes_look(&p->routes);
    loop_alarm(l, &p->sweep, loop_now(l) + ROUTES_STALE_S * SHRIKE_SECOND);
}

/* All that needs rights, once. The rule comes last: from then on packets take the tunnels. */
static bool open_all(struct parent *p)
{
    const struct settings *set = &p->snapshot->settings;
    const struct tell *t = &p->supervisor.tell;
    if (!netlink_open(&p->netlink))
        return complain("cannot ask the system for routes: %s", strerror(errno));
    nameservers_open(&p->nameservers, p->supervisor.loop, set, t);
    if (!sockets_open(&p->sockets, set, t) || !open_listener(p, set->control_socket) ||
        !open_keyfiles(p, set->unsafe_keys) || !open_records(p, set->journal) ||
        !tun_open(&p->tun, &p->netlink, set, t) || !open_watch(p) ||
        (set->install_routes && !routes_open(&p->routes, &p->netlink, set, p->tun.link, t)))
        return false;
    if (p->tun.former)
        adopt_routes(p);
    return true;
}

/* The same with what the program before has handed on. */
static bool go_on(struct parent *p)
{
    const struct settings *set = &p->snapshot->settings;
    const struct tell *t = &p->supervisor.tell;
    struct mail routes = {.kind = MAIL_ROUTES, .fd = -1};
    if (!netlink_open(&p->netlink))
        return complain("cannot ask the system for routes: %s", strerror(errno));
    nameservers_open(&p->nameservers, p->supervisor.loop, set, t);
    tun_keep(&p->tun, &p->netlink, t);
    if (!open_watch(p) ||
        (set->install_routes && !routes_open(&p->routes, &p->netlink, set, p->tun.link, t)))
        return false;
    for (u32 i = 0; i < p->before.route_count; i++)
        routes_adopt(&p->routes, &p->before.routes[i].to, &p->before.routes[i].source);
    takeover_free(&p->before);
    adopt_routes(p);
    if (p->esp_is_quiet)
        supervisor_send(&p->supervisor, ROLE_ESP, &routes);
    p->esp_is_quiet = false;
    return true;
}

static void open_virtuals(struct parent *p)
{
    p->virtuals = (struct virtuals){.netlink = &p->netlink,
                                    .tell = &p->supervisor.tell,
                                    .nameservers = &p->nameservers,
                                    .link = p->tun.link,
                                    .untouched = !p->snapshot->settings.install_virtual_ip};
    virtuals_init(&p->virtuals);
    p->updown =
        (struct updown){.scripts = &p->scripts,
                        .tell = &p->supervisor.tell,
                        .virtuals = &p->virtuals,
                        .host = &p->host,
                        .interface = p->supervisor.plane == ROLE_XFRM ? NULL : p->interface};
    snprintf(p->interface, sizeof p->interface, "%s", p->snapshot->settings.interface);
    if (!p->took_over && !p->tun.former)
        return;
    struct loop *l = p->supervisor.loop;
    virtuals_adopt(&p->virtuals);
    loop_alarm(l, &p->stale, loop_now(l) + VIRTUALS_STALE_S * SHRIKE_SECOND);
}

static void close_all(struct parent *p)
{
    larval_close(&p->larval);
    watch_close(&p->watch);
    virtuals_close(&p->virtuals);
    nameservers_close(&p->nameservers);
    shunts_close(&p->shunts);
    routes_close(&p->routes);
    xfrmis_close(&p->xfrmis);
    tun_close(&p->tun);
    sockets_close(&p->sockets);
    keyfiles_close(&p->keyfiles);
    logfiles_close(&p->logfiles);
    scrape_close(&p->scrape);
    listener_close(p->listener, p->control_socket);
    netlink_close(&p->netlink);
    snapshot_free(p->snapshot);
    if (p->snapshot_file >= 0)
        close(p->snapshot_file);
    if (p->journal[0] && p->opened)
        records_remove(p->vaults[ROLE_NET], p->journal);
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++)
        if (p->vaults[r] >= 0)
            close(p->vaults[r]);
}

static void say_what_holds(const struct parent *p)
{
    bool chosen = p->options->one_process;
    const char *lacks = chosen ? "all are one process" : sandbox_lacks();
    if (lacks)
        tell(&p->supervisor.tell, chosen ? SHRIKE_NOTICE : SHRIKE_WARNING,
             "%s: system calls of the roles are not filtered", lacks);
}

/* Which data plane there is, and what it can do, in one line. */
static void say_plane(const struct parent *p)
{
    bool kernel = p->supervisor.plane == ROLE_XFRM;
    const char *says = p->options->kernel_says ? p->options->kernel_says : "not looked at";
    tell(&p->supervisor.tell, SHRIKE_NOTICE, "data plane: %s; IPsec of the kernel: %s",
         kernel ? "the kernel's (xfrm)" : "in user space (esp)", says);
    if (kernel != (p->snapshot->settings.plane != PLANE_USER))
        tell(&p->supervisor.tell, SHRIKE_WARNING,
             "another data plane takes effect when shriked is started anew");
}

static void begin(struct parent *p)
{
    if (!p->took_over && p->snapshot->settings.plane != PLANE_USER)
        p->supervisor.plane = ROLE_XFRM;
    say_what_holds(p);
    say_plane(p);
    p->opened = p->took_over ? go_on(p) : open_all(p);
    if (!p->opened) {
        leave(p, EXIT_FAILURE);
        return;
    }
    if (p->supervisor.plane == ROLE_XFRM)
        larval_open(&p->larval, &p->snapshot->conf, &p->supervisor.tell);
    if (p->snapshot->settings.install_routes)
        shunts_open(&p->shunts, &p->netlink, &p->snapshot->settings, &p->supervisor.tell);
    p->shunts.only_passes = p->supervisor.plane == ROLE_XFRM;
    p->shunts.host = &p->host;
    shunts_apply(&p->shunts, &p->snapshot->conf);
    xfrmis_open(&p->xfrmis, &p->netlink, p->snapshot->settings.mtu, &p->supervisor.tell);
    xfrmis_apply(&p->xfrmis, &p->snapshot->conf);
    open_virtuals(p);
    send_fd(p, ROLE_CONTROL, MAIL_LISTENER, bytes_of(NULL, 0), p->listener);
    supervisor_start(&p->supervisor, ROLE_KEYS);
    supervisor_start(&p->supervisor, ROLE_CERTS);
    supervisor_start(&p->supervisor, ROLE_EAP);
    if (!p->took_over) /* else it runs already */
        supervisor_start(&p->supervisor, ROLE_ESP);
    supervisor_start(&p->supervisor, ROLE_NET);
}

/* What was opened stays as it is until the program is started anew. */
static bool needs_restart(const struct settings *a, const struct settings *b)
{
    return a->port != b->port || a->port_nat_t != b->port_nat_t || a->mark != b->mark ||
           a->install_routes != b->install_routes || a->routing_table != b->routing_table ||
           a->routing_priority != b->routing_priority || a->route_mtu != b->route_mtu ||
           a->route_mss != b->route_mss || a->install_virtual_ip != b->install_virtual_ip ||
           a->dns != b->dns || strcmp(a->dns_file, b->dns_file) != 0 ||
           strcmp(a->interface, b->interface) != 0 ||
           strcmp(a->control_socket, b->control_socket) != 0 ||
           strcmp(a->journal, b->journal) != 0 || strcmp(a->unsafe_keys, b->unsafe_keys) != 0;
}

/* Again at each configuration, and whenever somebody has put them away. */
static void open_logs(struct parent *p)
{
    if (!p->snapshot || p->options->check_only)
        return;
    logfiles_open(&p->logfiles, &p->snapshot->settings, &p->supervisor.tell);
    logfiles_hand(&p->logfiles, &p->supervisor);
}

static void open_scrape(struct parent *p)
{
    struct mail m = {.kind = MAIL_METRICS, .fd = -1};
    if (p->options->check_only ||
        !scrape_open(&p->scrape, &p->snapshot->settings.metrics, &p->supervisor.tell))
        return;
    m.fd = p->scrape.fd;
    supervisor_send(&p->supervisor, ROLE_CONTROL, &m);
}

static void take_stats(struct parent *p, const struct mail *m)
{
    u8 body[4096];
    struct mail_stats stats = {.count = 0};
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    u32 reference = read_u32(&r);
    if (!read_ended(&r))
        return;
    usage_add(&stats, role_name(ROLE_PARENT), getpid());
    for (enum role i = ROLE_CONTROL; i < ROLE_COUNT; i++)
        usage_add(&stats, supervisor_name(&p->supervisor, i), p->supervisor.members[i].pid);
    write_u32(&w, reference);
    stats_write(&w, &stats);
    struct mail answer = {.kind = MAIL_STATS_ARE, .body = written_bytes(&w), .fd = -1};
    if (!w.full)
        supervisor_send(&p->supervisor, ROLE_CONTROL, &answer);
}

static void take_snapshot(struct parent *p, struct mail *m)
{
    struct snapshot_copy *s = m->fd >= 0 ? snapshot_load(m->fd) : NULL;
    bool first = !p->snapshot;
    if (!s && first) {
        complain("control and its parent do not understand each other: install shriked anew");
        leave(p, EXIT_FAILURE);
    } else if (!s) {
        tell(&p->supervisor.tell, SHRIKE_ERROR, "control sent a snapshot that cannot be used");
    }
    if (!s)
        return;
    if (!first && needs_restart(&p->snapshot->settings, &s->settings))
        tell(&p->supervisor.tell, SHRIKE_WARNING,
             "changes of ports, interface, mark, routing, dns, install_virtual_ip, "
             "control_socket, journal and unsafe_keys take effect when shriked is started anew");
    if (!first && p->opened && p->snapshot->settings.mtu != s->settings.mtu)
        tun_resize(&p->tun, &p->netlink, &s->settings, &p->supervisor.tell);
    snapshot_free(p->snapshot);
    p->snapshot = s;
    if (p->snapshot_file >= 0)
        close(p->snapshot_file);
    p->snapshot_file = mail_take_fd(m);
    open_logs(p);
    open_scrape(p);
    if (!first) {
        shunts_apply(&p->shunts, &p->snapshot->conf);
        xfrmis_apply(&p->xfrmis, &p->snapshot->conf);
        larval_change(&p->larval, &p->snapshot->conf);
        return;
    }
    if (p->options->check_only)
        leave(p, EXIT_SUCCESS);
    else
        begin(p);
}

static void take_fatal(struct parent *p)
{
    if (!p->snapshot)
        leave(p, EXIT_FAILURE);
    else
        tell(&p->supervisor.tell, SHRIKE_ERROR,
             "the configuration cannot be used: tunnels go on as they are until it is mended");
}

static void change_route(struct parent *p, struct mail_route *route)
{
    route->link = xfrmis_link(&p->xfrmis, &p->snapshot->conf, route->reqid);
    if (route->add && !routes_allowed(&p->snapshot->conf, route) &&
        !routes_stand(&p->routes, route)) {
        if (p->refusals++ < REFUSALS_LOGGED)
            tell(&p->supervisor.tell, SHRIKE_WARNING,
                 "%s asks for a route that no child with reqid %u allows: refused",
                 supervisor_name(&p->supervisor, ROLE_ESP), route->reqid);
        return;
    }
    routes_change(&p->routes, route);
    if (route->add && p->routes.buckets)
        routes_check_peers(&p->routes, &p->snapshot->conf, route);
}

/* esp waits for them before it says that a Child SA is there. What is refused is answered too. */
static void take_route(struct parent *p, const struct mail *m)
{
    static struct mail_route route;
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    write_u32(&w, read_u32(&r));
    struct mail done = {.kind = MAIL_ROUTED, .body = written_bytes(&w), .fd = -1};
    if (!route_read(&r, &route))
        return;
    if (p->snapshot)
        change_route(p, &route);
    supervisor_send(&p->supervisor, ROLE_ESP, &done);
}

static void take_numbers(struct parent *p, const struct mail *m)
{
    struct mail_numbers numbers;
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    write_u32(&w, read_u32(&r));
    struct mail done = {.kind = MAIL_ROUTED, .body = written_bytes(&w), .fd = -1};
    if (!numbers_read(&r, &numbers))
        return;
    updown_numbers(&p->updown, &numbers);
    supervisor_send(&p->supervisor, ROLE_ESP, &done);
}

static void answer(struct parent *p, struct shrike_token token, bool ok)
{
    u8 body[64];
    struct writer w = writer_of(body, sizeof body);
    struct shrike_answer a = {.ok = ok, .reason = ok ? 0 : SHRIKE_REASON_ADDRESS_NOT_USED};
    answer_write(&w, token, &a);
    struct mail m = {.kind = MAIL_ANSWER, .body = written_bytes(&w), .fd = -1};
    if (w.full || !supervisor_send(&p->supervisor, ROLE_NET, &m))
        tell(&p->supervisor.tell, SHRIKE_DEBUG, "net does not take an answer");
}

static bool add_virtual(struct parent *p, const struct shrike_address_op *op)
{
    const char *why;
    if (virtuals_allowed(&p->snapshot->conf, op, &why))
        return virtuals_add(&p->virtuals, op);
    if (p->refusals++ < REFUSALS_LOGGED)
        tell(&p->supervisor.tell, SHRIKE_WARNING, "virtual addresses of connection %s refused: %s",
             op->conn ? op->conn : "?", why);
    return false;
}

/* Virtual addresses that net asks for, or no longer. */
static void take_address(struct parent *p, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_op op;
    struct reader r = reader_of(m->body);
    if (!p->opened || !op_read(&r, &op, &box))
        return;
    if (op.kind == SHRIKE_ADDRESS_ADD && m->kind == MAIL_ADDRESS_ADD)
        answer(p, op.token, add_virtual(p, &op.address));
    else if (op.kind == SHRIKE_ADDRESS_REMOVE && m->kind == MAIL_ADDRESS_REMOVE)
        virtuals_remove(&p->virtuals, op.lease_over);
}

static void take_updown(struct parent *p, const struct mail *m)
{
    static struct seam_box box;
    struct shrike_event e;
    struct reader r = reader_of(m->body);
    if (p->opened && event_read(&r, &e, &box))
        updown_event(&p->updown, &p->snapshot->conf, &e);
}

static void take_ready(struct parent *p, enum role from)
{
    const u32 before = p->ready;
    p->ready |= 1u << from;
    tell(&p->supervisor.tell, SHRIKE_DEBUG, "%s is ready", supervisor_name(&p->supervisor, from));
    if (before == ALL_ROLES || p->ready != ALL_ROLES)
        return;
    const struct settings *set = &p->snapshot->settings;
    tell(&p->supervisor.tell, SHRIKE_NOTICE, "ready: UDP ports %u and %u, interface %s", set->port,
         set->port_nat_t, set->interface);
    notify("READY=1\nSTATUS=shriked %s: UDP ports %u and %u, interface %s", SHRIKE_VERSION,
           set->port, set->port_nat_t, set->interface);
}

/* ---- another program takes over ---- */

static void say_upgrade(struct parent *p, bool yes, const char *text)
{
    u8 body[512];
    struct writer w = writer_of(body, sizeof body);
    write_u8(&w, yes);
    write_bytes(&w, bytes_of(text, MIN(strlen(text), sizeof body - 1)));
    struct mail m = {.kind = MAIL_UPGRADE_SAID, .body = written_bytes(&w), .fd = -1};
    supervisor_send(&p->supervisor, ROLE_CONTROL, &m);
}

static void take_upgrade(struct parent *p, const struct mail *m)
{
    const char *why = p->opened && !p->supervisor.ending ? upgrade_begin(&p->upgrade, m->body)
                                                         : "not now: all is beginning or ending";
    if (why)
        say_upgrade(p, false, why);
}

static void checked(void *ctx, const char *why)
{
    struct parent *p = ctx;
    say_upgrade(p, !why, why ? why : p->upgrade.path);
    if (why || p->supervisor.ending)
        return;
    tell(&p->supervisor.tell, SHRIKE_NOTICE, "%s takes over", p->upgrade.path);
    notify("STATUS=%s takes over", p->upgrade.path);
    p->hands_on = true;
    supervisor_yield(&p->supervisor);
}

/* All roles have ended. Comes back only when no program can be executed. */
static void hand_on(struct parent *p)
{
    struct takeover t = {.sockets = p->sockets,
                         .tun = p->tun,
                         .keyfiles = p->keyfiles,
                         .listener = p->listener,
                         .esp = p->esp_state,
                         .esp_life = p->supervisor.members[ROLE_ESP].life};
    for (u32 i = 0; i < TAKEOVER_ROLES; i++)
        t.vaults[i] = i < ROLE_COUNT ? p->vaults[i] : -1;
    memcpy(t.control_socket, p->control_socket, sizeof t.control_socket);
    memcpy(t.journal, p->journal, sizeof t.journal);
    watch_close(&p->watch);
    (void)takeover_exec(&t, &p->routes, p->options, p->upgrade.path);
    complain("cannot execute %s: %s: going on as before", p->upgrade.path, strerror(errno));
    (void)takeover_exec(&t, &p->routes, p->options, "/proc/self/exe");
    complain("cannot go on: %s", strerror(errno));
    p->code = EXIT_FAILURE;
}

/* What the program before has handed on is ours; esp goes on at once with what it had. */
static bool take_over(struct parent *p)
{
    struct takeover *t = &p->before;
    if (!takeover_read(t, p->options->take_over))
        return complain("what the program before has handed on makes no sense");
    p->took_over = true;
    p->sockets = t->sockets;
    if (sockets_of_kernel(&p->sockets))
        p->supervisor.plane = ROLE_XFRM;
    p->tun = t->tun;
    p->keyfiles = t->keyfiles;
    p->listener = t->listener;
    memcpy(p->vaults, t->vaults, sizeof p->vaults);
    memcpy(p->control_socket, t->control_socket, sizeof p->control_socket);
    memcpy(p->journal, t->journal, sizeof p->journal);
    if (p->vaults[ROLE_ESP] < 0) /* the program before knew of none */
        p->vaults[ROLE_ESP] = vault_make();
    if (t->esp >= 0)
        p->supervisor.members[ROLE_ESP].next_life = t->esp_life;
    supervisor_start(&p->supervisor, ROLE_ESP);
    return true;
}

/* Mail of a role; what is not its to say is not heard. */
static void mail(void *ctx, enum role from, struct mail *m)
{
    struct parent *p = ctx;
    if (m->kind == MAIL_READY)
        take_ready(p, from);
    else if (from == ROLE_CONTROL && m->kind == MAIL_SNAPSHOT)
        take_snapshot(p, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_FATAL)
        take_fatal(p);
    else if (from == ROLE_CONTROL && m->kind == MAIL_STATS)
        take_stats(p, m);
    else if (from == ROLE_CONTROL && m->kind == MAIL_UPGRADE)
        take_upgrade(p, m);
    else if (from == ROLE_ESP && m->kind == MAIL_ROUTE)
        take_route(p, m);
    else if (from == ROLE_ESP && m->kind == MAIL_NUMBERS)
        take_numbers(p, m);
    else if (from == ROLE_ESP && m->kind == MAIL_STATE && p->hands_on && p->esp_state < 0)
        p->esp_state = mail_take_fd(m);
    else if (from == ROLE_NET && m->kind == MAIL_UPDOWN)
        take_updown(p, m);
    else if (from == ROLE_NET)
        take_address(p, m);
}

static bool died(void *ctx, enum role r)
{
    struct parent *p = ctx;
    if (!p->opened) {
        complain("%s has ended before the daemon could begin", supervisor_name(&p->supervisor, r));
        leave(p, EXIT_FAILURE);
        return false;
    }
    struct loop *l = p->supervisor.loop;
    if (r == ROLE_NET) {
        virtuals_orphan(&p->virtuals);
        loop_alarm(l, &p->stale, loop_now(l) + VIRTUALS_STALE_S * SHRIKE_SECOND);
    }
    if (r == ROLE_ESP) {
        p->esp_is_quiet = false;
        routes_orphan(&p->routes);
        loop_alarm(l, &p->sweep, loop_now(l) + ROUTES_STALE_S * SHRIKE_SECOND);
    }
    return true;
}

static void sweep(void *ctx)
{
    struct parent *p = ctx;
    routes_sweep(&p->routes);
}

static void stale(void *ctx)
{
    struct parent *p = ctx;
    virtuals_sweep(&p->virtuals);
}

static void ended(void *ctx)
{
    struct parent *p = ctx;
    p->over = true;
    loop_stop(p->supervisor.loop);
}

static void signalled(void *ctx, int signal)
{
    struct parent *p = ctx;
    struct mail reload = {.kind = MAIL_RELOAD, .fd = -1};
    if (signal == SIGCHLD) {
        supervisor_reap(&p->supervisor);
        nameservers_reap(&p->nameservers);
        scripts_reap(&p->scripts);
        upgrade_reap(&p->upgrade);
    } else if (signal == SIGHUP) {
        open_logs(p);
        supervisor_send(&p->supervisor, ROLE_CONTROL, &reload);
    } else {
        leave(p, p->code);
    }
}

static struct parent *parent_new(const struct options *o,
                                 const struct role_type *const types[ROLE_PROGRAMS])
{
    static struct parent p;
    p = (struct parent){.options = o,
                        .supervisor = {.loop = loop_new(),
                                       .options = o,
                                       .ping = SUPERVISOR_PING,
                                       .fit = fit,
                                       .mail = mail,
                                       .died = died,
                                       .ended = ended,
                                       .ctx = &p},
                        .signals = {.source = {.fd = -1}, .got = signalled, .ctx = &p},
                        .tun = {.fd = -1},
                        .sweep = {.ring = sweep, .ctx = &p},
                        .stale = {.ring = stale, .ctx = &p},
                        .keyfiles = {.fd = {-1, -1}},
                        .scrape = {.fd = -1},
                        .upgrade = {.options = o, .checked = checked, .ctx = &p, .said = -1},
                        .before = {.esp = -1},
                        .esp_state = -1,
                        .snapshot_file = -1,
                        .listener = -1,
                        .code = EXIT_SUCCESS};
    memcpy(p.supervisor.types, types, sizeof p.supervisor.types);
    for (enum role r = ROLE_PARENT; r < ROLE_COUNT; r++)
        p.vaults[r] = -1;
    p.upgrade.loop = p.supervisor.loop;
    return p.supervisor.loop ? &p : NULL;
}

/* Four roles have what must outlive them. */
static bool make_vaults(struct parent *p)
{
    if (p->options->check_only)
        return true;
    p->vaults[ROLE_KEYS] = vault_make();
    p->vaults[ROLE_CONTROL] = vault_make();
    p->vaults[ROLE_ESP] = vault_make();
    p->vaults[ROLE_NET] = records_memory();
    return (p->vaults[ROLE_KEYS] >= 0 && p->vaults[ROLE_CONTROL] >= 0 && p->vaults[ROLE_ESP] >= 0 &&
            p->vaults[ROLE_NET] >= 0) ||
           complain("cannot make a memory file: %s: more memory, or Linux 3.17, is needed",
                    strerror(errno));
}

int parent_run(const struct options *o, const struct role_type *const types[ROLE_PROGRAMS])
{
    struct parent *p = parent_new(o, types);
    if (!p || !signals_open(&p->signals, p->supervisor.loop)) {
        complain("cannot begin: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    supervisor_init(&p->supervisor);
    scripts_open(&p->scripts, p->supervisor.loop, &p->supervisor.tell);
    upgrade_open(&p->upgrade);
    if (o->take_over ? take_over(p) : make_vaults(p))
        supervisor_start(&p->supervisor, ROLE_CONTROL);
    else
        leave(p, EXIT_FAILURE);
    while (!p->over) /* a seat in our loop may have stopped it */
        loop_run(p->supervisor.loop);
    scripts_close(&p->scripts, p->hands_on ? SCRIPTS_HANDING_ON : SCRIPTS_END);
    updown_close(&p->updown);
    if (p->hands_on)
        hand_on(p);
    upgrade_close(&p->upgrade);
    close_all(p);
    signals_close(&p->signals);
    loop_free(p->supervisor.loop);
    return p->code;
}
