/* Reading what a client does: see script.h. */
#include "script.h"
#include "wire/codes.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 1 << 16 };

bool next_word(const char **at, char word[WORD_MAX])
{
    size_t n = 0;
    while (*at && isspace((unsigned char)**at))
        (*at)++;
    while (*at && (*at)[n] && !isspace((unsigned char)(*at)[n]) && n < WORD_MAX - 1)
        n++;
    if (n == 0)
        return false;
    memcpy(word, *at, n);
    word[n] = 0;
    *at += n;
    return true;
}

/* ---- proposals: AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP2048 ---- */

static bool transform_named(const char *name, struct transform *out)
{
    static const struct {
        enum code_kind kind;
        u8 type;
    } kinds[] = {{CODE_ENCR, TRANSFORM_ENCR},
                 {CODE_PRF, TRANSFORM_PRF},
                 {CODE_INTEG, TRANSFORM_INTEG},
                 {CODE_KE, TRANSFORM_KE},
                 {CODE_SN, TRANSFORM_SN}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        int number = code_number(kinds[i].kind, name);
        if (number < 0)
            continue;
        *out = (struct transform){.type = kinds[i].type, .id = (u16)number};
        return true;
    }
    return false;
}

/* With a key length behind its name, or without one. */
static bool transform_of(const char *word, struct transform *out)
{
    char name[WORD_MAX];
    char *bits;
    snprintf(name, sizeof name, "%s", word);
    if (transform_named(name, out))
        return true;
    bits = strrchr(name, '_');
    if (!bits)
        return false;
    *bits = 0;
    if (!transform_named(name, out))
        return false;
    out->key_bits = (u16)strtoul(bits + 1, NULL, 10);
    return out->key_bits > 0;
}

static bool proposal_of(char *text, bool ike, struct proposal *out)
{
    char *save = NULL;
    *out = (struct proposal){.protocol = ike ? PROTOCOL_IKE : PROTOCOL_ESP};
    for (char *at = strtok_r(text, "/", &save); at; at = strtok_r(NULL, "/", &save)) {
        if (out->transform_count == TRANSFORMS_MAX ||
            !transform_of(at, &out->transforms[out->transform_count++]))
            return false;
    }
    return out->transform_count > 0;
}

const struct offers *script_offers(const struct script *s, const char *name)
{
    for (unsigned i = 0; i < s->list_count; i++) {
        if (strcmp(s->lists[i].name, name) == 0)
            return &s->lists[i];
    }
    return NULL;
}

/* offer LIST PROPOSAL: one more of this list. Those for IKE SAs have names that begin with it. */
static bool take_offer(struct script *s, const struct line *l)
{
    const char *at = l->rest;
    char name[WORD_MAX], text[WORD_MAX];
    struct offers *list;
    if (!next_word(&at, name) || !next_word(&at, text))
        return false;
    list = (struct offers *)(uintptr_t)script_offers(s, name);
    if (!list) {
        if (s->list_count == SCRIPT_LISTS_MAX)
            return false;
        list = &s->lists[s->list_count++];
        list->name = l->tokens[1].name;
    }
    return list->count < SCRIPT_OFFERS_MAX &&
           proposal_of(text, strncmp(name, "ike", 3) == 0, &list->at[list->count++]);
}

/* ---- lines ---- */

/* Cut at spaces that are not within parentheses. */
static bool cut(struct line *l, char *at)
{
    while (*at) {
        unsigned depth = 0;
        struct token *t = &l->tokens[l->count];
        while (isspace((unsigned char)*at))
            *at++ = 0;
        if (!*at)
            break;
        if (l->count++ == SCRIPT_TOKENS_MAX)
            return false;
        *t = (struct token){.name = at};
        for (; *at && (depth || !isspace((unsigned char)*at)); at++) {
            char here = *at;
            if (here == '(' && depth++ == 0) {
                *at = 0;
                t->args = at + 1;
            }
            if (here == ')' && depth > 0 && --depth == 0)
                *at = 0;
        }
        if (depth)
            return false;
    }
    return true;
}

/* What is known when the line is read; the others are done in their turn. */
static bool take_line(struct script *s, const struct line *l)
{
    const char *what = l->tokens[0].name;
    if (strcmp(what, "source") == 0)
        s->sources++;
    if (strcmp(what, "offer") == 0)
        return take_offer(s, l);
    if (strcmp(what, "secret") == 0)
        s->secret = l->rest;
    if (strcmp(what, "certificate") == 0)
        s->certificate = l->rest;
    if (strcmp(what, "user") == 0)
        s->user = l->rest;
    if (strcmp(what, "nat") == 0)
        s->nat = true;
    if (strcmp(what, "fragments") == 0)
        s->fragment_size = (unsigned)strtoul(l->rest, NULL, 10);
    return true;
}

static bool is_more(const char *text)
{
    return isspace((unsigned char)text[0]) && text[0] != '\n';
}

/* One line, with those behind it that begin with a space; comments are left out. NULL: the end. */
static char *whole_line(char **at, unsigned *number)
{
    char *begin = *at, *end;
    if (!*begin)
        return NULL;
    for (;;) {
        end = strchr(*at, '\n');
        (*number)++;
        *at = end ? end + 1 : *at + strlen(*at);
        if (!end || !is_more(*at))
            break;
        *end = ' ';
    }
    if (end)
        *end = 0;
    if (*begin == '#')
        *begin = 0;
    return begin;
}

static bool read_text(struct script *s, const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n;
    s->text = calloc(1, TEXT_MAX);
    s->whole = calloc(1, TEXT_MAX);
    if (!f || !s->text || !s->whole) {
        if (f)
            fclose(f);
        return false;
    }
    n = fread(s->text, 1, TEXT_MAX - 1, f);
    fclose(f);
    return n > 0 && n < TEXT_MAX - 1;
}

bool script_read(struct script *s, const char *path, struct text *why)
{
    char *at, *text, *copy;
    unsigned number = 0, last;
    *s = (struct script){0};
    if (!read_text(s, path)) {
        text_str(why, "it cannot be read");
        return false;
    }
    at = s->text;
    copy = s->whole;
    while ((last = number, text = whole_line(&at, &number)) != NULL) {
        struct line *l = &s->lines[s->count];
        if (text[strspn(text, " \t")] == 0)
            continue;
        *l = (struct line){.number = last + 1};
        strcpy(copy, text);
        l->rest = copy + strcspn(copy, " \t");
        l->rest += strspn(l->rest, " \t");
        copy += strlen(copy) + 1;
        if (++s->count == SCRIPT_LINES_MAX || !cut(l, text) || !take_line(s, l)) {
            text_str(why, "line ");
            text_u64(why, last + 1);
            text_str(why, " cannot be read");
            return false;
        }
    }
    return true;
}

void script_free(struct script *s)
{
    free(s->text);
    free(s->whole);
    *s = (struct script){0};
}
