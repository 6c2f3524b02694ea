/* Answers that wait for routes: see answers.h. */
#include "plane/answers.h"
#include "plane/post.h"
#include <stdlib.h>

struct answer {
    struct list link;
    struct shrike_token token;
    u32 number; /* of the route letter that it waits for */
    shrike_time since;
};

void answers_open(struct answers *a, struct seat *seat)
{
    *a = (struct answers){.seat = seat};
    list_init(&a->waiting);
}

static struct answer *first(const struct answers *a)
{
    return list_empty(&a->waiting) ? NULL : list_item(a->waiting.next, struct answer, link);
}

static void drop_first(struct answers *a)
{
    struct answer *one = first(a);
    list_remove(&one->link);
    free(one);
    a->count--;
}

void answers_close(struct answers *a)
{
    while (first(a))
        drop_first(a);
}

u32 answers_next(struct answers *a)
{
    return ++a->asked;
}

static void say(struct answers *a, struct shrike_token token)
{
    a->unsaid += !post_answer(a->seat, token, true);
}

/* Numbers go round. */
static bool is_done(const struct answers *a, u32 number)
{
    return (int32_t)(number - a->done) <= 0;
}

void answers_add(struct answers *a, struct shrike_token token, shrike_time now)
{
    bool waits = !is_done(a, a->asked) && !fault(234) && a->count < ANSWERS_MAX;
    struct answer *one = waits ? calloc(1, sizeof(*one)) : NULL;
    if (!one) {
        say(a, token);
        return;
    }
    one->token = token;
    one->number = a->asked;
    one->since = now;
    list_append(&a->waiting, &one->link);
    a->count++;
}

static void give(struct answers *a)
{
    say(a, first(a)->token);
    drop_first(a);
}

void answers_routed(struct answers *a, u32 number)
{
    if (is_done(a, number) || (int32_t)(number - a->asked) > 0)
        return;
    a->done = number;
    while (first(a) && is_done(a, first(a)->number))
        give(a);
}

bool answers_tick(struct answers *a, shrike_time now)
{
    while (first(a) && now - first(a)->since >= ANSWERS_PATIENCE) {
        if (!a->late_told)
            seat_log(a->seat, SHRIKE_WARNING,
                     "the parent is slow with routes: packets may pass beside a new tunnel");
        a->late_told = true;
        give(a);
    }
    return first(a) != NULL;
}
