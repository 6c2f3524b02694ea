#include "config/globals.h"

#include "config/eap.h"
#include "config/logs.h"
#include "config/metrics.h"
#include "config/radius.h"

#include <stdio.h>
#include <string.h>

/* Caps of settings that have one. */
#define RETRANSMITS_MAX 32
#define JITTER_MAX      20 /* percent */
#define FRAGMENT_MIN    576
#define MTU_MIN         1280 /* octets; RFC 8200 5: every link of IPv6 */
#define MTU_MAX         65535
#define ROUTING_PRIORITY_MAX                                                                       \
    32760 /* rules of shunts stand around it, and the main table at 32766 */

/* A number between two limits. */
struct range {
    const char *key;
    uint64_t min, max, fallback;
};

static uint64_t number(struct compile *c, const char *key, uint64_t max, uint64_t fallback)
{
    compile_number(c, c->shrike, key, max, &fallback);
    return fallback;
}

static uint64_t between(struct compile *c, struct range r)
{
    uint64_t v = number(c, r.key, r.max, r.fallback);
    if (v < r.min)
        report_error(c->report, compile_place(c, c->shrike, r.key),
                     "%s = %llu: from %llu to %llu is wanted", r.key, (unsigned long long)v,
                     (unsigned long long)r.min, (unsigned long long)r.max);
    return v;
}

/* A text of the section, or of one below it; too long is an error. */
static void copy_text(struct compile *c, const struct section *s, const char *key, char *out,
                      size_t size)
{
    const struct value *v = s ? value_find(s, key) : NULL;
    if (!v || !v->text)
        return;
    if (strlen(v->text) >= size)
        report_error(c->report, v->origin, "%s is longer than %zu octets", key, size - 1);
    else
        snprintf(out, size, "%s", v->text);
}

/* An interface of Linux: no blank and no slash. */
static void compile_interface(struct compile *c, struct settings *set)
{
    snprintf(set->interface, sizeof(set->interface), "shrike0");
    copy_text(c, c->shrike, "interface", set->interface, sizeof(set->interface));
    const char *name = set->interface;
    if (!name[0] || name[strcspn(name, "/: \t")] || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        report_error(c->report, compile_place(c, c->shrike, "interface"),
                     "interface = %s: the name of a device is wanted, such as shrike0", name);
}

static void compile_library(struct compile *c, struct settings *set)
{
    const char *text = c->shrike ? section_text(c->shrike, "esp_library") : NULL;
    set->esp_library = text && strcmp(text, "openssl") == 0 ? LIBRARY_OPENSSL : LIBRARY_FASTEST;
    if (text && set->esp_library != LIBRARY_OPENSSL && strcmp(text, "fastest") != 0)
        report_error(c->report, compile_place(c, c->shrike, "esp_library"),
                     "esp_library = %s: fastest or openssl is wanted", text);
}

/* Which data plane: the kernel's where it has one, unless one is named. */
static void compile_plane(struct compile *c, struct settings *set, uint8_t kernel)
{
    const char *text = c->shrike ? section_text(c->shrike, "kernel") : NULL;
    set->plane = kernel & PLANE_KERNEL ? kernel : PLANE_USER;
    if (!text || strcmp(text, "auto") == 0)
        return;
    if (strcmp(text, "esp") == 0)
        set->plane = PLANE_USER;
    else if (strcmp(text, "xfrm") != 0)
        report_error(c->report, compile_place(c, c->shrike, "kernel"),
                     "kernel = %s: auto, xfrm or esp is wanted", text);
    else if (!(kernel & PLANE_KERNEL))
        report_error(c->report, compile_place(c, c->shrike, "kernel"),
                     "kernel = xfrm: this kernel has no ESP: write auto or esp");
}

/* A path from the root; `unix://` in front is of the language. */
static void need_path(struct compile *c, const struct section *s, const char *key, char *path)
{
    if (strncmp(path, "unix://", 7) == 0)
        memmove(path, path + 7, strlen(path + 7) + 1);
    if (path[0] && path[0] != '/')
        report_error(c->report, compile_place(c, s, key),
                     "%s = %s: a path that begins with / is "
                     "wanted",
                     key, path);
}

/* Methods of EAP inside of another one. */
static bool compile_tunnel(struct compile *c, const struct section *plugin, const struct value *v,
                           struct settings *set)
{
    bool ttls = strcmp(plugin->name, "eap-ttls") == 0, peap = strcmp(plugin->name, "eap-peap") == 0;
    if ((!ttls && !peap) || strcmp(v->key, "phase2_method") != 0)
        return false;
    if (!v->text || !eap_inside_read(v->text, ttls, ttls ? &set->inside_ttls : &set->inside_peap))
        report_error(c->report, v->origin, "phase2_method = %s: %s is wanted",
                     v->text ? v->text : "",
                     ttls ? "mschapv2, md5, gtc or pap" : "mschapv2, md5 or gtc");
    return true;
}

/* Of routes into tunnels. */
static bool compile_routes(struct compile *c, const struct section *plugin, const struct value *v,
                           struct settings *set)
{
    bool mtu = strcmp(v->key, "mtu") == 0, mss = strcmp(v->key, "mss") == 0;
    uint64_t value = 0;
    if (strcmp(plugin->name, "kernel-netlink") != 0 || (!mtu && !mss))
        return false;
    compile_number(c, plugin, v->key, UINT16_MAX, &value);
    *(mtu ? &set->route_mtu : &set->route_mss) = (uint16_t)value;
    if (mtu && value > 0 && value < MTU_MIN)
        report_error(c->report, v->origin, "mtu = %s: 0 or %d to %d is wanted", v->text, MTU_MIN,
                     UINT16_MAX);
    return true;
}

/* Settings that the language has below `plugins`, for those that we have too. */
static void compile_plugins(struct compile *c, const struct section *all, struct settings *set)
{
    for (const struct section *s = all->sections; s; s = s->next) {
        uint64_t mark = set->mark;
        for (const struct value *v = s->values; v; v = v->next) {
            if (strcmp(s->name, "vici") == 0 && strcmp(v->key, "socket") == 0) {
                copy_text(c, s, "socket", set->control_socket, sizeof(set->control_socket));
                need_path(c, s, "socket", set->control_socket);
            } else if (strcmp(s->name, "socket-default") == 0 && strcmp(v->key, "fwmark") == 0) {
                compile_number(c, s, "fwmark", UINT32_MAX, &mark);
            } else if (!compile_tunnel(c, s, v, set) && !compile_routes(c, s, v, set)) {
                report_warning(c->report, v->origin, "plugins.%s.%s is not built and is ignored",
                               s->name, v->key);
            }
        }
        set->mark = (uint32_t)mark;
    }
}

static void compile_paths(struct compile *c, struct settings *set)
{
    copy_text(c, c->shrike, "control_socket", set->control_socket, sizeof(set->control_socket));
    copy_text(c, c->shrike, "journal", set->journal, sizeof(set->journal));
    copy_text(c, c->shrike, "unsafe_keys", set->unsafe_keys, sizeof(set->unsafe_keys));
    if (!c->shrike)
        return;
    need_path(c, c->shrike, "control_socket", set->control_socket);
    need_path(c, c->shrike, "journal", set->journal);
    need_path(c, c->shrike, "unsafe_keys", set->unsafe_keys);
    if (set->unsafe_keys[0])
        report_warning(c->report, compile_place(c, c->shrike, "unsafe_keys"),
                       "unsafe_keys: all session keys are written to %s: who reads them reads all "
                       "traffic; for tests only",
                       set->unsafe_keys);
}

static void compile_dns(struct compile *c, struct settings *set)
{
    static const char *const words[] = {[DNS_AUTO] = "auto",
                                        [DNS_RESOLVED] = "resolved",
                                        [DNS_RESOLVCONF] = "resolvconf",
                                        [DNS_NONE] = "none"};
    const char *text = c->shrike ? section_text(c->shrike, "dns") : NULL;
    snprintf(set->dns_file, sizeof(set->dns_file), "/etc/resolv.conf");
    set->dns = DNS_AUTO;
    if (!text)
        return;
    for (uint8_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i] && strcmp(words[i], text) == 0) {
            set->dns = i;
            return;
        }
    set->dns = DNS_FILE;
    copy_text(c, c->shrike, "dns", set->dns_file, sizeof(set->dns_file));
    if (text[0] != '/')
        report_error(c->report, compile_place(c, c->shrike, "dns"),
                     "dns = %s: auto, resolved, resolvconf, none or a path that begins with / is "
                     "wanted",
                     text);
}

static void compile_revocation(struct compile *c, struct settings *set)
{
    bool fetch = true, private = false, by_hash = false;
    compile_bool(c, c->shrike, "revocation_fetch", &fetch);
    compile_bool(c, c->shrike, "revocation_private", &private);
    compile_bool(c, c->shrike, "hash_and_url", &by_hash);
    set->revocation =
        (uint8_t)((fetch ? REVOCATION_FETCH : 0) | (private ? REVOCATION_PRIVATE : 0) |
                  (by_hash ? REVOCATION_BY_HASH : 0));
}

static void compile_settings(struct compile *c, struct settings *set)
{
    shrike_time keepalive = 20 * SHRIKE_SECOND;
    set->port = (uint16_t)number(c, "port", 65535, 500);
    set->port_nat_t = (uint16_t)number(c, "port_nat_t", 65535, 4500);
    if (set->port == set->port_nat_t && set->port)
        report_error(c->report, compile_place(c, c->shrike, "port_nat_t"),
                     "port and port_nat_t are both %u: two ports are wanted", set->port);
    set->install_routes = true;
    compile_bool(c, c->shrike, "install_routes", &set->install_routes);
    set->routing_table = (uint32_t)between(c, (struct range){"routing_table", 1, UINT32_MAX, 220});
    set->routing_priority =
        (uint32_t)between(c, (struct range){"routing_table_prio", 1, ROUTING_PRIORITY_MAX, 220});
    set->mtu = (uint16_t)between(c, (struct range){"mtu", MTU_MIN, MTU_MAX, 1400});
    set->replay_window =
        (uint32_t)between(c, (struct range){"replay_window", REPLAY_MIN, REPLAY_MAX, 1024});
    compile_time(c, c->shrike, "keep_alive", &keepalive);
    set->keepalive_s = (uint32_t)(keepalive / SHRIKE_SECOND);
    set->install_virtual_ip = true;
    compile_bool(c, c->shrike, "install_virtual_ip", &set->install_virtual_ip);
    compile_revocation(c, set);
    compile_dns(c, set);
    compile_interface(c, set);
    compile_library(c, set);
    snprintf(set->control_socket, sizeof(set->control_socket), "/run/charon.vici");
    set->mark = 220;
    const struct section *plugins = c->shrike ? section_find(c->shrike, "plugins", 7) : NULL;
    if (plugins)
        compile_plugins(c, plugins, set);
    compile_paths(c, set);
    compile_logs(c, set);
    compile_metrics(c, set);
    set->mark = (uint32_t)between(c, (struct range){"mark", 1, UINT32_MAX, set->mark});
}

/* RFC 7296 2.1, 2.4: how long a request is sent again. */
static void compile_retransmits(struct compile *c, struct shrike_conn *base)
{
    base->retransmit_first = SHRIKE_SECOND;
    base->retransmit_max = 64 * SHRIKE_SECOND;
    compile_seconds(c, c->shrike, "retransmit_timeout", &base->retransmit_first);
    compile_seconds(c, c->shrike, "retransmit_limit", &base->retransmit_max);
    if (base->retransmit_first == 0 || base->retransmit_max < base->retransmit_first)
        report_error(c->report,
                     compile_place(c, c->shrike ? c->shrike : c->root, "retransmit_timeout"),
                     "retransmit_timeout must be above 0 and at most retransmit_limit");
    base->give_up_after = base->retransmit_max;
    base->retransmit_tries = (uint8_t)number(c, "retransmit_tries", RETRANSMITS_MAX, 7);
    base->retransmit_jitter = (uint8_t)number(c, "retransmit_jitter", JITTER_MAX, 10);
}

/* RFC 7296 2.6: half-open SAs. */
static void compile_gate(struct compile *c, struct shrike_conf *conf)
{
    conf->cookie_threshold = (uint32_t)number(c, "cookie_threshold", UINT32_MAX, 30);
    conf->cookie_prefix_threshold = (uint32_t)number(c, "cookie_threshold_ip", UINT32_MAX, 3);
    conf->half_open_max = (uint32_t)number(c, "init_limit_half_open", UINT32_MAX, 0);
    if (conf->half_open_max == 0)
        conf->half_open_max = UINT32_MAX;
    conf->half_open_prefix_max = (uint32_t)number(c, "block_threshold", UINT16_MAX, 0);
    conf->ike_sas_max = (uint32_t)number(c, "ikesa_limit", UINT32_MAX, 0);
}

/* FNV-1a. The structure was zeroed before it was filled, and holds no pointers yet. */
static uint64_t hash_of(const struct shrike_conn *base)
{
    const unsigned char *at = (const unsigned char *)base;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < sizeof(*base); i++)
        hash = (hash ^ at[i]) * 0x100000001b3;
    return hash;
}

void compile_globals(struct compile *c, uint8_t kernel)
{
    struct shrike_conn *base = &c->config->base;
    c->shrike = section_find(c->root, "shrike", 6);
    if (c->shrike) {
        compile_keys(c, c->shrike, KEY_SHRIKE);
        for (const struct section *s = c->shrike->sections; s; s = s->next)
            if (strcmp(s->name, "plugins") != 0 && strcmp(s->name, "metrics") != 0 &&
                strcmp(s->name, "radius") != 0 && !logs_has(s->name))
                report_warning(c->report, s->origin,
                               "section %s in shrike is not built yet and is ignored", s->name);
    }
    base->half_open_max = 30 * SHRIKE_SECOND;
    base->fragmentation = base->mobike = base->follow_redirects = true;
    base->redirect_wait = 60 * SHRIKE_SECOND;
    compile_retransmits(c, base);
    compile_time(c, c->shrike, "half_open_timeout", &base->half_open_max);
    compile_bool(c, c->shrike, "follow_redirects", &base->follow_redirects);
    compile_time(c, c->shrike, "redirect_wait", &base->redirect_wait);
    compile_plane(c, &c->config->settings, kernel);
    /* In user space UDP encapsulation has the offload that raw ESP has not. */
    base->force_encap = c->config->settings.plane == PLANE_USER;
    base->fragment_size =
        (uint16_t)between(c, (struct range){"fragment_size", FRAGMENT_MIN, 65535, 1280});
    c->config->base_hash = hash_of(base);
    compile_settings(c, &c->config->settings);
    compile_gate(c, &c->config->conf);
    compile_radius(c);
}
