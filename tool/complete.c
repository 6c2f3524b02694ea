/* What a word on the command line may become: see complete.h. */
#include "tool/complete.h"
#include "tool/tunnels.h"

struct line {
    struct tool *t;
    const char *word;                   /* to be completed */
    const struct tool_command *command; /* NULL: it is to come */
    const char *first;                  /* argument of the command that is whole; NULL: none yet */
    unsigned arguments;                 /* that are whole */
    bool value;                         /* the word is the value of an option */
};

static bool begins(const char *whole, const char *word)
{
    return strncmp(whole, word, strlen(word)) == 0;
}

/* what: a line about it for shells that show one; NULL: there is none. */
static void offer(const struct line *l, const char *whole, const char *what)
{
    if (begins(whole, l->word))
        fprintf(l->t->out, "%s%s%s\n", whole, what ? "\t" : "", what ? what : "");
}

/* Does this option, written in either way, take the next word? */
static bool takes_value(const char *word)
{
    for (unsigned i = 0; i < tool_option_count; i++) {
        const struct tool_option *o = &tool_options[i];
        bool letter = o->letter && word[0] == '-' && word[1] == o->letter && !word[2];
        if (o->value && (letter || (begins(word, "--") && strcmp(word + 2, o->name) == 0)))
            return true;
    }
    return false;
}

static const struct tool_command *command_of(const char *name)
{
    for (unsigned i = 0; i < tool_command_count; i++)
        if (strcmp(tool_commands[i].name, name) == 0)
            return &tool_commands[i];
    return NULL;
}

/* What stands before the word; false: it makes no sense, and nothing can be offered. */
static bool read_line(struct line *l, char *const *words)
{
    for (l->word = ""; *words; words++) {
        l->word = *words;
        if (!words[1])
            break;
        const char *option = l->value ? words[-1] : NULL;
        l->value = !option && takes_value(*words);
        if (option && strcmp(option, "--socket") == 0)
            l->t->socket = *words;
        if (option || **words == '-')
            continue;
        if (!l->command) {
            l->command = command_of(*words);
            if (!l->command)
                return false;
        } else if (l->arguments++ == 0) {
            l->first = *words;
        }
    }
    return true;
}

static void offer_options(const struct line *l)
{
    unsigned belongs = l->command ? l->command->options : ~0u;
    char at[64];
    for (unsigned i = 0; i < tool_option_count; i++) {
        const struct tool_option *o = &tool_options[i];
        snprintf(at, sizeof at, "--%s", o->name);
        if (!o->belongs || o->belongs & belongs)
            offer(l, at, o->text);
    }
}

/* A name that a shell takes for one word, and that a terminal does not obey. */
static void offer_name(const struct line *l, struct bytes name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    char at[VICI_NAME_MAX + 1] = "";
    if (name.len == 0 || name.len > VICI_NAME_MAX)
        return;
    memcpy(at, name.at, name.len);
    if (strspn(at, good) == name.len)
        offer(l, at, NULL);
}

/* Connections; behind one of them its children. */
static void offer_names(const struct line *l)
{
    struct tool *t = l->t;
    struct tunnels all;
    struct tunnel_place at = {0};
    struct tunnel_group g;
    struct tunnel_child c;
    if (t->session.fd < 0 && !session_open(&t->session, t->socket))
        return;
    if (!tunnels_load(&all, &t->session, l->first))
        return;
    while (tunnels_next(&all, &at, &g)) {
        struct vici_reader v = tunnel_children_of(g.conn);
        bool meant = l->first && bytes_equal(g.name, bytes_of(l->first, strlen(l->first)));
        if (!l->first)
            offer_name(l, g.name);
        while (meant && tunnel_next_child(&v, &c))
            offer_name(l, c.name);
    }
    tunnels_free(&all);
}

static void offer_command(const struct line *l, const struct tool_command *c)
{
    if (c->what)
        offer(l, c->name, c->what);
}

int command_complete(struct tool *t, char *const *arguments)
{
    struct line l = {.t = t};
    if (!read_line(&l, arguments) || l.value)
        return TOOL_DONE;
    if (l.word[0] == '-')
        offer_options(&l);
    else if (!l.command)
        for (unsigned i = 0; i < tool_command_count; i++)
            offer_command(&l, &tool_commands[i]);
    else if (l.arguments < l.command->names && l.arguments < l.command->most)
        offer_names(&l);
    return TOOL_DONE;
}
