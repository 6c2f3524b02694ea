/* Files of session keys for tshark: see keyfiles.h. */
#include "parent/keyfiles.h"
#include "parent/tell.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH = 160 };

static const char *const names[] = {"ikev2_decryption_table", "esp_sa"};

bool keyfiles_open(struct keyfiles *k, const char *folder)
{
    k->fd[0] = k->fd[1] = -1;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[PATH];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        k->fd[i] = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (k->fd[i] < 0) {
            keyfiles_close(k);
            return complain("cannot write %s: %s: make the folder, or leave shrike.unsafe_keys "
                            "out",
                            path, strerror(errno));
        }
    }
    return true;
}

void keyfiles_close(struct keyfiles *k)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (k->fd[i] >= 0)
            close(k->fd[i]);
        k->fd[i] = -1;
    }
}
