/* JSON as it is written: two blanks a level, or all on one line, UTF-8, nothing that a terminal
 * would obey. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "base/bytes.h"
#include <stdio.h>

struct json {
    FILE *out;
    bool line; /* all on one line: of what comes and comes, each thing has its own */
    unsigned depth;
    bool more; /* something stands before on this level */
};

/* `key` is NULL in a list and at the top. */
void json_begin(struct json *j, const char *key, char open); /* '{' or '[' */
void json_end(struct json *j, char close);
void json_text(struct json *j, const char *key, struct bytes value);    /* value.at NULL: null */
void json_number(struct json *j, const char *key, struct bytes digits); /* null when it is none */
void json_u64(struct json *j, const char *key, u64 value);
void json_tenths(struct json *j, const char *key, u64 tenths); /* 15: 1.5 */
void json_flag(struct json *j, const char *key, bool value);

#endif
