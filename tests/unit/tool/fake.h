/* A daemon of the tests: the VICI server in a process of its own, at the other end of a socket
 * pair, with two connections up, one half-way, one down; and names that a terminal would obey. */
#ifndef UNIT_TOOL_FAKE_H
#define UNIT_TOOL_FAKE_H

#include "test.h"
#include "tool/tool.h"
#include "vici/server.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAKE_LOG,
    FAKE_CONTROL_LOG,
    FAKE_LIST_SA,
    FAKE_LIST_CONN,
    FAKE_FAILURE,
    FAKE_LADDER,
    FAKE_DATAGRAM
};
static const char *const fake_events[] = {
    "log",           "control-log",    "list-sa", "list-conn", "shrike-failure",
    "shrike-ladder", "shrike-datagram"};

static struct vici_server fake_server;
static u8 fake_octets[65536];
static bool fake_is_empty; /* it has nothing and is configured for nothing */

static void fake_list(struct vici_writer *w, const char *key, const char *a, const char *b)
{
    vici_list_begin(w, key);
    vici_list_put(w, bytes_of(a, strlen(a)));
    if (b)
        vici_list_put(w, bytes_of(b, strlen(b)));
    vici_list_end(w);
}

/* key, value, key, value, ..., NULL */
static void fake_put(struct vici_writer *w, const char *const *pairs)
{
    for (; pairs[0]; pairs += 2)
        vici_put_text(w, pairs[0], pairs[1]);
}

static void fake_stream(const struct vici_request *r, unsigned event, struct vici_writer *w)
{
    struct bytes message;
    if (!vici_written(w, &message))
        abort();
    if (vici_server_stream(&fake_server, r->ticket, event, message) == VICI_STREAM_FULL)
        abort();
}

static const char *const fake_home[] = {"uniqueid",
                                        "7",
                                        "version",
                                        "2",
                                        "state",
                                        "ESTABLISHED",
                                        "local-host",
                                        "192.0.2.2",
                                        "local-port",
                                        "4500",
                                        "local-id",
                                        "left.example",
                                        "remote-host",
                                        "2001:db8::1",
                                        "remote-port",
                                        "4500",
                                        "remote-id",
                                        "right.example",
                                        "initiator",
                                        "yes",
                                        "initiator-spi",
                                        "0123456789abcdef",
                                        "responder-spi",
                                        "fedcba9876543210",
                                        "nat-remote",
                                        "yes",
                                        "encr-alg",
                                        "AES_GCM_16",
                                        "encr-keysize",
                                        "256",
                                        "prf-alg",
                                        "PRF_HMAC_SHA2_256",
                                        "dh-group",
                                        "CURVE_25519",
                                        "established",
                                        "7380",
                                        NULL};

static const char *const fake_home_net[] = {
    "name",        "net",        "uniqueid",     "12",       "reqid",     "3",
    "state",       "INSTALLED",  "mode",         "TUNNEL",   "protocol",  "ESP",
    "encap",       "yes",        "spi-in",       "c1234567", "spi-out",   "c89abcde",
    "encr-alg",    "AES_GCM_16", "encr-keysize", "256",      "bytes-in",  "1258291",
    "packets-in",  "1234",       "use-in",       "3",        "bytes-out", "999",
    "packets-out", "9",          "install-time", "7380",     NULL};

/* A name that clears the screen, a state with a line feed, an address that is no text. */
static const char *const fake_evil[] = {"uniqueid",    "9",      "state", "ODD\nLINE",
                                        "remote-host", "\xff\t", NULL};

/* Those of a connection, or all. */
static bool fake_wants(const struct vici_request *r, const char *conn)
{
    return !vici_value(r->message, "ike").at || vici_value_is(r->message, "ike", conn);
}

/* An IKE SA without any child. */
static void fake_office(const struct vici_request *r, const char *id, const char *state,
                        const char *peer)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    vici_begin(&w, "office");
    fake_put(&w, (const char *const[]){"uniqueid", id, "state", state, "remote-host", peer, NULL});
    vici_begin(&w, "child-sas");
    vici_end(&w);
    vici_end(&w);
    fake_stream(r, FAKE_LIST_SA, &w);
}

static enum vici_reply fake_list_sas(void *ctx, const struct vici_request *r,
                                     struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    if (fake_is_empty)
        return VICI_REPLY_NOW;
    if (fake_wants(r, "office")) {
        fake_office(r, "8", "CONNECTING", "198.51.100.1");
        fake_office(r, "6", "DELETING", "198.51.100.2");
    }
    if (!fake_wants(r, "home"))
        return VICI_REPLY_NOW;
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    vici_begin(&w, "home");
    fake_put(&w, fake_home);
    fake_list(&w, "remote-vips", "10.5.0.1", "fd05::1");
    vici_begin(&w, "child-sas");
    vici_begin(&w, "net-12");
    fake_put(&w, fake_home_net);
    fake_list(&w, "local-ts", "10.1.0.0/24", "10.3.0.0/24");
    fake_list(&w, "remote-ts", "10.2.0.0/24", NULL);
    vici_end(&w);
    vici_end(&w);
    vici_end(&w);
    fake_stream(r, FAKE_LIST_SA, &w);
    if (!fake_wants(r, "\033[2Jevil"))
        return VICI_REPLY_NOW;
    w = vici_writer_of(fake_octets, sizeof fake_octets);
    vici_begin(&w, "\033[2Jevil");
    fake_put(&w, fake_evil);
    vici_end(&w);
    fake_stream(r, FAKE_LIST_SA, &w);
    return VICI_REPLY_NOW;
}

static void fake_child(struct vici_writer *w, const char *name, const char *remote)
{
    vici_begin(w, name);
    vici_put_text(w, "mode", "TUNNEL");
    fake_list(w, "local-ts", "10.1.0.0/24", NULL);
    fake_list(w, "remote-ts", remote, NULL);
    vici_end(w);
}

static enum vici_reply fake_list_conns(void *ctx, const struct vici_request *r,
                                       struct vici_writer *answer)
{
    static const char *const names[] = {"office", "home", "cellar"};
    (void)ctx;
    (void)answer;
    for (unsigned i = 0; i < 3 && !fake_is_empty; i++) {
        if (!fake_wants(r, names[i]))
            continue;
        struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
        vici_begin(&w, names[i]);
        fake_list(&w, "local_addrs", "%any", NULL);
        fake_list(&w, "remote_addrs", i == 0 ? "198.51.100.1" : "right.example", NULL);
        vici_begin(&w, "remote-1");
        vici_put_text(&w, "id", i == 0 ? "office.example" : "right.example");
        vici_end(&w);
        vici_begin(&w, "children");
        if (i < 2)
            fake_child(&w, "net", i == 0 ? "10.9.0.0/16" : "10.2.0.0/24");
        if (i == 1)
            fake_child(&w, "dmz", "10.4.0.0/24");
        vici_end(&w);
        vici_end(&w);
        fake_stream(r, FAKE_LIST_CONN, &w);
    }
    return VICI_REPLY_NOW;
}

static void fake_log(const struct vici_request *r, unsigned event, const char *msg,
                     const char *severity)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, (const char *const[]){"group", "IKE", "level", "1", "time", "1700000000.250",
                                       "severity", severity, "msg", msg, NULL});
    fake_stream(r, event, &w);
}

/* home/dmz cannot be, home/net and office/net can, cellar alone can; the time must be as asked. */
static enum vici_reply fake_initiate(void *ctx, const struct vici_request *r,
                                     struct vici_writer *answer)
{
    (void)ctx;
    fake_log(r, FAKE_CONTROL_LOG, "sending IKE_SA_INIT", "info");
    bool known =
        vici_value_is(r->message, "ike", "home") || vici_value_is(r->message, "ike", "office") ||
        (vici_value_is(r->message, "ike", "cellar") && !vici_value(r->message, "child").at);
    bool dmz = vici_value_is(r->message, "child", "dmz");
    bool good = known && !dmz && vici_value_is(r->message, "timeout", "5000");
    vici_put_text(answer, "success", good ? "yes" : "no");
    if (!good)
        vici_put_text(answer, "errmsg",
                      dmz ? "the traffic selectors have nothing in common; compare\033 local_ts"
                          : "asked in another way");
    return VICI_REPLY_NOW;
}

static enum vici_reply fake_terminate(void *ctx, const struct vici_request *r,
                                      struct vici_writer *answer)
{
    struct bytes m = r->message;
    (void)ctx;
    fake_log(r, FAKE_CONTROL_LOG, "deleting", "info");
    bool good = vici_value_is(m, "ike", "home") || vici_value_is(m, "child", "net") ||
                (vici_value_is(m, "ike-id", "7") && !vici_value(m, "child-id").at) ||
                (vici_value_is(m, "child-id", "12") && !vici_value(m, "ike-id").at) ||
                (vici_value_is(m, "ike-id", "70") && vici_value_is(m, "force", "yes") &&
                 !vici_value(m, "timeout").at) ||
                (vici_value_is(m, "ike-id", "71") && vici_value_is(m, "force", "yes") &&
                 vici_value_is(m, "timeout", "5000"));
    vici_put_text(answer, "success", good ? "yes" : "no");
    if (!good)
        vici_put_text(answer, "errmsg", "there is no SA of this name or number");
    return VICI_REPLY_NOW;
}

/* Like terminate, and home/net by both names. */
static enum vici_reply fake_rekey(void *ctx, const struct vici_request *r,
                                  struct vici_writer *answer)
{
    struct bytes m = r->message;
    (void)ctx;
    fake_log(r, FAKE_CONTROL_LOG, "rekeyed", "notice");
    bool child = vici_value(m, "child").at, net = vici_value_is(m, "child", "net");
    bool named = vici_value_is(m, "ike", "home") ? !child || net : net && !vici_value(m, "ike").at;
    bool good = named || (vici_value_is(m, "ike-id", "7") && !vici_value(m, "child-id").at) ||
                (vici_value_is(m, "child-id", "12") && !vici_value(m, "ike-id").at);
    good = good && vici_value_is(m, "timeout", "5000"); /* it waits */
    vici_put_text(answer, "success", good ? "yes" : "no");
    if (!good)
        vici_put_text(answer, "errmsg", "the peer does not answer");
    return VICI_REPLY_NOW;
}

static enum vici_reply fake_redirect(void *ctx, const struct vici_request *r,
                                     struct vici_writer *answer)
{
    struct bytes m = r->message;
    (void)ctx;
    fake_log(r, FAKE_CONTROL_LOG, "redirecting", "notice");
    bool named = vici_value_is(m, "ike", "home") || vici_value_is(m, "ike-id", "7");
    bool good = named && vici_value_is(m, "gateway", "gw2.example");
    vici_put_text(answer, "success", good ? "yes" : "no");
    if (!good)
        vici_put_text(answer, "errmsg", "gateway is no name");
    return VICI_REPLY_NOW;
}

static enum vici_reply fake_upgrade(void *ctx, const struct vici_request *r,
                                    struct vici_writer *answer)
{
    (void)ctx;
    bool shell = vici_value(r->message, "path").len > 0;
    vici_put_text(answer, "success", "no");
    vici_put_text(answer, "errmsg", shell ? "it is no shriked" : "no path");
    return VICI_REPLY_NOW;
}

static void fake_changed(struct vici_writer *w, const char *name, const char *change, const char *a,
                         const char *b)
{
    vici_begin(w, name);
    vici_put_text(w, "change", change);
    if (a)
        fake_list(w, "changed", a, b);
    if (a)
        fake_list(w, "added", "children.dmz", NULL);
    vici_end(w);
}

/* What may be has mistakes, what is has none: the tool must not take one for the other. */
static enum vici_reply fake_reload(void *ctx, const struct vici_request *r,
                                   struct vici_writer *answer)
{
    bool dry = vici_value_is(r->message, "dry-run", "yes");
    (void)ctx;
    fake_put(answer, (const char *const[]){"success", dry ? "no" : "yes", "dry-run",
                                           dry ? "yes" : "no", NULL});
    if (dry) {
        vici_put_text(answer, "errmsg", "the files have errors");
        fake_list(answer, "errors", "a.conf:7: what\t", NULL);
        return VICI_REPLY_NOW;
    }
    fake_list(answer, "warnings", "a.conf:3: dscp is ignored", NULL);
    fake_put(answer, (const char *const[]){"added", "3", "removed", "2", "changed", "6",
                                           "unchanged", "4", "left-out", "5", "untold", "7", NULL});
    vici_begin(answer, "settings");
    fake_list(answer, "changed", "keep_alive", NULL);
    vici_end(answer);
    vici_begin(answer, "connections");
    fake_changed(answer, "cellar", "removed", NULL, NULL);
    fake_changed(answer, "home", "changed", "children.net.rekey_time", "remote.id");
    fake_changed(answer, "new\033", "added", NULL, NULL);
    fake_changed(answer, "office", "changed", NULL, NULL);
    vici_end(answer);
    return VICI_REPLY_NOW;
}

static enum vici_reply fake_version(void *ctx, const struct vici_request *r,
                                    struct vici_writer *answer)
{
    (void)ctx;
    (void)r;
    fake_put(answer, (const char *const[]){"daemon", "shriked", "version", "0.9", "sysname",
                                           "Linux", "release", "6.1", "machine", "x86_64", NULL});
    return VICI_REPLY_NOW;
}

/* Each process did so much more since it was asked last. */
static enum vici_reply fake_stats(void *ctx, const struct vici_request *r,
                                  struct vici_writer *answer)
{
    static const char *const names[] = {"shrike-parent", "shrike-control", "shrike-keys",
                                        "shrike-esp",    "shrike-net",     "shrike-certs",
                                        "shrike-eap"};
    static unsigned asked;
    (void)ctx;
    (void)r;
    asked++;
    vici_begin(answer, "ikesas");
    vici_put_u64(answer, "total", 4);
    vici_put_u64(answer, "half-open", 1);
    vici_end(answer);
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        vici_begin(answer, names[i]);
        vici_put_u64(answer, "pid", fake_is_empty ? 100 : 100 + i);
        vici_put_u64(answer, "cpu_us", 0);
        vici_put_u64(answer, "memory", (i + 1) << 20);
        vici_put_u64(answer, "uptime_s", 7380);
        vici_put_u64(answer, "child_sas", 1);
        vici_put_u64(answer, "ike_failed", 100 * asked);
        vici_end(answer);
    }
    return VICI_REPLY_NOW;
}

/* A request that was sent twice, what came, and the next one. */
static void fake_message(struct vici_writer *w, unsigned i)
{
    static const char *const way[] = {"out", "out", "in", "out"};
    static const char *const times[] = {"1700000000.250000", "1700000001.500000",
                                        "1700000001.503000", "1700000001.503000"};
    char name[8];
    snprintf(name, sizeof name, "%u", i);
    vici_begin(w, name);
    fake_put(w, (const char *const[]){
                    "time", times[i], "way", way[i], "exchange", i < 3 ? "IKE_SA_INIT" : "IKE_AUTH",
                    "kind", i == 2 ? "response" : "request", "id", i < 3 ? "0" : "1", "octets",
                    "492", "local", i < 3 ? "192.0.2.1:500" : "192.0.2.1:4500", "remote",
                    "192.0.2.2:500", i == 1 ? "again" : NULL, "yes", NULL});
    if (i == 3)
        vici_put_text(w, "fragments", "2");
    vici_list_begin(w, "payloads");
    for (unsigned k = 0; k < 4 && i != 1; k++) {
        const char *payload = k ? "N(NAT_DETECTION_SOURCE_IP) 28" : "SA 324";
        vici_list_put(w, bytes_of(payload, strlen(payload)));
    }
    vici_list_end(w);
    vici_end(w);
}

/* Of an IKE SA, messages from the first to before the last. */
static void fake_ladder(const struct vici_request *r, const char *const *head, unsigned first,
                        unsigned last)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, head);
    vici_begin(&w, "messages");
    for (unsigned i = first; i < last; i++)
        fake_message(&w, i);
    vici_end(&w);
    fake_stream(r, FAKE_LADDER, &w);
}

static void fake_datagram(const struct vici_request *r, const char *const *head, const char *data)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, head);
    vici_put(&w, "datagram", bytes_of(data, 7));
    fake_stream(r, FAKE_DATAGRAM, &w);
}

#define FAKE_HOME                                                                                  \
    "ike", "home\033", "uniqueid", "7", "initiator-spi", "0123456789abcdef", "responder-spi"

/* Two IKE SAs in turn, some of it lost, until the daemon ends. */
static void fake_follow(const struct vici_request *r)
{
    fake_ladder(r, (const char *const[]){FAKE_HOME, "0000000000000000", NULL}, 0, 2);
    fake_ladder(r,
                (const char *const[]){FAKE_HOME, "fedcba9876543210", "remote-id", "right.example",
                                      "lost", "3", NULL},
                2, 4);
    fake_ladder(r,
                (const char *const[]){"uniqueid", "8", "stranger", "yes", "initiator-spi", "1",
                                      "responder-spi", "2", NULL},
                0, 1);
    fake_ladder(
        r, (const char *const[]){FAKE_HOME, "fedcba9876543210", "remote-id", "right.example", NULL},
        3, 4);
    if (!vici_value_is(r->message, "datagrams", "yes"))
        return;
    fake_datagram(r,
                  (const char *const[]){"time", "1700000000.250000", "way", "out", "local",
                                        "192.0.2.1:500", "remote", "192.0.2.2:501", NULL},
                  "datagra");
    fake_datagram(r, (const char *const[]){"time", "1", "way", "in", "local", "x", NULL},
                  "nothing");
    fake_datagram(r,
                  (const char *const[]){"time", "1700000001.000001", "way", "in", "local",
                                        "[2001:db8::1]:4500", "remote", "[2001:db8::2]:4501",
                                        "lost", "2", NULL},
                  "\0\0\0\0ike");
    fake_datagram(r,
                  (const char *const[]){"time", "1700000002.000000", "way", "out", "local", ":500",
                                        "remote", "192.0.2.2:500", NULL},
                  "unbound");
}

/* And a peer that is not known yet. */
static enum vici_reply fake_trace(void *ctx, const struct vici_request *r,
                                  struct vici_writer *answer)
{
    const bool follow = vici_value_is(r->message, "follow", "yes");
    (void)ctx;
    if (follow)
        fake_follow(r);
    vici_put_text(answer, "success", follow ? "no" : "yes");
    if (follow)
        vici_put_text(answer, "errmsg", "the process that speaks IKE has ended");
    if (follow || fake_is_empty || vici_value_is(r->message, "peer", "nobody"))
        return VICI_REPLY_NOW;
    fake_ladder(r, (const char *const[]){FAKE_HOME, "fedcba9876543210", NULL}, 0, 4);
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, (const char *const[]){"uniqueid", "8", "stranger", "yes", "initiator-spi", "1",
                                       "responder-spi", "2", NULL});
    fake_stream(r, FAKE_LADDER, &w);
    return VICI_REPLY_NOW;
}

static enum vici_reply fake_shrike_log(void *ctx, const struct vici_request *r,
                                       struct vici_writer *answer)
{
    (void)ctx;
    (void)answer;
    if (!vici_value_is(r->message, "count", "2"))
        return VICI_REPLY_NOW;
    fake_log(r, FAKE_LOG, "first \\ line\033[31m", "warning");
    fake_log(r, FAKE_LOG, "second line", "notice");
    return VICI_REPLY_NOW;
}

static void fake_row(struct vici_writer *w, const char *what, const char *here, const char *there,
                     const char *differs)
{
    vici_begin(w, what);
    vici_put_text(w, "here", here);
    if (there)
        vici_put_text(w, "there", there);
    vici_put_text(w, "differs", differs);
    vici_end(w);
}

/* A proposal that we refused. */
static void fake_refusal(const struct vici_request *r)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, (const char *const[]){
                     "number",      "12",
                     "count",       "1",
                     "first",       "1700000000",
                     "last",        "1700000000",
                     "reason",      "NO_IKE_PROPOSAL",
                     "text",        "no IKE proposal of the peer\033 matches one of ours",
                     "decided-by",  "here",
                     "stranger",    "yes",
                     "local-host",  "2001:db8::1",
                     "local-port",  "500",
                     "remote-host", "2001:db8::2",
                     "remote-port", "500",
                     "exchange",    "IKE_SA_INIT",
                     "notify",      "NO_PROPOSAL_CHOSEN",
                     NULL});
    vici_begin(&w, "compared");
    fake_row(&w, "encryption", "AES_GCM_16_256", "AES_CBC_128\n", "yes");
    fake_row(&w, "key exchange", "CURVE25519 MODP2048 MODP3072 ECP256 ECP384 ECP521 CURVE448",
             "MODP2048", "no");
    vici_end(&w);
    fake_put(&w, (const char *const[]){"file", "/etc/swanctl/swanctl.conf", "line", "9", "remedy",
                                       "add what the peer offers", "change",
                                       "add aes128-sha256-modp2048 to proposals", NULL});
    vici_begin(&w, "causes");
    vici_end(&w);
    fake_stream(r, FAKE_FAILURE, &w);
}

/* The peer of office did not answer, three times. */
static void fake_silence(const struct vici_request *r)
{
    struct vici_writer w = vici_writer_of(fake_octets, sizeof fake_octets);
    fake_put(&w, (const char *const[]){"number",
                                       "9",
                                       "count",
                                       "3",
                                       "first",
                                       "1699990000",
                                       "last",
                                       "1699999000",
                                       "reason",
                                       "TIMEOUT",
                                       "text",
                                       "no answer to IKE_AUTH",
                                       "decided-by",
                                       "nobody",
                                       "connection",
                                       "office",
                                       "child",
                                       "net",
                                       "ikesa-uniqueid",
                                       "8",
                                       "remote-host",
                                       "198.51.100.1",
                                       "remote-port",
                                       "4500",
                                       "exchange",
                                       "IKE_AUTH",
                                       "octets",
                                       "1400",
                                       "remedy",
                                       "check firewalls",
                                       NULL});
    vici_begin(&w, "causes");
    vici_put_text(&w, "path-mtu", "the path drops packets of this size");
    vici_put_text(&w, "dropped", "the peer dropped it");
    vici_end(&w);
    fake_stream(r, FAKE_FAILURE, &w);
}

static enum vici_reply fake_why(void *ctx, const struct vici_request *r, struct vici_writer *answer)
{
    (void)ctx;
    if (!fake_is_empty && !vici_value(r->message, "peer").at) {
        fake_refusal(r);
        fake_silence(r);
    }
    vici_put_text(answer, "success", "yes");
    vici_begin(answer, "waiting");
    if (!vici_value_is(r->message, "peer", "cellar") || fake_is_empty) {
        vici_end(answer);
        return VICI_REPLY_NOW;
    }
    vici_begin(answer, "cellar");
    fake_put(answer, (const char *const[]){"file", "a.conf", "line", "30", NULL});
    vici_end(answer);
    vici_begin(answer, "home"); /* which is up */
    vici_end(answer);
    vici_end(answer);
    return VICI_REPLY_NOW;
}

static const struct vici_command fake_commands[] = {
    {"list-sas", fake_list_sas},     {"list-conns", fake_list_conns},
    {"initiate", fake_initiate},     {"terminate", fake_terminate},
    {"rekey", fake_rekey},           {"version", fake_version},
    {"stats", fake_stats},           {"shrike-trace", fake_trace},
    {"shrike-log", fake_shrike_log}, {"shrike-upgrade", fake_upgrade},
    {"shrike-why", fake_why},        {"shrike-reload", fake_reload},
    {"redirect", fake_redirect}};
static const struct vici_service fake_service = {
    fake_commands, fake_events, ARRAY_LEN(fake_commands), ARRAY_LEN(fake_events), NULL};

static inline void fake_serve(int fd)
{
    static u8 in[4096];
    if (!vici_server_init(&fake_server, &fake_service))
        _exit(1);
    int client = vici_server_open(&fake_server);
    for (;;) {
        size_t room = MIN(vici_server_room(&fake_server, client), sizeof in);
        ssize_t n = read(fd, in, room);
        if (n <= 0)
            _exit(0);
        vici_server_input(&fake_server, client, bytes_of(in, (size_t)n));
        vici_server_run(&fake_server);
        while (vici_server_output(&fake_server, client).len) {
            struct bytes out = vici_server_output(&fake_server, client);
            n = write(fd, out.at, out.len);
            if (n <= 0)
                _exit(0);
            vici_server_sent(&fake_server, client, (size_t)n);
        }
    }
}

/* A tool with a session to this peer, and what it prints. */
struct bench {
    struct tool tool;
    char *out, *err;
    size_t out_len, err_len;
    pid_t peer;
};

static inline void bench_open(struct bench *b, void (*serve)(int fd))
{
    int fd[2];
    *b = (struct bench){0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
        abort();
    fflush(stdout);
    b->peer = fork();
    if (b->peer < 0)
        abort();
    if (b->peer == 0) {
        close(fd[0]);
        alarm(20);
        signal(SIGPIPE, SIG_IGN);
        serve(fd[1]);
        _exit(0);
    }
    close(fd[1]);
    b->tool = (struct tool){.socket = "/nowhere", .lines = 2, .timeout_s = 5};
    b->tool.out = open_memstream(&b->out, &b->out_len);
    b->tool.err = open_memstream(&b->err, &b->err_len);
    if (!b->tool.out || !b->tool.err)
        abort();
    session_of(&b->tool.session, fd[0]);
}

static inline void bench_flush(struct bench *b)
{
    fflush(b->tool.out);
    fflush(b->tool.err);
}

static inline void bench_close(struct bench *b)
{
    session_close(&b->tool.session);
    fclose(b->tool.out);
    fclose(b->tool.err);
    free(b->out);
    free(b->err);
    waitpid(b->peer, NULL, 0);
}

/* Text as it must be; both are shown when they differ. */
#define CHECK_TEXT(is, should)                                                                     \
    do {                                                                                           \
        bool same_ = strcmp((is), (should)) == 0;                                                  \
        if (!same_)                                                                                \
            printf("# it is:\n%s# and should be:\n%s", (is), (should));                            \
        CHECK(same_);                                                                              \
    } while (0)

/* What a file in golden/ holds; to be freed. */
static inline char *golden(const char *name)
{
    enum { GOLDEN_MAX = 65536 };
    char path[512];
    char *text = calloc(1, GOLDEN_MAX);
    snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    FILE *f = fopen(path, "r");
    if (!text || !f || fread(text, 1, GOLDEN_MAX - 1, f) == 0)
        abort();
    fclose(f);
    return text;
}

/* A command without arguments prints what a file in golden/ holds, and no more; width 0: it is no
 * terminal. */
static inline void prints(int (*run)(struct tool *t, char *const *arguments), unsigned width,
                          bool json, const char *name)
{
    struct bench b;
    char *should = golden(name);
    bench_open(&b, fake_serve);
    b.tool.width = width;
    b.tool.json = json;
    CHECK_EQ(run(&b.tool, (char *const[]){NULL}), TOOL_DONE);
    bench_flush(&b);
    CHECK_TEXT(b.out, should);
    CHECK_TEXT(b.err, "");
    bench_close(&b);
    free(should);
}

/* Each key of this JSON, which has at least so many, stands in the manual. */
static inline void are_documented(const char *text, unsigned least)
{
    char *manual = golden("../../../../docs/man/shrike.1.in");
    unsigned keys = 0;
    for (const char *at = text, *end; (at = strchr(at, '"')) && (end = strchr(at + 1, '"'));
         at = end + 1) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "%.*s", (int)(end + 1 - at), at);
        keys += end[1] == ':';
        if (end[1] != ':' || strstr(manual, quoted))
            continue;
        printf("# %s is not in the manual\n", quoted);
        CHECK(false);
    }
    CHECK(keys >= least);
    free(manual);
}

/* The same of what stands in that file. */
static inline void is_documented(const char *name, unsigned least)
{
    char *text = golden(name);
    are_documented(text, least);
    free(text);
}

#endif
