/* Counters of dropped packets. */
#include "esp/drop.h"
#include "test.h"

TEST(each_reason_has_a_text_and_a_count)
{
    struct esp_counters c = {0};
    for (int i = 0; i < ESP_DROP_COUNT; i++) {
        CHECK(strlen(esp_drop_text((enum esp_drop)i)) > 3);
        for (int k = 0; k <= i; k++)
            esp_count(&c, (enum esp_drop)i);
    }
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        CHECK_EQ(esp_counted(&c, (enum esp_drop)i), i + 1);
    CHECK(strcmp(esp_drop_text(ESP_PASS), "passed") == 0);
    CHECK(strcmp(esp_drop_text(ESP_CIPHER), "the cipher failed") == 0);
}

int main(void)
{
    return RUN(each_reason_has_a_text_and_a_count);
}
