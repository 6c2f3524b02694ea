/* Intrusive lists: see list.h. */
#include "../test.h"
#include "base/list.h"

struct thing {
    int number;
    struct list link;
};

/* The numbers in order, as decimal digits. */
static u64 digits(const struct list *head)
{
    u64 n = 0;
    for (struct list *l = head->next; l != head; l = l->next)
        n = n * 10 + (u64)list_item(l, struct thing, link)->number;
    return n;
}

static u64 digits_back(const struct list *head)
{
    u64 n = 0;
    for (struct list *l = head->prev; l != head; l = l->prev)
        n = n * 10 + (u64)list_item(l, struct thing, link)->number;
    return n;
}

TEST(order_is_kept_both_ways)
{
    struct list head;
    struct thing t[4] = {{1, {0}}, {2, {0}}, {3, {0}}, {4, {0}}};
    list_init(&head);
    CHECK(list_empty(&head));
    for (int i = 0; i < 4; i++)
        list_append(&head, &t[i].link);
    CHECK(!list_empty(&head));
    CHECK_EQ(digits(&head), 1234);
    CHECK_EQ(digits_back(&head), 4321);
    list_remove(&t[1].link);
    CHECK_EQ(digits(&head), 134);
    CHECK_EQ(digits_back(&head), 431);
    list_remove(&t[1].link); /* in no list: nothing */
    list_append(&head, &t[1].link);
    list_remove(&t[0].link);
    list_remove(&t[3].link);
    CHECK_EQ(digits(&head), 32);
    CHECK_EQ(digits_back(&head), 23);
    list_remove(&t[1].link);
    list_remove(&t[2].link);
    CHECK(list_empty(&head) && head.prev == &head);
}

int main(void)
{
    return RUN(order_is_kept_both_ways);
}
