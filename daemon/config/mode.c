/* Names of modes: see mode.h. */
#include "config/mode.h"
#include "base/text.h"

static const char *const names[] = {
    [SHRIKE_TUNNEL] = "tunnel", [SHRIKE_TRANSPORT] = "transport", [SHRIKE_BEET] = "beet",
    [SHRIKE_IPTFS] = "iptfs",   [SHRIKE_PASS] = "pass",           [SHRIKE_DROP] = "drop"};

const char *mode_name(enum shrike_mode mode)
{
    return names[mode];
}

bool mode_named(const char *name, enum shrike_mode *out)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!text_same(names[i], name))
            continue;
        *out = (enum shrike_mode)i;
        return true;
    }
    return false;
}

bool conn_has_mode(const struct shrike_conn *conn, enum shrike_mode mode)
{
    for (uint16_t i = 0; i < conn->child_count; i++) {
        if (conn->children[i].mode == mode)
            return true;
    }
    return false;
}
