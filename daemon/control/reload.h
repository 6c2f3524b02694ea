/* Reading the files again: all of it is looked at, then it is taken, or nothing changes. */
#ifndef CONTROL_RELOAD_H
#define CONTROL_RELOAD_H

#include "config/config.h"
#include "vici/server.h"

struct control;

/* The files that the command line names. */
struct config_files reload_from(const struct control *c);
/* false: they have errors, which are in c->report and were said; nothing has changed. */
bool reload_files(struct control *c);

/* The command shrike-reload: what differs is told; with dry-run = yes nothing is changed. */
enum vici_reply reload_command(void *ctx, const struct vici_request *r, struct vici_writer *answer);

#endif
