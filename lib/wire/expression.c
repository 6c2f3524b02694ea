/* Regular expressions: see expression.h. First the expression becomes code, whose jumps are
 * relative, so that a part of it can be moved and repeated; then the code is run on the text. */
#include "wire/expression.h"

enum { SETS_MAX = 32, DEPTH_MAX = 16, REPEAT_MAX = 255 };

enum step_kind {
    STEP_OCTET, /* this one */
    STEP_ANY,
    STEP_SET,  /* one of the set of this number */
    STEP_JUMP, /* go on at `to` */
    STEP_FORK, /* go on behind it, and at `to` */
    STEP_END,
};

struct step {
    u8 kind, value;
    int to; /* from here */
};

struct code {
    struct step steps[EXPRESSION_CODE_MAX];
    u8 sets[SETS_MAX][32];
    u32 count, set_count;
};

/* A group, or the whole. */
struct group {
    u32 start, alternative; /* where it begins, and its last alternative */
    u32 ends;               /* jumps to its end, each with the way to the one before; 0: none */
};

struct maker {
    struct code *code;
    struct bytes in;
    size_t at;
    struct group groups[DEPTH_MAX];
    u32 depth;
    u32 atom; /* what a repetition is about begins there ... */
    bool has_atom;
    bool bad;
};

static u8 lower(u8 c)
{
    return c >= 'A' && c <= 'Z' ? (u8)(c + ('a' - 'A')) : c;
}

static bool more(const struct maker *m)
{
    return !m->bad && m->at < m->in.len;
}

static bool next_is(const struct maker *m, u8 c)
{
    return more(m) && m->in.at[m->at] == c;
}

static void put(struct maker *m, struct step s)
{
    struct code *c = m->code;
    if (c->count == EXPRESSION_CODE_MAX)
        m->bad = true;
    else
        c->steps[c->count++] = s;
}

/* A step in front of what begins there. */
static void insert(struct maker *m, u32 at, struct step s)
{
    struct code *c = m->code;
    put(m, s);
    if (m->bad)
        return;
    memmove(&c->steps[at + 1], &c->steps[at], (c->count - 1 - at) * sizeof(s));
    c->steps[at] = s;
}

/* ---- sets ---- */

static void set_add(u8 *set, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++) {
        u8 one = lower((u8)c);
        set[one / 8] |= (u8)(1u << one % 8);
    }
}

static bool take(struct maker *m, const char *text)
{
    size_t len = strlen(text);
    if (m->in.len - m->at < len || memcmp(m->in.at + m->at, text, len) != 0)
        return false;
    m->at += len;
    return true;
}

/* "[:alpha:]", behind its first bracket. */
static void set_class(struct maker *m, u8 *set)
{
    if (take(m, ":alpha:]") || take(m, ":upper:]") || take(m, ":lower:]")) {
        set_add(set, 'a', 'z'); /* without regard to case */
    } else if (take(m, ":alnum:]")) {
        set_add(set, 'a', 'z');
        set_add(set, '0', '9');
    } else if (take(m, ":digit:]")) {
        set_add(set, '0', '9');
    } else if (take(m, ":xdigit:]")) {
        set_add(set, '0', '9');
        set_add(set, 'a', 'f');
    } else if (take(m, ":space:]")) {
        set_add(set, '\t', '\r');
        set_add(set, ' ', ' ');
    } else if (take(m, ":blank:]")) {
        set_add(set, '\t', '\t');
        set_add(set, ' ', ' ');
    } else if (take(m, ":punct:]")) {
        set_add(set, '!', '/');
        set_add(set, ':', '@');
        set_add(set, '[', '`');
        set_add(set, '{', '~');
    } else if (take(m, ":print:]")) {
        set_add(set, ' ', '~');
    } else if (take(m, ":graph:]")) {
        set_add(set, '!', '~');
    } else {
        m->bad = true; /* other classes, collating elements */
    }
}

/* "[^a-z0-9]", behind its bracket. A ] stands first, a - first or last; a backslash is one. */
static void set_read(struct maker *m)
{
    struct code *c = m->code;
    bool none = next_is(m, '^'), first = true, closed = false;
    if (c->set_count == SETS_MAX) {
        m->bad = true;
        return;
    }
    u8 *set = c->sets[c->set_count];
    memset(set, 0, sizeof(c->sets[0]));
    m->at += none;
    for (; more(m) && !closed; first = false) {
        u8 from = m->in.at[m->at++], to = from;
        const bool begins = m->at < m->in.len;
        if (from == ']' && !first) {
            closed = true;
        } else if (from == '[' && begins && memchr(":.=", m->in.at[m->at], 3)) {
            set_class(m, set);
        } else {
            if (m->in.len - m->at >= 2 && m->in.at[m->at] == '-' && m->in.at[m->at + 1] != ']') {
                to = m->in.at[m->at + 1];
                m->at += 2;
            }
            m->bad |= to < from || (to != from && to == '[');
            set_add(set, from, to);
        }
    }
    m->bad |= !closed;
    for (unsigned i = 0; none && i < sizeof(c->sets[0]); i++)
        set[i] = (u8)~set[i];
    m->atom = c->count;
    m->has_atom = true;
    put(m, (struct step){STEP_SET, (u8)c->set_count++, 0});
}

/* ---- groups ---- */

static void group_open(struct maker *m)
{
    if (m->depth == DEPTH_MAX) {
        m->bad = true;
        return;
    }
    m->groups[m->depth++] =
        (struct group){.start = m->code->count, .alternative = m->code->count, .ends = 0};
    m->has_atom = false;
}

/* The alternative that ends here is one way, and what follows the other one. An empty one, as in
 * "a||b", has no meaning in POSIX. */
static void alternative(struct maker *m)
{
    struct group *g = &m->groups[m->depth - 1];
    struct code *c = m->code;
    const u32 len = c->count - g->alternative;
    m->bad |= len == 0 || m->depth < 2; /* of ^a|b$ each end would bind one alternative only */
    insert(m, g->alternative, (struct step){STEP_FORK, 0, (int)(len + 2)});
    put(m, (struct step){STEP_JUMP, 0, (int)g->ends});
    g->ends = c->count - 1;
    g->alternative = c->count;
    m->has_atom = false;
}

static void group_close(struct maker *m)
{
    struct group *g = &m->groups[--m->depth];
    struct code *c = m->code;
    m->bad |= c->count == g->alternative;
    for (u32 at = g->ends, before; at && !m->bad; at = before) {
        before = (u32)c->steps[at].to;
        c->steps[at].to = (int)(c->count - at);
    }
    m->atom = g->start;
    m->has_atom = true;
}

/* ---- repetitions ---- */

static void repeat_star(struct maker *m)
{
    const u32 len = m->code->count - m->atom;
    insert(m, m->atom, (struct step){STEP_FORK, 0, (int)(len + 2)});
    put(m, (struct step){STEP_JUMP, 0, -(int)(len + 1)});
}

static void repeat_maybe(struct maker *m)
{
    insert(m, m->atom, (struct step){STEP_FORK, 0, (int)(m->code->count - m->atom + 1)});
}

/* Once more what began there and was so long; it is what is repeated next. */
static void copy(struct maker *m, u32 from, u32 len)
{
    m->atom = m->code->count;
    for (u32 i = 0; i < len && !m->bad; i++)
        put(m, m->code->steps[from + i]);
}

static u32 number(struct maker *m, u32 otherwise)
{
    u32 n = 0;
    bool any = false;
    for (; more(m) && m->in.at[m->at] >= '0' && m->in.at[m->at] <= '9'; any = true) {
        n = 10 * n + (u32)(m->in.at[m->at++] - '0');
        m->bad |= n > REPEAT_MAX;
    }
    return any ? n : otherwise;
}

/* "{2,5}", behind its brace: so many copies, then such as may be left out. */
static void repeat_count(struct maker *m)
{
    enum { NONE = REPEAT_MAX + 1 };
    const u32 from = m->atom, len = m->code->count - from;
    u32 least = number(m, NONE), most = least;
    m->bad |= least == NONE;
    if (next_is(m, ',')) {
        m->at++;
        most = number(m, NONE); /* for ever */
    }
    m->bad |= !next_is(m, '}') || most < least || most == 0;
    m->at++;
    for (u32 n = 1; n < least && !m->bad; n++)
        copy(m, from, len);
    if (most == NONE && least > 0)
        copy(m, from, len);
    if (most == NONE)
        repeat_star(m);
    const u32 there = MAX(least, 1);
    for (u32 n = there; most != NONE && n < most && !m->bad; n++) {
        copy(m, from, len);
        repeat_maybe(m);
    }
    if (least == 0 && most != NONE) { /* the first one too */
        m->atom = from;
        insert(m, from, (struct step){STEP_FORK, 0, (int)(len + 1)});
    }
}

static void repeat(struct maker *m, u8 how)
{
    m->bad |= !m->has_atom; /* of nothing */
    if (m->bad)
        return;
    const u32 from = m->atom, len = m->code->count - from;
    if (how == '*')
        repeat_star(m);
    else if (how == '?')
        repeat_maybe(m);
    else if (how == '{')
        repeat_count(m);
    else
        put(m, (struct step){STEP_FORK, 0, -(int)len});
    m->atom = from; /* once more: a** */
}

/* ---- all of it ---- */

static void octet(struct maker *m, u8 c)
{
    m->atom = m->code->count;
    m->has_atom = true;
    put(m, (struct step){STEP_OCTET, lower(c), 0});
}

/* What is escaped stands for itself; letters and digits would mean something else elsewhere. */
static void escaped(struct maker *m)
{
    const u8 c = more(m) ? m->in.at[m->at++] : 'a';
    m->bad |= (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
    octet(m, c);
}

static void one(struct maker *m)
{
    const u8 c = m->in.at[m->at++];
    if (c == '\\') {
        escaped(m);
    } else if (c == '[') {
        set_read(m);
    } else if (c == '(') {
        group_open(m);
    } else if (c == ')') {
        m->bad |= m->depth < 2;
        if (!m->bad)
            group_close(m);
    } else if (c == '|') {
        alternative(m);
    } else if (memchr("*+?{", c, 4)) {
        repeat(m, c);
    } else if (c == '.') {
        octet(m, c);
        if (!m->bad)
            m->code->steps[m->atom].kind = STEP_ANY;
    } else {
        m->bad |= c == '^' || c == '$';
        octet(m, c);
    }
}

static bool make(struct bytes e, struct code *out)
{
    struct maker m = {.code = out};
    out->count = out->set_count = 0;
    if (e.len < 3 || e.at[0] != '^' || e.at[e.len - 1] != '$' ||
        (e.at[e.len - 2] == '\\' && e.at[e.len - 3] != '\\'))
        return false;
    m.in = bytes_of(e.at + 1, e.len - 2);
    group_open(&m);
    while (more(&m))
        one(&m);
    m.bad |= m.depth != 1;
    if (!m.bad)
        group_close(&m);
    put(&m, (struct step){STEP_END, 0, 0});
    return !m.bad;
}

/* ---- running ---- */

/* Where in the code one may be. */
struct places {
    u16 at[EXPRESSION_CODE_MAX];
    u32 count;
    u8 has[EXPRESSION_CODE_MAX / 8];
};

static void place(struct places *p, u32 at)
{
    if (p->has[at / 8] >> at % 8 & 1)
        return;
    p->has[at / 8] |= (u8)(1u << at % 8);
    p->at[p->count++] = (u16)at;
}

/* With all that is reached without an octet: what is found stands behind what it was found by. */
static void reach(const struct code *c, struct places *p)
{
    for (u32 i = 0; i < p->count; i++) {
        const u32 at = p->at[i];
        const struct step *s = &c->steps[at];
        if (s->kind == STEP_FORK)
            place(p, at + 1);
        if (s->kind == STEP_FORK || s->kind == STEP_JUMP)
            place(p, (u32)((int)at + s->to));
    }
}

static bool takes(const struct code *c, const struct step *s, u8 octet)
{
    if (s->kind == STEP_SET)
        return c->sets[s->value][octet / 8] >> octet % 8 & 1;
    return s->kind == STEP_ANY || (s->kind == STEP_OCTET && s->value == octet);
}

static void places_empty(struct places *p)
{
    p->count = 0;
    memset(p->has, 0, sizeof(p->has));
}

static bool run(const struct code *c, struct bytes text)
{
    struct places two[2];
    struct places *now = &two[0], *then = &two[1];
    places_empty(now);
    place(now, 0);
    reach(c, now);
    for (size_t i = 0; i < text.len && now->count; i++) {
        places_empty(then);
        for (u32 k = 0; k < now->count; k++)
            if (takes(c, &c->steps[now->at[k]], lower(text.at[i])))
                place(then, now->at[k] + 1u);
        reach(c, then);
        struct places *last = now;
        now = then;
        then = last;
    }
    for (u32 k = 0; k < now->count; k++)
        if (c->steps[now->at[k]].kind == STEP_END)
            return true;
    return false;
}

bool expression_is_sound(struct bytes expression)
{
    struct code c;
    return make(expression, &c);
}

bool expression_fits(struct bytes expression, struct bytes text)
{
    struct code c;
    return make(expression, &c) && run(&c, text);
}
