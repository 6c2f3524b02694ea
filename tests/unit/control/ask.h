/* A client that asks in one line, for tests of single commands. */
#ifndef UNIT_CONTROL_ASK_H
#define UNIT_CONTROL_ASK_H

#include "table.h"

static struct client c;
static u8 octets[65536];

static inline void ask_begin(const char *conf)
{
    table_begin(conf);
    table_fit();
    client_open(&c);
}

static inline void ask_end(void)
{
    client_close(&c);
    table_end();
}

static inline bool ask_pairs(const char *command, const char *const *pairs)
{
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    put_all(&w, pairs);
    c.event_count = 0;
    return client_ask(&c, command, &w);
}
/* Asked with these keys and values; was it answered? */
#define ASK(command, ...)  ask_pairs(command, (const char *const[]){__VA_ARGS__, NULL})
#define WELL(command, ...) (ASK(command, __VA_ARGS__) && answer_is(&c, "success", "yes"))
#define REFUSED(command, why, ...)                                                                 \
    (ASK(command, __VA_ARGS__) && answer_is(&c, "success", "no") &&                                \
     value_has(answer_of(&c), "errmsg", why))

/* Items of a list of the answer. */
static inline u32 ask_items(const char *list)
{
    struct vici_item item;
    u32 n = 0;
    if (!vici_find(answer_of(&c), list, &item) || item.type != VICI_LIST_START)
        return UINT32_MAX;
    struct vici_reader r = vici_list_of(item.value);
    while (vici_read_next(&r, &item) == VICI_LIST_ITEM)
        n++;
    return n;
}

#endif
