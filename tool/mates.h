/* Two configurations that are to talk to each other: where they do not fit, found by the code that
 * negotiates. */
#ifndef TOOL_MATES_H
#define TOOL_MATES_H

#include "config/config.h"

/* Warnings, each at a place in `a` and with the one in `b`. */
void mates_compare(const struct config *a, const struct config *b, struct config_report *report);

#endif
