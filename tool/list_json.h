/* The listing as JSON, as shrike(1) documents it: fields are only ever added. */
#ifndef TOOL_LIST_JSON_H
#define TOOL_LIST_JSON_H

#include "tool/tunnels.h"
#include <stdio.h>

void list_json(const struct tunnels *t, FILE *out);

#endif
