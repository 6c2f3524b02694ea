/* Pages and the search for secrets in them. */
#include "pages.h"
#include "base/poison.h"
#include <stdlib.h>

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
    piece->at = aligned_alloc(64, size);
    ensure(piece->at != NULL);
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
    for (unsigned i = 0; i < p->count; i++)
        free(p->pieces[i].at);
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
    memset(n->seen, 0, sizeof n->seen);
}

void needles_add(struct needles *n, struct bytes secret, const char *what)
{
    struct needle *needle;

    if (secret.len < NEEDLE_MIN || n->count == NEEDLES_MAX)
        return;
    needle = &n->list[n->count++];
    needle->len = MIN(secret.len, (size_t)NEEDLE_SIZE);
    memcpy(needle->octets, secret.at, needle->len);
    needle->what = what;
    n->seen[first_two(secret.at) / 8] |= (u8)(1u << (first_two(secret.at) % 8));
}

static const char *search_at(const u8 *at, size_t left, const struct needles *n)
{
    for (unsigned i = 0; i < n->count; i++)
        if (n->list[i].len <= left && memcmp(at, n->list[i].octets, n->list[i].len) == 0)
            return n->list[i].what;
    return NULL;
}

static const char *search_piece(const struct page_piece *piece, const struct needles *n)
{
    for (size_t i = 0; i + NEEDLE_MIN <= piece->size; i++) {
        u64 word;
        u16 two;

        /* Most of a page is zero: eight octets are passed over at a time. */
        memcpy(&word, piece->at + i, sizeof word);
        if (word == 0) {
            i += 6;
            continue;
        }
        two = first_two(piece->at + i);
        if (n->seen[two / 8] & (1u << (two % 8))) {
            const char *what = search_at(piece->at + i, piece->size - i, n);
            if (what)
                return what;
        }
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
