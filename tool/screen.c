/* A terminal that is drawn anew in place: see screen.h. */
#include "tool/screen.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { WIDTH = 80, HEIGHT = 24 }; /* of a terminal that does not say */

/* The other page, no cursor, lines that do not wrap; and back. */
#define BEGIN "\033[?1049h\033[?25l\033[?7l\033[2J"
#define END   "\033[?7h\033[?25h\033[?1049l"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
static struct sigaction were[ARRAY_LEN(signals)];
static struct termios was;
static volatile sig_atomic_t ended;

static void on_signal(int n)
{
    ended |= n != SIGWINCH;
}

static void look(struct screen *s)
{
    struct winsize size = {0};
    bool known = ioctl(fileno(s->out), TIOCGWINSZ, &size) == 0;
    s->width = known && size.ws_col ? size.ws_col : WIDTH;
    s->height = known && size.ws_row ? size.ws_row : HEIGHT;
}

bool screen_open(struct screen *s, int in, FILE *out)
{
    struct sigaction on = {.sa_handler = on_signal};
    *s = (struct screen){.in = in, .out = out};
    if (!isatty(fileno(out)) || tcgetattr(in, &was) != 0)
        return false;
    struct termios raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ended = 0;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        sigaction(signals[i], &on, &were[i]);
    tcsetattr(in, TCSANOW, &raw);
    fputs(BEGIN, out);
    look(s);
    return true;
}

void screen_close(struct screen *s)
{
    fputs(END, s->out);
    fflush(s->out);
    tcsetattr(s->in, TCSANOW, &was);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        sigaction(signals[i], &were[i], NULL);
}

/* All in one write: nothing flickers. */
void screen_draw(struct screen *s, const char *text)
{
    fputs("\033[H", s->out);
    for (unsigned row = 0; row < s->height && *text; row++) {
        size_t len = strcspn(text, "\n");
        fprintf(s->out, "%s%.*s\033[K", row ? "\n" : "", (int)len, text);
        text += len + (text[len] != '\0');
    }
    fputs("\033[J", s->out);
    fflush(s->out);
}

int screen_key(struct screen *s, int wait_ms)
{
    enum { CONTROL_C = 3 };
    struct pollfd p = {.fd = s->in, .events = POLLIN};
    u8 key = 0;
    int n = ended ? 0 : poll(&p, 1, wait_ms);
    if (n > 0 && read(s->in, &key, 1) != 1)
        return -1;
    look(s);
    return ended || key == CONTROL_C ? -1 : key;
}
