/* Tests of parent/listener.c and keyfiles.c, in a folder of their own. */
#include "parent/keyfiles.h"
#include "parent/listener.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/shrike-parent-XXXXXX";
static char socket_path[64], table_path[64], sa_path[64];

static int try_connect(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(at.sun_path, socket_path, strlen(socket_path));
    int error = connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
    close(fd);
    return error;
}

TEST(the_socket_is_for_root_and_its_group)
{
    struct stat s;
    int fd = listener_open(socket_path);
    CHECK(fd >= 0);
    CHECK(stat(socket_path, &s) == 0 && S_ISSOCK(s.st_mode));
    CHECK_EQ(s.st_mode & 0777, 0660);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(try_connect(), 0);
    listener_close(fd, socket_path);
    CHECK(access(socket_path, F_OK) != 0);
}

TEST(a_socket_that_nobody_serves_is_replaced)
{
    int fd = listener_open(socket_path);
    CHECK(fd >= 0);
    close(fd); /* as a process that was killed leaves it */
    CHECK_EQ(try_connect(), ECONNREFUSED);
    fd = listener_open(socket_path);
    CHECK(fd >= 0);
    CHECK_EQ(try_connect(), 0);
    listener_close(fd, socket_path);
}

TEST(a_socket_that_somebody_serves_is_not_touched)
{
    int fd = listener_open(socket_path);
    CHECK(fd >= 0);
    CHECK_EQ(listener_open(socket_path), -1);
    CHECK_EQ(try_connect(), 0);
    listener_close(fd, socket_path);
}

TEST(a_file_is_not_removed_for_a_socket)
{
    int fd = open(socket_path, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ(listener_open(socket_path), -1);
    CHECK(access(socket_path, F_OK) == 0);
    CHECK(unlink(socket_path) == 0);
    CHECK_EQ(listener_open("/nowhere/at/all"), -1);
}

TEST(key_files_grow_and_are_for_their_owner)
{
    struct keyfiles k;
    struct stat s;
    CHECK(keyfiles_open(&k, folder));
    CHECK(write(k.fd[0], "one", 3) == 3);
    keyfiles_close(&k);
    CHECK_EQ(k.fd[0], -1);
    CHECK(keyfiles_open(&k, folder));
    CHECK(write(k.fd[0], "two", 3) == 3);
    CHECK(stat(table_path, &s) == 0);
    CHECK_EQ(s.st_size, 6);
    CHECK_EQ(s.st_mode & 0777, 0600);
    CHECK(stat(sa_path, &s) == 0);
    keyfiles_close(&k);
    CHECK(unlink(table_path) == 0 && unlink(sa_path) == 0);
}

TEST(a_link_in_place_of_a_key_file_is_refused)
{
    struct keyfiles k;
    CHECK(symlink("/dev/null", sa_path) == 0);
    CHECK(!keyfiles_open(&k, folder));
    CHECK_EQ(k.fd[0], -1);
    CHECK_EQ(k.fd[1], -1);
    CHECK(unlink(table_path) == 0 && unlink(sa_path) == 0);
    CHECK(!keyfiles_open(&k, "/nowhere"));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    snprintf(table_path, sizeof table_path, "%s/ikev2_decryption_table", folder);
    snprintf(sa_path, sizeof sa_path, "%s/esp_sa", folder);
    int failed =
        RUN(the_socket_is_for_root_and_its_group) | RUN(a_socket_that_nobody_serves_is_replaced) |
        RUN(a_socket_that_somebody_serves_is_not_touched) |
        RUN(a_file_is_not_removed_for_a_socket) | RUN(key_files_grow_and_are_for_their_owner) |
        RUN(a_link_in_place_of_a_key_file_is_refused);
    unlink(socket_path);
    unlink(table_path);
    unlink(sa_path);
    return failed | (rmdir(folder) != 0);
}
