/* The control socket: see listener.h. */
#include "parent/listener.h"
#include "parent/tell.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 32 };

static int socket_new(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Does somebody answer there? What has a full queue does, too. */
static bool is_served(const struct sockaddr_un *at)
{
    int fd = socket_new();
    bool served = fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ||
                  errno != ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return served;
}

/* Make room at the path when only a dead socket lies there. */
static bool clear(const struct sockaddr_un *at)
{
    struct stat s;
    if (lstat(at->sun_path, &s) != 0)
        return true; /* nothing there, or bind() says what is wrong */
    if (!S_ISSOCK(s.st_mode))
        return complain("%s is there and no socket: give another path in shrike.control_socket "
                        "or --control-socket",
                        at->sun_path);
    if (is_served(at))
        return complain("somebody answers at %s: another daemon runs: end it, or give another "
                        "path in shrike.control_socket or --control-socket",
                        at->sun_path);
    return unlink(at->sun_path) == 0 ||
           complain("cannot remove %s: %s", at->sun_path, strerror(errno));
}

int listener_open(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path) {
        complain("%s: the path of a socket has less than %zu characters", path, sizeof at.sun_path);
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path));
    if (!clear(&at))
        return -1;
    int fd = socket_new();
    mode_t mask = umask(0117);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    umask(mask);
    if (bound && listen(fd, BACKLOG) == 0)
        return fd;
    complain("cannot make the control socket %s: %s: give a path in a folder that is there in "
             "shrike.control_socket or --control-socket",
             path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

void listener_close(int fd, const char *path)
{
    if (fd < 0)
        return;
    unlink(path);
    close(fd);
}
