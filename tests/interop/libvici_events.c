/* A program of somebody who knows the control protocol by another library only: it brings a
 * connection up, rekeys it and takes it down, and prints what it is told meanwhile, a line each; or
 * it only prints all that it is told.
 * The library is loaded from its file, and the little that is used of it declared here. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conn;
struct req;
struct res;
typedef void on_event(void *user, const char *name, struct res *message);
typedef int on_section(void *user, struct res *message, const char *name);

static struct {
    void (*init)(void), (*deinit)(void);
    struct conn *(*connect)(const char *uri);
    void (*disconnect)(struct conn *c);
    int (*listen)(struct conn *c, const char *name, on_event *call, void *user);
    struct req *(*begin)(const char *name);
    void (*add)(struct req *r, const char *key, const char *format, ...);
    struct res *(*submit)(struct req *r, struct conn *c);
    void (*free_res)(struct res *r);
    const char *(*find)(struct res *r, const char *without, const char *format, ...);
    int (*dump)(struct res *r, const char *label, bool pretty, FILE *to);
    int (*parse)(struct res *r, on_section *section, void *key, void *list, void *user);
} vici;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned seen;

static void load(const char *path)
{
    const struct {
        const char *name;
        void *place;
    } all[] = {
        {"vici_init", &vici.init},         {"vici_deinit", &vici.deinit},
        {"vici_connect", &vici.connect},   {"vici_disconnect", &vici.disconnect},
        {"vici_register", &vici.listen},   {"vici_begin", &vici.begin},
        {"vici_submit", &vici.submit},     {"vici_add_key_valuef", &vici.add},
        {"vici_free_res", &vici.free_res}, {"vici_find_str", &vici.find},
        {"vici_parse_cb", &vici.parse},    {"vici_dump", &vici.dump},
    };
    void *library = dlopen(path, RTLD_NOW);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        void *symbol = library ? dlsym(library, all[i].name) : NULL;
        if (!symbol) {
            fprintf(stderr, "%s\n", dlerror());
            exit(2);
        }
        memcpy(all[i].place, &symbol, sizeof symbol);
    }
}

/* What a section of an SA says of it, below this path. */
static void print_sa(struct res *m, const char *path)
{
    static const char *const keys[] = {"uniqueid", "state", "local-id", "remote-id", "encr-alg"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        printf(" %s=%s", keys[i], vici.find(m, "-", "%s.%s", path, keys[i]));
}

static int print_section(void *user, struct res *m, const char *name)
{
    const char *event = user;
    char path[256];
    (void)m;
    if (strcmp(event, "ike-rekey") == 0) {
        const char *const both[] = {"old", "new"};
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%s.%s", name, both[i]);
            printf(" %s:", both[i]);
            print_sa(m, path);
        }
    } else {
        printf(" %s:", name);
        print_sa(m, name);
    }
    return 0;
}

static void told(void *user, const char *name, struct res *m)
{
    (void)user;
    pthread_mutex_lock(&lock);
    printf("%s up=%s", name, vici.find(m, "no", "up"));
    vici.parse(m, print_section, NULL, NULL, (void *)(uintptr_t)name);
    printf("\n");
    fflush(stdout);
    seen++;
    pthread_mutex_unlock(&lock);
}

/* As a whole. */
static void shown(void *user, const char *name, struct res *m)
{
    char label[64];
    (void)user;
    snprintf(label, sizeof label, "%s event", name);
    pthread_mutex_lock(&lock);
    vici.dump(m, label, true, stdout);
    fflush(stdout);
    pthread_mutex_unlock(&lock);
}

static void command(struct conn *c, const char *name, const char *key, const char *value)
{
    struct req *r = vici.begin(name);
    if (key)
        vici.add(r, key, "%s", value);
    struct res *answer = vici.submit(r, c);
    pthread_mutex_lock(&lock);
    printf("%s success=%s %s\n", name, answer ? vici.find(answer, "-", "success") : "none",
           answer ? vici.find(answer, "", "errmsg") : "");
    fflush(stdout);
    pthread_mutex_unlock(&lock);
    if (answer)
        vici.free_res(answer);
}

/* Until so many events were told, ten seconds at most. */
static void await(unsigned count)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&lock);
        unsigned now = seen;
        pthread_mutex_unlock(&lock);
        if (now >= count)
            return;
        usleep(100000);
    }
}

static void play(struct conn *c, const char *ike, const char *child)
{
    command(c, "initiate", "child", child);
    await(2); /* up */
    command(c, "list-sas", NULL, NULL);
    await(3);
    command(c, "rekey", "child", child);
    await(4);
    command(c, "rekey", "ike", ike);
    await(5);
    command(c, "terminate", "ike", ike);
    await(7); /* down */
}

int main(int argc, char **argv)
{
    static const char *const events[] = {"ike-updown",  "child-updown", "ike-rekey",
                                         "child-rekey", "ike-update",   "list-sa"};
    bool plays = argc == 5;
    if (argc != 3 && !plays) {
        fprintf(stderr, "libvici_events LIBRARY URI [IKE CHILD]\n");
        return 2;
    }
    load(argv[1]);
    vici.init();
    struct conn *c = vici.connect(argv[2]);
    for (size_t i = 0; c && i < sizeof events / sizeof events[0]; i++)
        if (vici.listen(c, events[i], plays ? told : shown, NULL) != 0)
            printf("no event %s\n", events[i]);
    if (c && plays)
        play(c, argv[3], argv[4]);
    else if (c)
        pause(); /* until it is ended */
    if (c)
        vici.disconnect(c);
    vici.deinit();
    return c ? 0 : 1;
}
