/* A section of a control message as a section of the settings language. */
#ifndef CONTROL_TREE_VICI_H
#define CONTROL_TREE_VICI_H

#include "config/tree.h"
#include "vici/message.h"

/* The section of this name with what it holds; a list becomes a text with commas. Every origin is
 * "COMMAND: path.to.the.key", line 0. The tree lives in p and holds no octets of the message. NULL:
 * the report has an error. body must be sound (vici_fault_of()). */
struct section *tree_from_vici(struct pool *p, const char *command, const struct vici_item *section,
                               struct config_report *report);

#endif
