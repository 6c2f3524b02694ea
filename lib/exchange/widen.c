/* Windows larger than one: see widen.h. */
#include "exchange/widen.h"

enum { SIZE_LEN = 4 };

void widen_promise(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    u8 octets[SIZE_LEN];
    bool early = t->slot->exchange == EXCHANGE_IKE_SA_INIT, late = sa->state > IKE_UP;
    /* With EAP there are responses before the one that counts. */
    bool between = sa->state == IKE_AUTH && !sa->initiator;
    if (early || between || late || sa->spare || sa->replaced || t->closes || !sa->conn ||
        sa->conn->window <= sa->window.kept || !slots_open(t->shard, sa))
        return;
    struct writer w = writer_of(octets, sizeof(octets)); /* RFC 7296 2.3 (1) */
    sa->window.kept = MIN(sa->conn->window, WINDOW_MAX);
    write_u32(&w, sa->window.kept);
    notify_add(t->out, NOTIFY_SET_WINDOW_SIZE, written_bytes(&w));
}

void widen_accept(struct turn *t)
{
    struct window *w = &t->sa->window;
    struct notify n;
    if (t->sa->state != IKE_UP || !notify_find(t->in, NOTIFY_SET_WINDOW_SIZE, &n) ||
        n.data.len != SIZE_LEN)
        return;
    struct reader r = reader_of(n.data);
    u32 size = read_u32(&r);
    size = MIN(size, MIN(t->sa->conn->window, (u32)WINDOW_MAX));
    /* RFC 7296 2.3: there is no way to make it smaller again. */
    if (size > w->allowed && slots_open(t->shard, t->sa))
        w->allowed = (u8)size;
}
