/* What the service manager that has started the daemon is told of it: sd_notify(3). */
#ifndef PARENT_NOTIFY_H
#define PARENT_NOTIFY_H

#include <stdbool.h>

#define NOTIFY_MAX 256 /* octets of what is said at once; the rest is left out */

/* Lines such as "READY=1", as with printf, to the socket that NOTIFY_SOCKET in the environment
 * names. It does not wait. true: there was somebody to hear it. */
bool notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
