#include "config/radius.h"

#include "config/value.h"
#include <stdio.h>
#include <string.h>

#define PREFERENCE_MAX 1000000
#define SOCKETS_MAX    16 /* of one server, with 256 questions each */
#define TRIES_MAX      10

/* One server: what it does not say itself, the section around it says. */
struct place {
    const struct section *server, *around;
};

/* A key of the server or of the section around it; *at where it stands. NULL: neither has it. */
static const char *text_of(const struct place *p, const char *key, const struct section **at)
{
    const char *own = section_text(p->server, key);
    *at = own ? p->server : p->around;
    return own ? own : section_text(p->around, key);
}

static uint16_t port_of(struct compile *c, const struct place *p, const char *key,
                        uint16_t otherwise)
{
    const struct section *at;
    uint64_t port = otherwise;
    const char *text = text_of(p, key, &at);
    if (text && (!value_number(text, UINT16_MAX, &port) || port == 0))
        report_error(c->report, compile_place(c, at, key), "%s = %s: a port is wanted, 1 to 65535",
                     key, text);
    return (uint16_t)port;
}

static void set_end(struct shrike_endpoint *e, const struct shrike_addr *a, uint16_t port)
{
    *e = (struct shrike_endpoint){.port = port, .family = a->family};
    memcpy(e->octets, a->octets, sizeof(e->octets));
}

/* false: it cannot be used; the report says why. */
static bool compile_address(struct compile *c, const struct place *p, const char *key,
                            struct settings_radius_server *out)
{
    struct shrike_addr addr = {.family = 0};
    const char *text = section_text(p->server, key);
    uint16_t auth = port_of(c, p, "auth_port", port_of(c, p, "port", 1812));
    uint16_t acct = port_of(c, p, "acct_port", 1813);
    if (!text) {
        report_error(c->report, p->server->origin,
                     "server %s has no address: add a line such as address = 192.0.2.1", out->name);
        return false;
    }
    if (!value_addr(text, &addr)) {
        addr.family = 0;
        if (value_is_host_name(text) && strlen(text) < sizeof(out->host))
            snprintf(out->host, sizeof(out->host), "%s", text);
        else
            report_error(c->report, compile_place(c, p->server, key),
                         "%s = %s: an address or a name is wanted", key, text);
    }
    set_end(&out->ends[0], &addr, auth);
    set_end(&out->ends[1], &addr, acct);
    text = section_text(p->server, "source");
    if (text &&
        (!value_addr(text, &out->source) || (addr.family && out->source.family != addr.family)))
        report_error(c->report, compile_place(c, p->server, "source"),
                     "source = %s: an address of the family of the server is wanted", text);
    return true;
}

static void compile_secret(struct compile *c, const struct place *p,
                           struct settings_radius_server *out)
{
    const struct section *at;
    struct shrike_bytes secret;
    const char *text = text_of(p, "secret", &at); /* it is never said */
    if (!text)
        report_error(c->report, p->server->origin,
                     "server %s has no secret: add the line secret = ..., as the server has it",
                     out->name);
    else if (!value_secret(&c->config->secret_pool, text, &secret) || secret.len == 0 ||
             secret.len > sizeof(out->secret))
        report_error(c->report, compile_place(c, at, "secret"),
                     "secret of server %s is malformed, empty or longer than %zu octets", out->name,
                     sizeof(out->secret));
    else {
        memcpy(out->secret, secret.at, secret.len);
        out->secret_len = (uint16_t)secret.len;
    }
}

static void compile_name(struct compile *c, const struct place *p,
                         struct settings_radius_server *out)
{
    const struct section *at;
    const char *text = text_of(p, "nas_identifier", &at);
    if (!text)
        text = "Shrike";
    if (strlen(text) >= sizeof(out->nas_identifier))
        report_error(c->report, compile_place(c, at, "nas_identifier"),
                     "nas_identifier is longer than %zu octets", sizeof(out->nas_identifier) - 1);
    else
        snprintf(out->nas_identifier, sizeof(out->nas_identifier), "%s", text);
}

/* address: the key that has it. */
static void compile_server(struct compile *c, struct settings_radius *set, const struct place *p,
                           const char *address)
{
    struct settings_radius_server *out = &set->servers[set->server_count];
    uint64_t preference = 0, sockets = 1;
    const struct section *at;
    const char *text = text_of(p, "sockets", &at);
    if (set->server_count == SETTINGS_RADIUS_SERVERS) {
        report_error(c->report, p->server->origin, "there are more than %d servers of RADIUS",
                     SETTINGS_RADIUS_SERVERS);
        return;
    }
    *out = (struct settings_radius_server){.sockets = 1};
    snprintf(out->name, sizeof(out->name), "%s", p->server->name);
    compile_name(c, p, out);
    compile_secret(c, p, out);
    compile_number(c, p->server, "preference", PREFERENCE_MAX, &preference);
    out->preference = (uint32_t)preference;
    if (text && (!value_number(text, UINT16_MAX, &sockets) || sockets == 0))
        report_error(c->report, compile_place(c, at, "sockets"),
                     "sockets = %s: a number is wanted, 1 or more", text);
    out->sockets = (uint16_t)(sockets < SOCKETS_MAX ? sockets : SOCKETS_MAX);
    set->server_count = (uint16_t)(set->server_count + compile_address(c, p, address, out));
}

/* Where servers ask for somebody to be put out. eap opens it, which has no right to others. */
static void compile_dae(struct compile *c, struct settings_radius *set, const struct section *s)
{
    const char *text = section_text(s, "listen");
    struct shrike_addr addr = {.family = 4};
    struct shrike_bytes secret;
    uint64_t port = 3799;
    bool enable = false;
    compile_keys(c, s, KEY_RADIUS_DAE);
    compile_bool(c, s, "enable", &enable);
    compile_number(c, s, "port", UINT16_MAX, &port);
    if (text && !value_addr(text, &addr))
        report_error(c->report, compile_place(c, s, "listen"), "listen = %s: an address is wanted",
                     text);
    if (port < 1024)
        report_error(c->report, compile_place(c, s, "port"),
                     "port is below 1024: the process that listens there has no right to it");
    text = section_text(s, "secret"); /* it is never said */
    if (!enable)
        return;
    if (!text || !value_secret(&c->config->secret_pool, text, &secret) || secret.len == 0 ||
        secret.len > sizeof(set->dae_secret)) {
        report_error(
            c->report, compile_place(c, s, "secret"),
            "secret of dae is missing, malformed, empty or longer than %zu octets: without "
            "it anybody could put out anybody",
            sizeof(set->dae_secret));
        return;
    }
    memcpy(set->dae_secret, secret.at, secret.len);
    set->dae_secret_len = (uint16_t)secret.len;
    set_end(&set->dae, &addr, (uint16_t)port);
}

/* What servers are told of those whom they have let in. */
static void compile_accounting(struct compile *c, struct settings_radius *set,
                               const struct section *s)
{
    uint64_t interval = 0;
    set->close_on_timeout = true;
    compile_bool(c, s, "accounting", &set->accounting);
    compile_bool(c, s, "accounting_send_class", &set->accounting_class);
    compile_bool(c, s, "accounting_requires_vip", &set->accounting_vip);
    compile_bool(c, s, "accounting_close_on_timeout", &set->close_on_timeout);
    compile_number(c, s, "accounting_interval", UINT32_MAX, &interval);
    set->accounting_s = (uint32_t)interval;
}

static void compile_servers(struct compile *c, struct settings_radius *set, const struct section *s)
{
    for (const struct section *in = s->sections; in; in = in->next) {
        if (strcmp(in->name, "dae") == 0) {
            compile_dae(c, set, in);
            continue;
        }
        if (strcmp(in->name, "servers") != 0) {
            report_warning(c->report, in->origin,
                           "section %s in radius is not built yet and is ignored", in->name);
            continue;
        }
        for (const struct value *v = in->values; v; v = v->next)
            report_error(c->report, v->origin, "%s stands between servers: put it into one",
                         v->key);
        for (const struct section *one = in->sections; one; one = one->next) {
            compile_keys(c, one, KEY_RADIUS_SERVER);
            compile_server(c, set, &(struct place){one, s}, "address");
        }
    }
    if (set->server_count == 0 && section_text(s, "server"))
        compile_server(c, set, &(struct place){s, s}, "server");
}

/* How often and how long a server is asked: its base is that of a power. */
static void compile_pauses(struct compile *c, struct settings_radius *set, const struct section *s)
{
    shrike_time base = 14 * SHRIKE_SECOND / 10;
    uint64_t tries = 4;
    set->first = 2 * SHRIKE_SECOND;
    compile_seconds(c, s, "retransmit_timeout", &set->first);
    compile_seconds(c, s, "retransmit_base", &base);
    compile_number(c, s, "retransmit_tries", TRIES_MAX, &tries);
    if (set->first == 0 || base < SHRIKE_SECOND || base > 10 * SHRIKE_SECOND || tries == 0)
        report_error(c->report, s->origin,
                     "retransmit_timeout must be above 0, retransmit_base 1 to 10, "
                     "retransmit_tries 1 or more");
    set->tries = (uint16_t)tries;
    set->backoff = (uint16_t)(base * 100 / SHRIKE_SECOND);
}

void compile_radius(struct compile *c)
{
    const struct section *s = c->shrike ? section_find(c->shrike, "radius", 6) : NULL;
    struct settings_radius *set = pool_take(&c->config->secret_pool, sizeof(*set));
    const char *prefix = s ? section_text(s, "id_prefix") : NULL;
    c->config->radius = set;
    set->with_port = true;
    if (!s)
        return;
    compile_keys(c, s, KEY_RADIUS);
    compile_pauses(c, set, s);
    compile_bool(c, s, "eap_start", &set->eap_start);
    compile_bool(c, s, "class_group", &set->class_group);
    compile_bool(c, s, "filter_id", &set->filter_id);
    compile_bool(c, s, "station_id_with_port", &set->with_port);
    if (prefix && strlen(prefix) >= sizeof(set->id_prefix))
        report_error(c->report, compile_place(c, s, "id_prefix"),
                     "id_prefix is longer than %zu octets", sizeof(set->id_prefix) - 1);
    else if (prefix)
        snprintf(set->id_prefix, sizeof(set->id_prefix), "%s", prefix);
    compile_accounting(c, set, s);
    compile_servers(c, set, s);
}
