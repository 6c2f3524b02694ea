/* What a trap or a shunt of the configuration is about: see wish.h. */
#include "plane/wish.h"

static u16 selectors(const struct shrike_ts *from, u16 count, const struct shrike_endpoint *end,
                     u8 family, struct shrike_ts out[SHRIKE_TS_MAX])
{
    count = MIN(count, SHRIKE_TS_MAX);
    for (u16 i = 0; i < count; i++) {
        out[i] = from[i];
        if (from[i].family != 0)
            continue;
        out[i].family = end->family ? end->family : family;
        memset(out[i].from, 0, sizeof(out[i].from));
        memset(out[i].to, 0, sizeof(out[i].to));
        memset(out[i].to, 0xff, out[i].family == 4 ? 4 : 16);
        if (end->family) {
            memcpy(out[i].from, end->octets, sizeof(out[i].from));
            memcpy(out[i].to, end->octets, sizeof(out[i].to));
        }
    }
    return count;
}

void wish_of(const struct shrike_conn *conn, const struct shrike_child_conf *child, struct wish *w)
{
    u8 family = child->remote_ts_count > 0 ? child->remote_ts[0].family : 0;
    family = family ? family : conn->remote_endpoint.family == 6 ? 6 : 4;
    memset(w, 0, sizeof(*w));
    w->reqid = child->reqid;
    w->local_count =
        selectors(child->local_ts, child->local_ts_count, &conn->local_endpoint, family, w->local);
    w->remote_count = selectors(child->remote_ts, child->remote_ts_count, &conn->remote_endpoint,
                                family, w->remote);
}
