/* ops/radiusfile: every field comes over, and what is none is refused. */
#include "ops/radiusfile.h"
#include "test.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct settings_radius sample(void)
{
    struct settings_radius s = {.server_count = 2,
                                .tries = 3,
                                .backoff = 140,
                                .eap_start = true,
                                .class_group = true,
                                .filter_id = true,
                                .with_port = true,
                                .accounting = true,
                                .accounting_class = true,
                                .accounting_vip = true,
                                .close_on_timeout = true,
                                .accounting_s = 300,
                                .dae = {{10, 0, 0, 1}, 3799, 4, 0},
                                .dae_secret_len = 2,
                                .dae_secret = "ab",
                                .first = 5,
                                .id_prefix = "0"};
    s.server_count = 3;
    s.servers[2] = (struct settings_radius_server){.name = "b",
                                                   .host = "radius.example",
                                                   .ends = {{.port = 1}, {.port = 2}},
                                                   .sockets = 1,
                                                   .secret_len = 1,
                                                   .secret = "k"};
    for (u16 i = 0; i < 2; i++)
        s.servers[i] = (struct settings_radius_server){
            .name = "a",
            .nas_identifier = "gate",
            .ends = {{{10, 0, 0, 1}, 1812, 4, 0}, {{10, 0, 0, 2}, 1813, 4, 0}},
            .source = {{10, 0, 0, 9}, 4},
            .preference = 7u + i,
            .sockets = 2,
            .secret_len = 3,
            .secret = "key"};
    return s;
}

TEST(every_field_comes_over)
{
    struct settings_radius s = sample(), out;
    int fd = radius_seal_file(&s);
    CHECK(fd >= 0 && radius_open_file(fd, &out));
    CHECK_BYTES(&s, &out, sizeof(s));
    close(fd);
}

TEST(what_is_cut_or_longer_is_none)
{
    u8 octets[RADIUS_FILE_MAX];
    struct settings_radius s = sample(), out;
    struct writer w = writer_of(octets, sizeof(octets));
    radius_write(&w, &s);
    for (size_t n = 0; n < written(&w); n++) {
        struct reader r = reader_of(bytes_of(octets, n));
        CHECK(!radius_read(&r, &out) && out.server_count == 0);
    }
    struct reader r = reader_of(bytes_of(octets, written(&w) + 1));
    CHECK(!radius_read(&r, &out));
    octets[1] = SETTINGS_RADIUS_SERVERS + 1;
    r = reader_of(written_bytes(&w));
    CHECK(!radius_read(&r, &out));
}

TEST(a_file_that_somebody_could_change_is_none)
{
    u8 octets[RADIUS_FILE_MAX];
    struct settings_radius s = sample(), out;
    struct writer w = writer_of(octets, sizeof(octets));
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    radius_write(&w, &s);
    CHECK(fd >= 0 && write(fd, octets, written(&w)) == (ssize_t)written(&w));
    CHECK(!radius_open_file(fd, &out));
    close(fd);
    CHECK(!radius_open_file(-1, &out));
}

int main(void)
{
    return RUN(every_field_comes_over) | RUN(what_is_cut_or_longer_is_none) |
           RUN(a_file_that_somebody_could_change_is_none);
}
