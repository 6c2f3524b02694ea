/* Pages and the search for secrets in them. */
#include "pages.h"
#include "base/poison.h"
#include <stdlib.h>

/* Pieces of engines that are gone: to ask the system for each anew costs more than a handshake. */
static struct page_piece kept[PAGES_KEPT];
static unsigned kept_count;

static u8 *piece_memory(size_t size)
{
    u8 *at;

    for (unsigned i = 0; i < kept_count; i++) {
        if (kept[i].size != size)
            continue;
        at = kept[i].at;
        kept[i] = kept[--kept_count];
        return at;
    }
    at = aligned_alloc(64, size);
    ensure(at != NULL);
    return at;
}

void pages_forget(void)
{
    while (kept_count > 0)
        free(kept[--kept_count].at);
}

static void *take(void *ctx, size_t size)
{
    struct pages *p = ctx;
    struct page_piece *piece;

    if (size == 0 || size % SHRIKE_PAGE != 0)
        p->misuse = "asked for a piece that is no multiple of a page";
    if (p->refuse_after != 0 && p->takes >= p->refuse_after)
        return NULL;
    if (p->count == PAGES_MAX)
        return NULL;
    piece = &p->pieces[p->count++];
    piece->at = piece_memory(size);
    memset(piece->at, 0, size);
    piece->size = size;
    piece->taken = true;
    p->takes++;
    p->bytes += size;
    p->bytes_max = MAX(p->bytes_max, p->bytes);
    return piece->at;
}

/* The piece stays as it was given back: it is never handed out again. */
static void give(void *ctx, void *page, size_t size)
{
    struct pages *p = ctx;

    for (unsigned i = 0; i < p->count; i++) {
        if (p->pieces[i].at != page)
            continue;
        if (!p->pieces[i].taken || p->pieces[i].size != size)
            p->misuse = "gave a piece back twice or with another size";
        p->pieces[i].taken = false;
        p->bytes -= size;
        return;
    }
    p->misuse = "gave back a piece that it never took";
}

void pages_init(struct pages *p)
{
    memset(p, 0, sizeof *p);
}

void pages_free(struct pages *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        unpoison(p->pieces[i].at, p->pieces[i].size);
        if (kept_count < PAGES_KEPT)
            kept[kept_count++] = p->pieces[i];
        else
            free(p->pieces[i].at);
    }
    pages_init(p);
}

struct shrike_pages pages_source(struct pages *p)
{
    return (struct shrike_pages){.take = take, .give = give, .ctx = p};
}

static u16 first_two(const u8 *at)
{
    return (u16)(at[0] << 8 | at[1]);
}

void needles_clear(struct needles *n)
{
    n->count = 0;
    memset(n->first, 0, sizeof n->first);
}

void needles_add(struct needles *n, struct bytes secret, const char *what)
{
    struct needle *needle;
    u16 *first;

    if (secret.len < NEEDLE_MIN || n->count == NEEDLES_MAX)
        return;
    needle = &n->list[++n->count];
    needle->len = MIN(secret.len, (size_t)NEEDLE_SIZE);
    memcpy(needle->octets, secret.at, needle->len);
    needle->what = what;
    first = &n->first[first_two(secret.at)];
    needle->next = *first;
    *first = (u16)n->count;
}

static const char *search_at(const u8 *at, size_t left, const struct needles *n)
{
    for (unsigned i = n->first[first_two(at)]; i != 0; i = n->list[i].next)
        if (n->list[i].len <= left && memcmp(at, n->list[i].octets, n->list[i].len) == 0)
            return n->list[i].what;
    return NULL;
}

static const char *search_piece(const struct page_piece *piece, const struct needles *n)
{
    for (size_t i = 0; i + NEEDLE_MIN <= piece->size; i++) {
        const char *what;
        u64 word;

        /* Most of a page is zero: such octets are passed over seven at a time. */
        memcpy(&word, piece->at + i, sizeof word);
        if (word == 0) {
            i += 6;
            continue;
        }
        what = search_at(piece->at + i, piece->size - i, n);
        if (what)
            return what;
    }
    return NULL;
}

const char *pages_search(const struct pages *p, const struct needles *n)
{
    for (unsigned i = 0; i < p->count; i++) {
        const char *what;
        /* The search is the last that happens to these pages but for giving them back. */
        unpoison(p->pieces[i].at, p->pieces[i].size);
        what = search_piece(&p->pieces[i], n);
        if (what)
            return what;
    }
    return NULL;
}
