/* `shrike check`: mistakes with their lines, doubts, and two sides that do not fit. */
#include "fake.h"
#include "tool/check.h"

static struct bench b;
static char folder[] = "/tmp/shrike-check-XXXXXX";
static char paths[2][64];

/* A connection of one side: what a test changes stands at the end of its sections. */
struct side {
    const char *local, *remote, *conn, *child, *secret;
};
static const struct side west = {"west", "east", "", "", "one"};

static void write_side(unsigned i, const struct side *s, const char *more)
{
    FILE *f = fopen(paths[i], "w");
    if (!f)
        abort();
    fprintf(
        f,
        "connections {\n net {\n  local_addrs = 192.0.2.%u\n  remote_addrs = 192.0.2.%u\n  %s\n"
        "  local {\n auth = psk\n id = %s\n }\n  remote {\n auth = psk\n id = %s\n }\n"
        "  children {\n lan {\n local_ts = 10.%u.0.0/16\n remote_ts = 10.%u.0.0/16\n %s\n }\n }\n"
        " }\n}\nsecrets {\n ike-net {\n id-1 = %s\n id-2 = %s\n secret = %s\n }\n}\n%s",
        i + 1, 2 - i, s->conn, s->local, s->remote, i + 1, 2 - i, s->child, s->local, s->remote,
        s->secret, more);
    fclose(f);
}

static int check(bool both)
{
    char *const arguments[] = {paths[0], both ? paths[1] : NULL, NULL};
    bench_open(&b, fake_serve);
    int code = command_check(&b.tool, arguments);
    bench_flush(&b);
    return code;
}

/* Is there a line about the first file that says this? */
static bool says(const char *severity, const char *part)
{
    char *line = b.out;
    for (char *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        bool it = strstr(line, part) && strstr(line, severity) &&
                  strncmp(line, paths[0], strlen(paths[0])) == 0;
        *end = '\n';
        if (it)
            return true;
    }
    printf("# it says:\n# %s\n", b.out);
    return false;
}

static bool is_well(void)
{
    bool well = strcmp(b.out, "nothing to say against it\n") == 0;
    if (!well)
        printf("# it says:\n# %s\n", b.out);
    return well;
}

TEST(a_sound_file)
{
    write_side(0, &west, "");
    CHECK_EQ(check(false), TOOL_DONE);
    CHECK(is_well());
    bench_close(&b);
}

TEST(all_mistakes_at_once)
{
    struct side s = west;
    s.conn = "lokal = 1";
    s.child = "esp_proposals = aes129";
    write_side(0, &s, "");
    CHECK_EQ(check(false), TOOL_FAILED);
    CHECK(says(":5: error", "lokal") && says("error", "aes129"));
    CHECK(strstr(b.out, "2 errors, 0 warnings\n"));
    bench_close(&b);
    paths[0][0] = '!';
    CHECK_EQ(check(false), TOOL_FAILED);
    paths[0][0] = '/';
    bench_close(&b);
}

static void with(const char *remote, const char *ts, const char *owner)
{
    char more[1024];
    bool own = strcmp(owner, "east") == 0;
    snprintf(
        more, sizeof more,
        "connections {\n more {\n remote_addrs = %%any\n local {\n auth = psk\n id = west\n }\n"
        " remote {\n auth = psk\n id = %s\n }\n children {\n lan {\n local_ts = 10.1.7.0/24\n"
        " remote_ts = %s\n }\n }\n }\n}\nsecrets {\n ike-more {\n id-1 = %s\n id-2 = %s\n"
        " secret = x\n }\n}\n",
        remote, ts, own ? "west" : "nobody", owner);
    write_side(0, &west, more);
    CHECK_EQ(check(false), TOOL_DONE);
}

TEST(what_is_surely_not_meant)
{
    with("north", "10.9.0.0/16", "north");
    CHECK(is_well());
    bench_close(&b);
    with("north", "10.2.3.0/24", "north");
    CHECK(says("warning", "packets of more/lan are also those of net/lan"));
    bench_close(&b);
    with("east", "10.9.0.0/16", "east");
    CHECK(says("warning", "secret ike-more is never used: ike-net"));
    bench_close(&b);
    write_side(
        0, &(struct side){"west", "east", "", "", "one"},
        "connections {\n twin {\n  local_addrs = 192.0.2.1\n  remote_addrs = 192.0.2.2\n"
        " local {\n auth = psk\n id = west\n }\n remote {\n auth = psk\n id = east\n }\n }\n}\n");
    CHECK_EQ(check(false), TOOL_DONE);
    CHECK(says("warning", "is always taken for the latter"));
    bench_close(&b);
}

/* Each with each has its limit, and what is left out is said. */
TEST(more_than_are_compared)
{
    FILE *f = fopen(paths[0], "w");
    if (!f)
        abort();
    fputs("connections {\n net {\n local {\n auth = psk\n id = west\n }\n remote {\n auth = psk\n"
          " id = east\n }\n }\n}\nsecrets {\n",
          f);
    for (unsigned i = 0; i < 2001; i++)
        fprintf(f, " ike-%u {\n id = host-%u\n secret = x\n }\n", i, i);
    fputs(" ike {\n secret = x\n }\n}\n", f);
    fclose(f);
    CHECK_EQ(check(false), TOOL_DONE);
    CHECK(says("warning", "more than 2000 were not compared"));
    bench_close(&b);
}

TEST(nobody_has_a_secret)
{
    static const struct {
        const char *ids;
        bool fits;
    } rows[] = {{"", true}, {"id = east\n", true}, {"id = west\n", true}, {"id = north\n", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        FILE *f = fopen(paths[0], "w");
        if (!f)
            abort();
        fprintf(f,
                "connections {\n net {\n local {\n auth = psk\n id = west\n }\n remote {\n"
                " auth = psk\n id = east\n }\n }\n}\nsecrets {\n ike {\n %s secret = x\n }\n}\n",
                rows[i].ids);
        fclose(f);
        CHECK_EQ(check(false), TOOL_DONE);
        CHECK(rows[i].fits ? is_well() : says("warning", "there is no secret for west and east"));
        bench_close(&b);
    }
}

/* Shunts alone are nobody's: there is nobody to believe. */
TEST(shunts_need_no_secret)
{
    FILE *f = fopen(paths[0], "w");
    if (!f)
        abort();
    fputs("connections {\n lan {\n remote_addrs = 127.0.0.1\n children {\n lan {\n"
          " local_ts = 10.0.0.0/8\n remote_ts = 10.0.0.0/8\n mode = pass\n start_action = trap\n"
          " }\n }\n }\n}\n",
          f);
    fclose(f);
    CHECK_EQ(check(false), TOOL_DONE);
    CHECK(is_well());
    bench_close(&b);
}

TEST(two_sides)
{
    static const struct {
        struct side here, there;
        const char *says; /* NULL: they fit */
    } rows[] = {
        {{"west", "east", "", "", "one"}, {"east", "west", "", "", "one"}, NULL},
        {{"west", "east", "", "", "one"}, {"east", "west", "", "", "two"}, "secret ike-net is not"},
        {{"west", "east", "", "", "one"}, {"south", "west", "", "", "one"}, "wants east, and net"},
        {{"west", "east", "", "", "one"},
         {"east", "north", "", "", "one"},
         "is called west, and net"},
        {{"west", "east", "proposals = aes128-sha256-x25519", "", "one"},
         {"east", "west", "proposals = aes256-sha256-x25519", "", "one"},
         "no IKE proposal of connection net is one of net"},
        {{"west", "east", "proposals = aes128-sha256-x25519", "", "one"},
         {"east", "west", "proposals = aes128-sha256-modp2048", "", "one"},
         "key exchange group differs"},
        {{"west", "east", "", "esp_proposals = aes128gcm16", "one"},
         {"east", "west", "", "esp_proposals = aes256gcm16", "one"},
         "no ESP proposal of child lan"},
        {{"west", "east", "", "esp_proposals = aes128gcm16-x25519", "one"},
         {"east", "west", "", "esp_proposals = aes128gcm16", "one"},
         "fails at the first rekey: key exchange group differs"},
        {{"west", "east", "", "esp_proposals = aes128gcm16-x25519-modp2048", "one"},
         {"east", "west", "", "esp_proposals = aes128gcm16-modp2048", "one"},
         NULL},
        {{"west", "east", "", "remote_ts = 10.8.0.0/16", "one"},
         {"east", "west", "", "", "one"},
         "has traffic in common with child lan"},
        {{"west", "east", "", "mode = transport", "one"},
         {"east", "west", "", "", "one"},
         "is in transport mode"},
        {{"west", "east", "vips = 0.0.0.0", "", "one"},
         {"east", "west", "", "", "one"},
         "has no pools"},
        {{"west", "east", "childless = force", "", "one"},
         {"east", "west", "childless = never", "", "one"},
         "does not agree"},
        {{"west", "*.example", "", "", "one"}, {"east.example", "west", "", "", "one"}, NULL},
        {{"west", "east", "remote_addrs = 192.0.2.77", "", "one"},
         {"east", "west", "", "", "one"},
         "no connection of the other side has the addresses"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        write_side(0, &rows[i].here, "");
        write_side(1, &rows[i].there, "");
        CHECK_EQ(check(true), TOOL_DONE);
        CHECK(rows[i].says ? says("warning", rows[i].says) : is_well());
        bench_close(&b);
    }
}

TEST(as_json)
{
    struct side s = west;
    s.conn = "lokal = 1";
    write_side(0, &s, "");
    char *const arguments[] = {paths[0], NULL};
    bench_open(&b, fake_serve);
    b.tool.json = true;
    CHECK_EQ(command_check(&b.tool, arguments), TOOL_FAILED);
    bench_flush(&b);
    CHECK(strstr(b.out, "\"line\": 5") && strstr(b.out, "\"severity\": \"error\""));
    bench_close(&b);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    for (unsigned i = 0; i < 2; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%c.conf", folder, 'a' + (int)i);
    int failed = RUN(a_sound_file) | RUN(all_mistakes_at_once) | RUN(what_is_surely_not_meant) |
                 RUN(more_than_are_compared) | RUN(nobody_has_a_secret) |
                 RUN(shunts_need_no_secret) | RUN(two_sides) | RUN(as_json);
    unlink(paths[0]);
    unlink(paths[1]);
    rmdir(folder);
    return failed;
}
