/* Ends that need NAT keepalives. */
#include "esp/keepalive.h"
#include <stdlib.h>

void ends_open(struct ends *e)
{
    list_init(&e->all);
}

void ends_close(struct ends *e)
{
    while (!list_empty(&e->all)) {
        struct end *end = list_item(e->all.next, struct end, link);
        list_remove(&end->link);
        free(end);
    }
}

bool ends_any(const struct ends *e)
{
    return !list_empty(&e->all);
}

static bool same(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

struct end *ends_take(struct ends *e, const struct shrike_endpoint *local,
                      const struct shrike_endpoint *remote, shrike_time now)
{
    for (struct list *l = e->all.next; l != &e->all; l = l->next) {
        struct end *end = list_item(l, struct end, link);
        if (same(&end->local, local) && same(&end->remote, remote)) {
            end->users++;
            return end;
        }
    }
    struct end *end = calloc(1, sizeof(*end));
    if (!end)
        return NULL;
    end->local = *local;
    end->remote = *remote;
    end->users = 1;
    end->sent = now;
    list_append(&e->all, &end->link);
    return end;
}

void ends_give(struct end *end)
{
    if (!end || --end->users > 0)
        return;
    list_remove(&end->link);
    free(end);
}

struct end *ends_quiet(struct ends *e, shrike_time now, shrike_time for_so_long)
{
    for (struct list *l = e->all.next; l != &e->all; l = l->next) {
        struct end *end = list_item(l, struct end, link);
        if (now >= end->sent && now - end->sent >= for_so_long) {
            end->sent = now;
            list_remove(&end->link); /* to the end: the next call begins behind it */
            list_append(&e->all, &end->link);
            return end;
        }
    }
    return NULL;
}
