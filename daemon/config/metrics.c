#include "config/metrics.h"

#include "config/value.h"
#include <string.h>

/* 127.0.0.1:9500 or [::1]:9500 */
static bool endpoint(const char *text, struct shrike_endpoint *out)
{
    char address[64];
    struct shrike_addr addr;
    uint64_t port = 0;
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (len == 0 || len >= sizeof(address) || !value_number(colon + 1, UINT16_MAX, &port) || !port)
        return false;
    memcpy(address, text + brackets, len - 2u * brackets);
    address[len - 2u * brackets] = 0;
    if (!value_addr(address, &addr) || (addr.family == 6) != brackets)
        return false;
    *out = (struct shrike_endpoint){.port = (uint16_t)port, .family = addr.family};
    memcpy(out->octets, addr.octets, sizeof(out->octets));
    return true;
}

static bool is_loopback(const struct shrike_endpoint *e)
{
    static const uint8_t six[16] = {[15] = 1};
    return e->family == 4 ? e->octets[0] == 127 : memcmp(e->octets, six, sizeof(six)) == 0;
}

void compile_metrics(struct compile *c, struct settings *set)
{
    const struct section *s = c->shrike ? section_find(c->shrike, "metrics", 7) : NULL;
    const char *text = s ? section_text(s, "listen") : NULL;
    if (!s)
        return;
    compile_keys(c, s, KEY_METRICS);
    if (!text)
        return;
    if (!endpoint(text, &set->metrics))
        report_error(c->report, compile_place(c, s, "listen"),
                     "listen = %s: an address and a port such as 127.0.0.1:9500 are wanted", text);
    else if (!is_loopback(&set->metrics))
        report_warning(c->report, compile_place(c, s, "listen"),
                       "listen = %s: whoever reaches this address reads the names of connections "
                       "and what they carry; nothing there is encrypted",
                       text);
}
