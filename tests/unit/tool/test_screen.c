/* The terminal: drawn within its bounds, its settings given back. */
#include "test.h"
#include "tool/screen.h"
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int far, near; /* the two ends of a terminal of 3 rows */
static FILE *out;
static struct screen s;
static char seen[4096];

static void begin(void)
{
    struct winsize is = {.ws_row = 3, .ws_col = 20};
    if (openpty(&far, &near, NULL, NULL, &is) != 0 || !(out = fdopen(dup(near), "w")))
        abort();
}

static void end(void)
{
    fclose(out);
    close(near);
    close(far);
}

/* What was written since. A terminal hands it on in pieces: a mark says that it was all. */
static const char *written(void)
{
    const char mark = 1;
    size_t len = 0;
    ssize_t n;
    fflush(out);
    if (write(near, &mark, 1) != 1)
        abort();
    do {
        n = read(far, seen + len, sizeof seen - len);
        len += n > 0 ? (size_t)n : 0;
    } while (n > 0 && seen[len - 1] != mark);
    seen[len > 0 ? len - 1 : 0] = '\0';
    return seen;
}

TEST(what_is_below_is_cut_off)
{
    begin();
    CHECK(screen_open(&s, near, out));
    CHECK(s.width == 20 && s.height == 3);
    CHECK(strstr(written(), "\033[?7l")); /* lines do not wrap */
    screen_draw(&s, "one\ntwo\nthree\nfour\n");
    CHECK(strcmp(written(), "\033[Hone\033[K\r\ntwo\033[K\r\nthree\033[K\033[J") == 0);
    screen_draw(&s, "one\n");
    CHECK(strcmp(written(), "\033[Hone\033[K\033[J") == 0);
    screen_close(&s);
    end();
}

TEST(settings_are_given_back)
{
    struct termios before, during, after;
    begin();
    CHECK(tcgetattr(near, &before) == 0);
    CHECK(screen_open(&s, near, out));
    CHECK(tcgetattr(near, &during) == 0 && !(during.c_lflag & (ICANON | ECHO | ISIG)));
    (void)written();
    screen_close(&s);
    CHECK(strstr(written(), "\033[?7h") && strstr(seen, "\033[?25h"));
    CHECK(tcgetattr(near, &after) == 0 && after.c_lflag == before.c_lflag);
    end();
}

TEST(keys_sizes_and_signals)
{
    struct winsize is = {.ws_row = 50, .ws_col = 132};
    begin();
    CHECK(screen_open(&s, near, out));
    CHECK_EQ(screen_key(&s, 0), 0);
    CHECK(write(far, "q\003", 2) == 2);
    CHECK_EQ(screen_key(&s, 1000), 'q');
    CHECK(screen_key(&s, 1000) < 0);
    CHECK(ioctl(near, TIOCSWINSZ, &is) == 0);
    CHECK_EQ(screen_key(&s, 0), 0);
    CHECK(s.width == 132 && s.height == 50);
    raise(SIGWINCH);
    CHECK_EQ(screen_key(&s, 0), 0);
    raise(SIGTERM);
    CHECK(screen_key(&s, 5000) < 0);
    screen_close(&s);
    end();
}

TEST(a_pipe_is_no_screen)
{
    int fd[2];
    CHECK(pipe(fd) == 0);
    FILE *f = fdopen(fd[1], "w");
    CHECK(f && !screen_open(&s, fd[0], f));
    if (f)
        fclose(f);
    close(fd[0]);
}

int main(void)
{
    return RUN(what_is_below_is_cut_off) | RUN(settings_are_given_back) |
           RUN(keys_sizes_and_signals) | RUN(a_pipe_is_no_screen);
}
