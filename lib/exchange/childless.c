/* IKE SAs without a Child SA: see childless.h. */
#include "exchange/childless.h"

void childless_offer(struct turn *t)
{
    if (t->sa->conn->childless != SHRIKE_CHILDLESS_NEVER)
        notify_add(t->out, NOTIFY_CHILDLESS_IKEV2_SUPPORTED, bytes_of(NULL, 0));
}

void childless_note(struct turn *t)
{
    struct notify n;
    t->sa->handshake->childless = notify_find(t->in, NOTIFY_CHILDLESS_IKEV2_SUPPORTED, &n);
}

enum childless_way childless_way(const struct ike_sa *sa, bool wanted)
{
    bool may = sa->handshake->childless; /* RFC 6023 3: else it MUST NOT be asked for */
    switch (sa->conn->childless) {
    case SHRIKE_CHILDLESS_PREFER:
        return may ? CHILDLESS_WITHOUT : CHILDLESS_WITH;
    case SHRIKE_CHILDLESS_FORCE:
        return may ? CHILDLESS_WITHOUT : CHILDLESS_REFUSED;
    case SHRIKE_CHILDLESS_ALLOW:
        return may && !wanted ? CHILDLESS_WITHOUT : CHILDLESS_WITH;
    case SHRIKE_CHILDLESS_NEVER:
        break;
    }
    return CHILDLESS_WITH;
}

bool childless_takes(const struct shrike_conn *conn, bool with_child)
{
    return conn->childless != (with_child ? SHRIKE_CHILDLESS_FORCE : SHRIKE_CHILDLESS_NEVER);
}
