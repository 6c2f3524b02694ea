/* The addresses of this host: see roam.h. */
#include "net/roam.h"
#include "shrike/view.h"

bool roam_take(struct roam *r, const struct shrike_kernel_event *k)
{
    if (k->kind != SHRIKE_ADDRESSES || k->address_count > SHRIKE_HOST_ADDRESSES_MAX)
        return false;
    r->here_count = k->address_count;
    if (k->address_count)
        memcpy(r->here, k->addresses, k->address_count * sizeof r->here[0]);
    r->news = true;
    return true;
}

/* Bring it to this place, if it is behind it; gives the next place. */
static u16 to_front(struct shrike_addr *all, u16 count, u16 place, const struct shrike_endpoint *e)
{
    u16 at = place;
    while (at < count && (all[at].family != e->family ||
                          memcmp(all[at].octets, e->octets, sizeof e->octets) != 0))
        at++;
    if (at == count)
        return place;
    struct shrike_addr found = all[at];
    memmove(&all[place + 1], &all[place], (size_t)(at - place) * sizeof all[0]);
    all[place] = found;
    return (u16)(place + 1);
}

static void sort(struct roam *r, const struct shrike *engine, struct local *l)
{
    struct shrike_ike_view v;
    u16 place = 0;
    u32 at = 0;
    for (int n = 0; n < ROAM_PEERS && shrike_view_ike(engine, &at, &v); n++) {
        struct shrike_endpoint source = {.family = 0};
        if (v.remote.family && local_find(l, &v.remote, &source))
            place = to_front(r->here, r->here_count, place, &source);
    }
}

bool roam_tell(struct roam *r, const struct shrike *engine, struct local *l,
               struct shrike_kernel_event *out)
{
    if (!r->news)
        return false;
    r->news = false;
    sort(r, engine, l);
    size_t size = r->here_count * sizeof r->here[0];
    if (r->ever && r->here_count == r->told_count && memcmp(r->here, r->told, size) == 0)
        return false;
    memcpy(r->told, r->here, size);
    r->told_count = r->here_count;
    r->ever = true;
    *out = (struct shrike_kernel_event){
        .kind = SHRIKE_ADDRESSES, .addresses = r->told, .address_count = r->told_count};
    return true;
}
