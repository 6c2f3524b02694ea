/* The file with the records of the IKE SAs: held here, written by net. */
#ifndef PARENT_RECORDS_H
#define PARENT_RECORDS_H

#include "base/bytes.h"

/* A memory file, which ends with this process. -1: the system refuses. */
int records_memory(void) must_use;

#endif
