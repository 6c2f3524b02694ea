/* docs/CONFIGURATION.md is the table of keys: every key stands below its heading, as it is. */
#include "config/keys.h"
#include "tools.h"

static const struct key keys[] = {
#define KEY(scope, name, since, state, calm, meaning)                                              \
    {KEY_##scope, name, since, KEY_##state, calm, meaning},
#include "config/keys.def"
#undef KEY
};

static const char *const headings[] = {
    [KEY_SHRIKE] = "## shrike",
    [KEY_CONN] = "## connections.<conn>",
    [KEY_LOCAL] = "## connections.<conn>.local",
    [KEY_REMOTE] = "## connections.<conn>.remote",
    [KEY_CERT] = "## connections.<conn>.local.cert<suffix>",
    [KEY_CHILD] = "## connections.<conn>.children.<child>",
    [KEY_SECRET] = "## secrets.ike<suffix>",
    [KEY_PASSPHRASE] = "## secrets.private<suffix>",
    [KEY_TOKEN] = "## secrets.token<suffix>",
    [KEY_POOL] = "## pools.<pool>",
    [KEY_LOG] = "## shrike.log, shrike.filelog.<name>, shrike.syslog.<facility>",
    [KEY_METRICS] = "## shrike.metrics",
    [KEY_RADIUS] = "## shrike.radius",
    [KEY_RADIUS_DAE] = "## shrike.radius.dae",
    [KEY_RADIUS_SERVER] = "## shrike.radius.servers.<name>",
    [KEY_AUTHORITY] = "## authorities.<name>",
};

static const char *state_text(enum key_state state)
{
    switch (state) {
    case KEY_BUILT:
        return "works";
    case KEY_LATER:
        return "ignored, with a warning";
    case KEY_MOOT:
        return "of no use here, with a warning";
    case KEY_REFUSED:
        return "left out, with a warning";
    }
    return "?";
}

/* The place of the row in the table of keys, or -1: there is no such row. */
static int row_of(enum key_scope scope, const char *line)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char row[512];
        snprintf(row, sizeof(row), "| `%s` | %s | %s%s%s%s | %s |", keys[i].name,
                 *keys[i].since ? keys[i].since : "-", state_text(keys[i].state),
                 *keys[i].calm ? " unless `" : "", keys[i].calm, *keys[i].calm ? "`" : "",
                 keys[i].meaning);
        if (keys[i].scope == scope && strcmp(row, line) == 0)
            return (int)i;
    }
    return -1;
}

TEST(every_key_stands_in_the_document)
{
    static unsigned seen[ARRAY_LEN(keys)];
    int scope = -1;
    char line[512];
    FILE *f = fopen(DOCUMENT, "r");
    CHECK(f);
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "## ", 3) == 0) {
            scope = -1;
            for (size_t i = 0; i < ARRAY_LEN(headings); i++)
                if (strcmp(line, headings[i]) == 0)
                    scope = (int)i;
        }
        if (scope < 0 || strncmp(line, "| `", 3) != 0)
            continue;
        int row = row_of((enum key_scope)scope, line);
        if (row < 0)
            printf("# no such row in keys.def: %s\n", line);
        else
            seen[row]++;
        test_failed |= row < 0;
    }
    fclose(f);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (seen[i] != 1)
            printf("# row of %s is there %u times: %s\n", keys[i].name, seen[i], keys[i].meaning);
        test_failed |= seen[i] != 1;
    }
}

int main(void)
{
    return RUN(every_key_stands_in_the_document);
}
