/* Words for the service manager: see notify.h. */
#include "parent/notify.h"
#include "base/bytes.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or behind an @ a name without a file. 0: neither. */
static socklen_t place(const char *name, struct sockaddr_un *at)
{
    size_t len = strlen(name);
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || len >= sizeof at->sun_path)
        return 0;
    memcpy(at->sun_path, name, len);
    if (name[0] == '@')
        at->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool notify(const char *format, ...)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un at;
    socklen_t len = name ? place(name, &at) : 0;
    int fd = len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return false;
    char text[NOTIFY_MAX];
    va_list args;
    va_start(args, format);
    int said = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t size = MIN((size_t)MAX(said, 0), sizeof text - 1);
    bool heard = sendto(fd, text, size, MSG_NOSIGNAL, (struct sockaddr *)&at, len) == (ssize_t)size;
    close(fd);
    return heard;
}
