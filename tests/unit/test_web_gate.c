/* A gate lets so many in, makes so many wait, and sends the rest away at once. */
#include "support/database.h"

#include "base/clock.h"
#include "web/gate.h"

#include <stdatomic.h>

enum { CROWD = 12 };

struct crowd {
    struct gate gate;
    atomic_int inside, most_inside, entered, refused;
    atomic_bool open; /* those inside may leave */
};

static void *visit(void *argument)
{
    struct crowd *crowd = argument;
    int inside, most;

    if (gate_enter(&crowd->gate) != OK) {
        atomic_fetch_add(&crowd->refused, 1);
        return NULL;
    }
    inside = atomic_fetch_add(&crowd->inside, 1) + 1;
    most = atomic_load(&crowd->most_inside);
    while (inside > most && !atomic_compare_exchange_weak(&crowd->most_inside, &most, inside))
        ;
    atomic_fetch_add(&crowd->entered, 1);
    while (!atomic_load(&crowd->open))
        clock_sleep_ms(1);
    atomic_fetch_sub(&crowd->inside, 1);
    gate_leave(&crowd->gate);
    return NULL;
}

static void test_two_inside_three_waiting_the_rest_refused(void **state)
{
    struct crowd crowd = {0};
    pthread_t threads[CROWD];

    (void)state;
    gate_init(&crowd.gate, 2, 3);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit, &crowd), 0);
    while (atomic_load(&crowd.refused) < CROWD - 5) /* nobody is refused wrongly: see below */
        clock_sleep_ms(1);
    atomic_store(&crowd.open, true);
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.refused, CROWD - 5);
    assert_int_equal(crowd.entered, 5);
    assert_int_equal(crowd.most_inside, 2);
    gate_done(&crowd.gate);
}

static void test_who_left_makes_room(void **state)
{
    struct gate gate;

    (void)state;
    gate_init(&gate, 1, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gate_enter(&gate), OK);
        assert_int_equal(gate_enter(&gate), ERR_BUSY);
        gate_leave(&gate);
    }
    gate_done(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_inside_three_waiting_the_rest_refused),
        cmocka_unit_test(test_who_left_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
