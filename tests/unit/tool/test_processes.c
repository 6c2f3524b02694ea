/* What the system says of a process; that the daemon's are listed, tests/net/rights.sh shows. */
#include "base/text.h"
#include "fake.h"
#include "tool/processes.h"

static const char status[] = "Name:\tshriked-net\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t812\n"
                             "Uid:\t64610\t64610\t64610\t64610\nGid:\t64610\t64610\t64610\t64610\n"
                             "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
                             "CapEff:\t0000000000001004\nCapBnd:\t00000000000435e4\n"
                             "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n";

TEST(a_status_is_read)
{
    struct process p = {.role = "net"};
    CHECK(process_read(status, &p));
    CHECK_TEXT(p.name, "shriked-net");
    CHECK_EQ(p.uid, 64610);
    CHECK_EQ(p.effective, 0x1004);
    CHECK_EQ(p.bounding, 0x435e4);
    CHECK(p.no_new_privileges && p.seccomp == 2);
}

TEST(what_is_missing_is_missing)
{
    struct process p;
    char text[sizeof(status)];
    CHECK(!process_read("", &p));
    for (size_t i = 0; status[i]; i++) {
        const bool line = i == 0 || status[i - 1] == '\n';
        static const char *const keys[] = {
            "Name:", "Uid:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:"};
        memcpy(text, status, sizeof(text));
        for (size_t k = 0; line && k < ARRAY_LEN(keys); k++) {
            if (strncmp(text + i, keys[k], strlen(keys[k])) != 0)
                continue;
            text[i] = 'x';
            CHECK(!process_read(text, &p));
        }
    }
}

static const char *names(u64 set)
{
    static char room[1024];
    struct text t = text_of(room, sizeof(room));
    process_capabilities(&t, set);
    return room;
}

TEST(capabilities_have_names)
{
    CHECK_TEXT(names(0), "none");
    CHECK_TEXT(names(0x4), "dac_read_search");
    CHECK_TEXT(names(0x435e4), "dac_read_search kill setgid setuid setpcap net_bind_service "
                               "net_admin net_raw sys_chroot");
    CHECK_TEXT(names(0x1ffffffffff), "all");
    CHECK_TEXT(names((u64)1 << 40 | (u64)1 << 63), "checkpoint_restore 63");
}

TEST(the_daemon_is_asked)
{
    struct bench b;
    bench_open(&b, fake_serve);
    CHECK_EQ(command_processes(&b.tool, NULL), TOOL_DONE);
    bench_flush(&b);
    CHECK(strncmp(b.out, "process ", 8) == 0);
    bench_close(&b);
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_processes(&b.tool, NULL), TOOL_DONE);
    bench_flush(&b);
    CHECK(b.out[0] == '[');
    bench_close(&b);
}

int main(void)
{
    return RUN(a_status_is_read) | RUN(what_is_missing_is_missing) | RUN(capabilities_have_names) |
           RUN(the_daemon_is_asked);
}
