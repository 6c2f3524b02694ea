/* A terminal that is drawn anew in place: its own page, keys without a line feed, all given back at
 * the end, by whatever signal. Plain escape sequences that every terminal of today obeys. */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include "base/bytes.h"
#include <stdio.h>

struct screen {
    int in;
    FILE *out;
    unsigned width, height; /* as they were when last looked at */
};

/* false: these two are no terminal. One at a time. */
bool screen_open(struct screen *s, int in, FILE *out) must_use;
void screen_close(struct screen *s);
/* Show these lines from the top; what is below or beside the screen is cut off. */
void screen_draw(struct screen *s, const char *text);
/* Wait so long for a key. What came: a key, 0 for none, or for a screen of another size; a negative
 * value: there is an end to it. */
int screen_key(struct screen *s, int wait_ms);

#endif
