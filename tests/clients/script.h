/* What a client is seen to do, as text: where that is known from, what it offers, and its messages
 * one after the other (tests/clients/README.md). */
#ifndef CLIENTS_SCRIPT_H
#define CLIENTS_SCRIPT_H

#include "base/text.h"
#include "wire/proposal.h"

#define SCRIPT_LINES_MAX  128
#define SCRIPT_TOKENS_MAX 40 /* of one line */
#define SCRIPT_LISTS_MAX  8
#define SCRIPT_OFFERS_MAX 24 /* proposals of one list */

/* NAME or NAME(ARGS). */
struct token {
    const char *name;
    const char *args; /* NULL: none */
};

struct line {
    unsigned number;
    unsigned count;
    struct token tokens[SCRIPT_TOKENS_MAX]; /* the first one says what the line is */
    const char *rest;                       /* all behind the first, as it stands */
};

/* Proposals of one name, in the order of the text. */
struct offers {
    const char *name;
    unsigned count;
    struct proposal at[SCRIPT_OFFERS_MAX];
};

struct script {
    char *text;  /* cut into pieces */
    char *whole; /* the same, one line after the other, for `rest` */
    struct line lines[SCRIPT_LINES_MAX];
    unsigned count;
    struct offers lists[SCRIPT_LISTS_MAX];
    unsigned list_count;
    const char *secret;
    const char *certificate; /* the client's (model.h) */
    const char *user;        /* of EAP */
    unsigned fragment_size;  /* octets of IP; 0: as we do */
    bool nat;
    unsigned sources;
};

/* false: why, with the line. */
bool script_read(struct script *s, const char *path, struct text *why) must_use;
void script_free(struct script *s);
/* NULL: there is none of this name. */
const struct offers *script_offers(const struct script *s, const char *name);

/* The next word of *at, cut out into `word`; false: there is none, or it is too long. */
#define WORD_MAX 512
bool next_word(const char **at, char word[WORD_MAX]);

#endif
