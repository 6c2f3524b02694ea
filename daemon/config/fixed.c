#include "config/fixed.h"

#include <stdio.h>
#include <string.h>

#define FIELD(name) offsetof(struct settings, name), sizeof(((struct settings *)0)->name)

enum form { NUMBER16, NUMBER32, YES_NO, TEXT, DNS, PLANE };

static const struct fixed {
    const char *key;
    enum form form;
    size_t at, size;
} fixed[] = {
    {"port", NUMBER16, FIELD(port)},
    {"port_nat_t", NUMBER16, FIELD(port_nat_t)},
    {"kernel", PLANE, FIELD(plane)},
    {"mark", NUMBER32, FIELD(mark)},
    {"install_routes", YES_NO, FIELD(install_routes)},
    {"routing_table", NUMBER32, FIELD(routing_table)},
    {"routing_table_prio", NUMBER32, FIELD(routing_priority)},
    {"plugins.kernel-netlink.mtu", NUMBER16, FIELD(route_mtu)},
    {"plugins.kernel-netlink.mss", NUMBER16, FIELD(route_mss)},
    {"install_virtual_ip", YES_NO, FIELD(install_virtual_ip)},
    {"interface", TEXT, FIELD(interface)},
    {"dns", DNS, FIELD(dns)},
    {"dns", TEXT, FIELD(dns_file)},
    {"control_socket", TEXT, FIELD(control_socket)},
    {"journal", TEXT, FIELD(journal)},
    {"unsafe_keys", TEXT, FIELD(unsafe_keys)},
};

/* What it is, as it would be written. */
static const char *show(const struct fixed *f, const void *value, char out[24])
{
    static const char *const dns[] = {[DNS_AUTO] = "auto",
                                      [DNS_RESOLVED] = "resolved",
                                      [DNS_RESOLVCONF] = "resolvconf",
                                      [DNS_FILE] = "a file",
                                      [DNS_NONE] = "none"};
    switch (f->form) {
    case NUMBER16:
        snprintf(out, 24, "%u", *(const uint16_t *)value);
        return out;
    case NUMBER32:
        snprintf(out, 24, "%u", *(const uint32_t *)value);
        return out;
    case YES_NO:
        return *(const bool *)value ? "yes" : "no";
    case TEXT:
        return *(const char *)value ? value : "none";
    case DNS:
        return dns[*(const uint8_t *)value];
    case PLANE:
        return *(const uint8_t *)value == PLANE_USER ? "esp" : "xfrm";
    }
    return "";
}

static bool differs(const struct fixed *f, const void *a, const void *b)
{
    return f->form == TEXT ? strcmp(a, b) != 0 : memcmp(a, b, f->size) != 0;
}

void fixed_check(struct compile *c, const struct settings *running)
{
    const struct section *place = c->shrike ? c->shrike : c->root;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        const struct fixed *f = &fixed[i];
        const char *was = (const char *)running + f->at;
        const char *is = (const char *)&c->config->settings + f->at;
        char a[24], b[24];
        if (differs(f, was, is))
            report_error(c->report, compile_place(c, place, f->key),
                         "%s would be %s and is %s as long as the daemon runs: write that, or "
                         "start shriked anew",
                         f->key, show(f, is, a), show(f, was, b));
    }
}
