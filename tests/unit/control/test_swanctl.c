/* The tool that others bring, against the role: what it understands of our answers. Skipped where
 * it is not installed. */
#include "sas_net.h"
#include <fcntl.h>
#include <sys/wait.h>

static const char conf[] = "connections {\n gw { local_addrs = 192.0.2.1\n"
                           "  remote_addrs = 198.51.100.2\n  local { auth = psk\n id = left }\n"
                           "  remote { auth = psk\n id = right }\n"
                           "  children { net { remote_ts = 10.2.0.0/16 } } }\n}\n";
static const char loaded[] =
    "connections {\n extra { local_addrs = 192.0.2.1\n"
    "  remote_addrs = 203.0.113.9, 203.0.113.10\n"
    "  proposals = aes256-sha256-modp3072, default\n"
    "  local { auth = psk\n id = me }\n  remote { auth = psk\n id = you }\n"
    "  children { a { remote_ts = 10.7.0.0/16, 10.8.0.0/16\n"
    "   esp_proposals = aes128gcm16-x25519 } } }\n}\n"
    "secrets { ike-1 { secret = abc\n id-1 = me\n id-2 = you } }\n";

static const char *const programs[] = {"/usr/sbin/swanctl", "/usr/bin/swanctl"};
static const char *program;
static char out[65536];
static size_t out_len;
static int code;

static void read_some(int fd)
{
    ssize_t n = read(fd, out + out_len, sizeof out - 1 - out_len);
    out_len += n > 0 ? (size_t)n : 0;
    out[out_len] = 0;
}

/* Start it; what it prints is read while the loop turns. */
static pid_t start(int *fd, const char *const *arguments)
{
    char uri[128];
    const char *all[16] = {program};
    int n = 1, pipe_of[2];
    snprintf(uri, sizeof uri, "unix://%s", t.path);
    for (; arguments[n - 1]; n++)
        all[n] = arguments[n - 1];
    all[n] = "--uri";
    all[n + 1] = uri;
    out_len = 0;
    if (pipe2(pipe_of, O_CLOEXEC | O_NONBLOCK) != 0)
        abort();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_of[1], STDOUT_FILENO);
        dup2(pipe_of[1], STDERR_FILENO);
        execv(program, (char *const *)(uintptr_t)all);
        _exit(127);
    }
    close(pipe_of[1]);
    *fd = pipe_of[0];
    return pid;
}

/* Until it ends, ten seconds at most. */
static bool wait_for(pid_t pid, int fd)
{
    shrike_time end = loop_clock(t.loop) + 10 * SHRIKE_SECOND;
    int status = 0;
    pid_t ended = 0;
    while (loop_clock(t.loop) < end && (ended = waitpid(pid, &status, WNOHANG)) == 0) {
        loop_turn(t.loop, 5 * SHRIKE_MS);
        read_some(fd);
    }
    read_some(fd);
    close(fd);
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ended == pid;
}

static bool run(const char *const *arguments)
{
    int fd;
    pid_t pid = start(&fd, arguments);
    return wait_for(pid, fd);
}
#define SWANCTL(...) run((const char *const[]){__VA_ARGS__, NULL})

static bool has(const char *part)
{
    if (!strstr(out, part))
        printf("# no '%s' in\n%s\n", part, out);
    return strstr(out, part) != NULL;
}

static void begin(void)
{
    sas_many = 0;
    table_begin(conf);
    table_fit();
    t.net.answer = sas_answer;
    t.esp.answer = sas_count;
}

TEST(listings)
{
    begin();
    CHECK(SWANCTL("--list-sas") && code == 0);
    CHECK(has("gw: #7, ESTABLISHED, IKEv2, 0123456789abcdef_i* fedcba9876543210_r"));
    CHECK(has("local  'left' @ 192.0.2.1[4500]") && has("remote 'right' @ 198.51.100.2[4500]"));
    CHECK(has("AES_GCM_16-256/PRF_HMAC_SHA2_256/MODP_3072") && has("established 7s ago"));
    CHECK(has("net: #12, reqid 3, INSTALLED, TUNNEL-in-UDP, ESP:AES_CBC-128/HMAC_SHA2_256_128"));
    CHECK(has("in  c1234567,   1200 bytes,    12 packets,     3s ago"));
    CHECK(has("local  10.2.0.0/16"));
    CHECK(SWANCTL("--list-conns") && code == 0 &&
          has("gw: IKEv2, no reauthentication, rekeying every 14400s"));
    CHECK(has("local pre-shared key authentication:") && has("id: right"));
    CHECK(has("net: TUNNEL, rekeying every 3600s") && has("remote: 10.2.0.0/16"));
    CHECK(SWANCTL("--stats") && code == 0 && has("uptime:"));
    table_end();
}

TEST(initiate_and_terminate)
{
    int fd;
    begin();
    pid_t pid =
        start(&fd, (const char *const[]){"--initiate", "--child", "net", "--timeout", "5", NULL});
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 1);
    const struct shrike_event up = {.id = SHRIKE_EVENT_IKE_UP, .ike = 3, .conn = "gw"};
    tell_event(&up);
    conclude(last_command().reference, SHRIKE_REASON_NONE);
    CHECK(wait_for(pid, fd) && code == 0);
    CHECK(has("[IKE] gw[3]: IKE SA established") && has("initiate completed successfully"));
    pid = start(&fd, (const char *const[]){"--terminate", "--ike", "gw", NULL});
    UNTIL(count_of(&t.net, MAIL_COMMAND) == 2);
    conclude(last_command().reference, SHRIKE_REASON_TIMEOUT);
    CHECK(wait_for(pid, fd) && code != 0);
    CHECK(has("terminate failed: the peer does not answer; check addresses"));
    table_end();
}

/* As its unit file does at each start: load all, then again with less. */
TEST(load_all)
{
    char path[128];
    begin();
    snprintf(path, sizeof path, "%s/all.conf", t.folder);
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(loaded, f) >= 0 && fclose(f) == 0);
    CHECK(SWANCTL("--load-all", "--file", path));
    CHECK(has("loaded connection 'extra'") && has("loaded ike secret 'ike-1'"));
    CHECK_EQ(code, 0);
    UNTIL(t.net.snapshot->conf.conn_count == 2);
    CHECK(t.net.snapshot->conf.conns[1].proposal_count > 1);
    CHECK_EQ(t.net.snapshot->conf.conns[1].children->remote_ts_count, 2);
    f = fopen(path, "w");
    CHECK(f && fclose(f) == 0);
    CHECK(SWANCTL("--load-all", "--file", path, "--noprompt") && code == 0);
    UNTIL(t.net.snapshot->conf.conn_count == 1);
    CHECK_EQ(t.net.snapshot->conf.conn_count, 1);
    CHECK_EQ(count_of(&t.keys, MAIL_SECRET), 2); /* one added, one removed */
    unlink(path);
    table_end();
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(programs) && !program; i++)
        program = access(programs[i], X_OK) == 0 ? programs[i] : NULL;
    if (!program) {
        printf("skip swanctl: it is not installed\n");
        return 0;
    }
    return RUN(listings) | RUN(initiate_and_terminate) | RUN(load_all);
}
