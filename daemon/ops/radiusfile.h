/* Servers of RADIUS on their way from control to eap: octets in a sealed memory file, for there are
 * secrets in them. */
#ifndef OPS_RADIUSFILE_H
#define OPS_RADIUSFILE_H

#include "base/cursor.h"
#include "config/settings.h"

#define RADIUS_FILE_MAX 16384 /* octets */

void radius_write(struct writer *w, const struct settings_radius *s);
/* false: it is none; then *s has no server. */
bool radius_read(struct reader *r, struct settings_radius *s) must_use;

/* In a new file; -1: the system refuses. */
int radius_seal_file(const struct settings_radius *s) must_use;
/* Out of a file that nobody can change any more; the descriptor stays the caller's. */
bool radius_open_file(int fd, struct settings_radius *s) must_use;

#endif
