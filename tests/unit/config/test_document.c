/* docs/CONFIGURATION.md is the table of keys: every key stands below its heading, as it is. */
#include "config/keys.h"
#include "tools.h"

static const struct key keys[] = {
#define KEY(scope, name, state, meaning) {KEY_##scope, name, KEY_##state, meaning},
#include "config/keys.def"
#undef KEY
};

static const char *const headings[] = {
    [KEY_SHRIKE] = "## shrike",
    [KEY_CONN] = "## connections.<conn>",
    [KEY_LOCAL] = "## connections.<conn>.local",
    [KEY_REMOTE] = "## connections.<conn>.remote",
    [KEY_CHILD] = "## connections.<conn>.children.<child>",
    [KEY_SECRET] = "## secrets.ike<suffix>",
    [KEY_POOL] = "## pools.<pool>",
    [KEY_LOG] = "## shrike.log, shrike.filelog.<name>, shrike.syslog.<facility>",
    [KEY_METRICS] = "## shrike.metrics",
};

static const char *state_text(enum key_state state)
{
    switch (state) {
    case KEY_BUILT:
        return "works";
    case KEY_LATER:
        return "ignored, with a warning";
    case KEY_REFUSED:
        return "refused";
    }
    return "?";
}

/* The place of the row in the table of keys, or -1: there is no such row. */
static int row_of(enum key_scope scope, const char *line)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char row[512];
        snprintf(row, sizeof(row), "| `%s` | %s | %s |", keys[i].name, state_text(keys[i].state),
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
