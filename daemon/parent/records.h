/* The file with the records of the IKE SAs: held here, written by net. */
#ifndef PARENT_RECORDS_H
#define PARENT_RECORDS_H

#include "parent/tell.h"

/* A memory file, which ends with this process. -1: the system refuses. */
int records_memory(void) must_use;
/* The file of this name, made or found: a regular file of ours, which nobody else may read or write
 * and no other daemon uses. What it holds is kept if it was written since the host was started.
 * -1: it cannot be; stderr says why. */
int records_file(const char *path, const struct tell *t) must_use;
/* An orderly end, after that of net: the file is emptied and removed. fd stays the caller's. */
void records_remove(int fd, const char *path);

#endif
