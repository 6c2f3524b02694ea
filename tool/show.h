/* Values as people read them. Nothing that comes from the socket reaches a terminal unescaped. */
#ifndef TOOL_SHOW_H
#define TOOL_SHOW_H

#include "base/text.h"
#include <stdio.h>

/* Printable ASCII as it is, everything else as \xNN: for a terminal, not to be read back. */
void show_safe(struct text *t, struct bytes b);
void show_to(FILE *f, struct bytes b); /* the same to a stream, of any length */

/* Words as show_to() does, on lines of a terminal so wide, 0 for no limit; behind so many columns,
 * where the first line begins already. */
void show_words(FILE *f, struct bytes b, unsigned indent, unsigned width);

size_t show_columns(struct bytes b); /* that it takes */

/* The words at the beginning that fit into so many columns, or a part of one that is wider; they
 * are taken off, and the blank behind them. */
struct bytes show_piece(struct bytes *rest, size_t columns);

void show_octets(struct text *t, u64 octets); /* 0 B, 999 B, 1.2 KiB, 300 MiB */
void show_age(struct text *t, u64 seconds);   /* 45s, 12m, 3h12m, 2d4h */
void show_time(struct text *t, u64 seconds);  /* since 1970: 2024-05-01 12:00:00, local time */

/* A decimal number, of at most 64 bits, and nothing else. false: it is none. */
bool show_number(struct bytes b, u64 *out) must_use;

/* Colours, where they are wanted. */
enum paint { PAINT_NONE, PAINT_GOOD, PAINT_BAD, PAINT_WAIT, PAINT_DIM, PAINT_HEAD };
const char *paint_on(enum paint p, bool colour); /* "" without colour */
const char *paint_off(enum paint p, bool colour);

#endif
