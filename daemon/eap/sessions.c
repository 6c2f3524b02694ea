/* The sessions that there are: see sessions.h. */
#include "eap/sessions.h"
#include "base/ct.h"
#include <stdlib.h>

enum { BUCKETS = 1024 }; /* a power of two; numbers are given one after the other */

static struct list *bucket_of(struct list *table, u32 number)
{
    return &table[number & (BUCKETS - 1)];
}

bool sessions_init(struct sessions *s)
{
    *s = (struct sessions){.numbers = calloc(BUCKETS, sizeof(struct list)),
                           .references = calloc(BUCKETS, sizeof(struct list))};
    list_init(&s->all);
    for (size_t i = 0; s->numbers && s->references && i < BUCKETS; i++) {
        list_init(&s->numbers[i]);
        list_init(&s->references[i]);
    }
    return s->numbers && s->references;
}

void sessions_drop(struct sessions *s, struct eap_place *p)
{
    list_remove(&p->all);
    list_remove(&p->bucket);
    list_remove(&p->asked);
    s->count--;
    session_close(&p->session);
    wipe(p, sizeof(*p));
    free(p);
}

void sessions_clear(struct sessions *s)
{
    while (!list_empty(&s->all))
        sessions_drop(s, list_item(s->all.next, struct eap_place, all));
}

void sessions_free(struct sessions *s)
{
    sessions_clear(s);
    free(s->numbers);
    free(s->references);
    s->numbers = s->references = NULL;
}

struct eap_place *sessions_find(const struct sessions *s, u32 number)
{
    const struct list *head = bucket_of(s->numbers, number);
    for (struct list *l = head->next; l != head; l = l->next) {
        struct eap_place *p = list_item(l, struct eap_place, bucket);
        if (p->number == number)
            return p;
    }
    return NULL;
}

static void drop_old(struct sessions *s, shrike_time now)
{
    while (!list_empty(&s->all)) {
        struct eap_place *p = list_item(s->all.next, struct eap_place, all);
        if (now < p->began + SESSIONS_AGE)
            return;
        sessions_drop(s, p);
    }
}

struct eap_place *sessions_add(struct sessions *s, u32 number, shrike_time now)
{
    drop_old(s, now);
    struct eap_place *p = s->count < SESSIONS_MAX ? calloc(1, sizeof(*p)) : NULL;
    if (!p)
        return NULL;
    p->number = number;
    p->began = now;
    s->count++;
    list_append(&s->all, &p->all);
    list_append(bucket_of(s->numbers, number), &p->bucket);
    return p;
}

u32 sessions_ask(struct sessions *s, struct eap_place *p)
{
    if (++s->reference == 0)
        s->reference = 1;
    p->session.awaited = s->reference;
    list_append(bucket_of(s->references, s->reference), &p->asked);
    return s->reference;
}

struct eap_place *sessions_told(struct sessions *s, u32 reference)
{
    const struct list *head = bucket_of(s->references, reference);
    for (struct list *l = head->next; l != head; l = l->next) {
        struct eap_place *p = list_item(l, struct eap_place, asked);
        if (p->session.awaited != reference)
            continue;
        p->session.awaited = 0;
        list_remove(&p->asked);
        return p;
    }
    return NULL;
}
