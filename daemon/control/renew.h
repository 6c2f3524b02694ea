/* Files of certificates and keys are used as they are now: when one changes in its folder, or
 * where a connection names it, all of them are looked at again. The configuration is not. */
#ifndef CONTROL_RENEW_H
#define CONTROL_RENEW_H

#include "proc/loop.h"

#define RENEW_SOON (SHRIKE_SECOND / 2)  /* what is changed file by file is gathered so long */
#define RENEW_EACH (60 * SHRIKE_SECOND) /* and behind links, where nobody tells of it */

struct control;

struct renew {
    struct source source; /* inotify */
    struct alarm soon, each;
    u64 print; /* of all files when they were last read */
    bool open, due;
};

void renew_open(struct control *c);
void renew_close(struct control *c);
/* They were just read. */
void renew_note(struct control *c);

#endif
