#include "support/scratch.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "db/connection.h"
#include "db/db.h"

enum {
    LOADERS = 8,
    LOADER_WRITES = 500,
    GROUP = 12,
    ROUNDS_MAX = 20,
    QUEUE_BOUND = 1024,
    DEADLINE_MS = 20 * 1000,
    SMALL_STACK = 256 * 1024
};

enum { W_ADD, W_COUNT, W_SUM, W_PART_ADD, W_FILE_ADD, W_FILE_COUNT, W_PAGES, W_COUNT_OF_QUERIES };

static const struct db_query_text texts[] = {
    [W_ADD] = {"item_add", "INSERT INTO item (id, label, body) VALUES ($1, $2, $3)"},
    [W_COUNT] = {"item_count", "SELECT count(*) FROM item"},
    [W_SUM] = {"item_sum", "SELECT sum(id) FROM item"},
    [W_PART_ADD] = {"part_add", "INSERT INTO part (id, item_id) VALUES ($1, $2)"},
    [W_FILE_ADD] = {"file_add", "INSERT INTO file (id, body) VALUES ($1, $2)"},
    [W_FILE_COUNT] = {"file_count", "SELECT count(*) FROM file"},
    [W_PAGES] = {"pages", "PRAGMA page_count"},
};
static const struct db_catalog catalog = {texts, W_COUNT_OF_QUERIES};

/* The trigger and the deferred key do what the product's schema never does: they cost a whole
 * group its transaction. */
static const char tables[] =
    "CREATE TABLE item (id BIGINT PRIMARY KEY, label TEXT, body BLOB);"
    "CREATE TABLE file (id INTEGER PRIMARY KEY, body BLOB);"
    "CREATE TABLE part (id BIGINT PRIMARY KEY, item_id BIGINT NOT NULL"
    " REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TRIGGER item_rollback BEFORE INSERT ON item WHEN NEW.label = 'rollback'"
    " BEGIN SELECT RAISE(ROLLBACK, 'item: everything goes'); END;";

struct fixture {
    struct scratch scratch;
    char path[SCRATCH_NAME_MAX];
    struct db *db; /* beside the writer's */
    struct db_writer *writer;
};

static int setup(void **state)
{
    static struct fixture fixture;
    scratch_init(&fixture.scratch);
    snprintf(fixture.path, sizeof(fixture.path), "%s",
             scratch_path(&fixture.scratch, "test.sqlite"));
    assert_int_equal(db_open(fixture.path, DB_WRITE, &catalog, &fixture.db), OK);
    assert_int_equal(db_execute_text(fixture.db, tables), OK);
    assert_int_equal(db_writer_new(fixture.path, &catalog, &fixture.writer), OK);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    db_writer_free(fixture->writer);
    db_close(fixture->db);
    scratch_done(&fixture->scratch);
    return 0;
}

static int64_t integer(struct db *db, int query)
{
    int64_t value = 0;
    assert_int_equal(db_integer(db, query, DB_NO_VALUES, 0, &value), OK);
    return value;
}

/* ---- closures ---- */

struct item {
    int64_t id;
    const char *label;
    struct str body;
    int runs; /* what no closure of the product may do: it counts over its runs */
    int added;
};

static enum err add_item(struct db *db, void *argument)
{
    struct item *item = argument;
    item->runs++;
    item->added = 0;
    enum err err =
        db_run(db, W_ADD, DB_VALUES(db_int(item->id), db_text(item->label), db_blob(item->body)));
    item->added += err == OK ? 1 : 0;
    return err;
}

static enum err add_file(struct db *db, void *argument)
{
    struct item *item = argument;
    item->runs++;
    return db_run(db, W_FILE_ADD, DB_VALUES(db_int(item->id), db_blob(item->body)));
}

/* Its first row is good, its second is there already. */
static enum err add_twice(struct db *db, void *argument)
{
    enum err err = add_item(db, argument);
    return err == OK ? add_item(db, argument) : err;
}

/* Fails at COMMIT only. */
static enum err add_orphan(struct db *db, void *argument)
{
    struct item *item = argument;
    item->runs++;
    return db_run(db, W_PART_ADD, DB_VALUES(db_int(item->id), db_int(-1)));
}

static enum err refuse(struct db *db, void *argument)
{
    enum err err = add_item(db, argument);
    return err == OK ? fail(ERR_DENIED, "item %d is refused", 7) : err;
}

/* Goes on as if nothing had happened. */
static enum err ignore_rollback(struct db *db, void *argument)
{
    struct item *item = argument;
    struct item killer = {.id = -item->id, .label = "rollback"};
    enum err err = add_item(db, item);
    if (err == OK && add_item(db, &killer) == ERR_CONFLICT) {
        db_run(db, W_ADD, DB_VALUES(db_int(item->id + 1), db_text("after"), db_null()));
    }
    return err;
}

struct gate {
    sem_t entered;
    sem_t open;
};

static enum err wait_at_gate(struct db *db, void *argument)
{
    struct gate *gate = argument;
    (void)db;
    sem_post(&gate->entered);
    sem_wait(&gate->open);
    return OK;
}

/* ---- threads that write ---- */

struct task {
    struct db_writer *writer;
    db_write_fn *fn;
    void *argument;
    enum err (*write)(struct db_writer *, db_write_fn *, void *);
    pthread_t thread;
    enum err result;
    struct err_record record;
};

static void *run_task(void *argument)
{
    struct task *task = argument;
    task->result = task->write(task->writer, task->fn, task->argument);
    task->record = *err_last();
    return NULL;
}

static void start_task(struct task *task)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    task->write = task->write == NULL ? db_write : task->write;
    assert_int_equal(pthread_create(&task->thread, &attributes, run_task, task), 0);
    pthread_attr_destroy(&attributes);
}

static void wait_until_waiting(struct db_writer *writer, int count)
{
    int64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
    while (db_writer_waiting(writer) != count) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        clock_sleep_ms(1);
    }
}

static void close_gate(struct gate *gate, struct task *task, struct db_writer *writer)
{
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->open, 0, 0);
    *task = (struct task){.writer = writer, .fn = wait_at_gate, .argument = gate};
    start_task(task);
    sem_wait(&gate->entered);
}

static void open_gate(struct gate *gate, struct task *task)
{
    sem_post(&gate->open);
    pthread_join(task->thread, NULL);
    assert_int_equal(task->result, OK);
    sem_destroy(&gate->entered);
    sem_destroy(&gate->open);
}

/* Queues the tasks in their order behind a closure that waits, then lets all of them run. */
static void run_queued(struct db_writer *writer, struct task *tasks, int count)
{
    struct gate gate;
    struct task first;
    close_gate(&gate, &first, writer);
    for (int i = 0; i < count; i++) {
        tasks[i].writer = writer;
        start_task(&tasks[i]);
        wait_until_waiting(writer, i + 1);
    }
    open_gate(&gate, &first);
    for (int i = 0; i < count; i++) {
        pthread_join(tasks[i].thread, NULL);
    }
}

/* ---- writes that are waited for later ---- */

/* One thread has many on their way: each gets its own answer, in whatever order it asks. */
static void what_is_started_is_answered_later(void **state)
{
    enum { STARTED = 20, TWICE = 7 };
    struct fixture *fixture = *state;
    struct item items[STARTED];
    struct db_started *started[STARTED];
    struct gate gate;
    struct task first;
    close_gate(&gate, &first, fixture->writer);
    for (int i = 0; i < STARTED; i++) {
        items[i] = (struct item){.id = i == TWICE ? 0 : i};
        assert_int_equal(db_write_start(fixture->writer, add_item, &items[i], &started[i]), OK);
    }
    assert_int_equal(db_writer_waiting(fixture->writer), STARTED);
    open_gate(&gate, &first);
    for (int i = STARTED - 1; i >= 0; i--) {
        assert_int_equal(db_write_wait(started[i]), i == TWICE ? ERR_CONFLICT : OK);
    }
    assert_int_equal(integer(fixture->db, W_COUNT), STARTED - 1);
}

/* ---- one write ---- */

static void a_write_is_there_when_it_returns(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 1; i <= 50; i++) {
        struct item item = {.id = i, .label = "x"};
        assert_int_equal(db_write(fixture->writer, add_item, &item), OK);
        assert_int_equal(item.added, 1);
        assert_int_equal(integer(fixture->db, W_COUNT), i);
    }
    assert_int_equal(db_writer_waiting(fixture->writer), 0);
}

static void the_error_comes_to_the_caller(void **state)
{
    struct fixture *fixture = *state;
    struct item item = {.id = 1};
    fail(ERR_IO, "something older of this thread");
    assert_int_equal(db_write(fixture->writer, refuse, &item), ERR_DENIED);
    assert_int_equal(err_last()->code, ERR_DENIED);
    assert_string_equal(err_last()->text, "item 7 is refused");
    assert_string_equal(err_last()->file, __FILE__);
    assert_int_equal(item.runs, 1);
    assert_int_equal(db_write(fixture->writer, add_twice, &item), ERR_CONFLICT);
    assert_error_says("item_add: UNIQUE constraint failed: item.id");
    assert_int_equal(integer(fixture->db, W_COUNT), 0);
}

struct nested {
    struct db_writer *writer;
    struct db *other;
    enum err write;
    enum err alone;
    enum err transaction;
};

static enum err nest(struct db *db, void *argument)
{
    struct nested *nested = argument;
    struct item item = {.id = 1};
    (void)db;
    nested->write = db_write(nested->writer, add_item, &item);
    nested->alone = db_write_alone(nested->writer, add_item, &item);
    nested->transaction = db_transaction(nested->other, add_item, &item);
    return OK;
}

static void a_write_that_would_wait_for_itself_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct nested nested = {.writer = fixture->writer, .other = fixture->db};
    struct item item = {.id = 1};
    assert_int_equal(db_write(fixture->writer, nest, &nested), OK);
    assert_int_equal(nested.write, ERR_INTERNAL);
    assert_int_equal(nested.alone, ERR_INTERNAL);
    assert_int_equal(nested.transaction, ERR_INTERNAL);
    assert_int_equal(db_read_begin(fixture->db), OK);
    assert_int_equal(db_write(fixture->writer, add_item, &item), ERR_INTERNAL);
    assert_int_equal(db_write_alone(fixture->writer, add_item, &item), ERR_INTERNAL);
    db_read_end(fixture->db);
    assert_int_equal(integer(fixture->db, W_COUNT), 0);
    assert_int_equal(db_write_alone(fixture->writer, add_item, &item), OK);
}

/* ---- groups ---- */

/* Every third closure fails; what it wrote goes, what the others wrote stays. */
static void a_failure_stays_with_its_closure(void **state)
{
    struct fixture *fixture = *state;
    struct item items[GROUP] = {0};
    struct task tasks[GROUP] = {0};
    int64_t expected = 0;
    for (int i = 0; i < GROUP; i++) {
        static db_write_fn *const fns[] = {add_item, add_twice, add_item, refuse};
        items[i].id = 100 + i;
        tasks[i] = (struct task){.fn = fns[i % 4], .argument = &items[i]};
        expected += i % 2 == 0 ? items[i].id : 0;
    }
    run_queued(fixture->writer, tasks, GROUP);
    for (int i = 0; i < GROUP; i++) {
        static const enum err results[] = {OK, ERR_CONFLICT, OK, ERR_DENIED};
        assert_int_equal(tasks[i].result, results[i % 4]);
        assert_int_equal(items[i].runs, i % 4 == 1 ? 2 : 1);
        assert_true(tasks[i].result == OK || tasks[i].record.code == tasks[i].result);
    }
    assert_int_equal(integer(fixture->db, W_COUNT), GROUP / 2);
    assert_int_equal(integer(fixture->db, W_SUM), expected);
}

struct killing {
    db_write_fn *fn;
    const char *label;
    enum err result;
    const char *says;
};

/* One round: the killer stands in the middle. True when it was in one group with those before
 * it, which then ran twice; a slow machine may have cut the group before. */
static bool kill_group(struct fixture *fixture, const struct killing *killing, int64_t base)
{
    struct item items[GROUP] = {0};
    struct task tasks[GROUP] = {0};
    int killer = GROUP / 2;
    int64_t count = integer(fixture->db, W_COUNT);
    int64_t sum = integer(fixture->db, W_SUM);
    for (int i = 0; i < GROUP; i++) {
        items[i].id = base + i;
        items[i].label = i == killer ? killing->label : "x";
        tasks[i] =
            (struct task){.fn = i == killer ? killing->fn : add_item, .argument = &items[i]};
        sum += i == killer ? 0 : items[i].id;
    }
    run_queued(fixture->writer, tasks, GROUP);
    for (int i = 0; i < GROUP; i++) {
        assert_int_equal(tasks[i].result, i == killer ? killing->result : OK);
        assert_in_range(items[i].runs, 1, i == killer ? 4 : 2);
        assert_true(i == killer || items[i].added == 1);
    }
    err_adopt(&tasks[killer].record);
    assert_error_says(killing->says);
    assert_int_equal(integer(fixture->db, W_COUNT), count + GROUP - 1);
    assert_int_equal(integer(fixture->db, W_SUM), sum);
    return items[0].runs == 2 && items[killer - 1].runs == 2;
}

static void a_dead_group_is_run_again_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    static const struct killing killings[] = {
        {add_item, "rollback", ERR_CONFLICT, "item: everything goes"},
        {add_orphan, "x", ERR_CONFLICT, "commit: FOREIGN KEY constraint failed"},
        {ignore_rollback, "x", ERR_DB, "the transaction was lost"},
    };
    int64_t base = 1;
    for (size_t i = 0; i < sizeof(killings) / sizeof(killings[0]); i++) {
        int together = 0;
        for (int round = 0; round < ROUNDS_MAX && together == 0; round++) {
            together += kill_group(fixture, &killings[i], base) ? 1 : 0;
            base += GROUP * 2;
        }
        assert_int_equal(together, 1);
    }
}

static enum err limit_pages(struct db *db, void *argument)
{
    const int64_t *more = argument;
    int64_t pages = 0;
    char text[80];
    enum err err = db_integer(db, W_PAGES, DB_NO_VALUES, 0, &pages);
    if (err != OK) {
        return err;
    }
    snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld", (long long)(pages + *more));
    return db_execute_text(db, text);
}

/* A statement of one row that finds the disk full ends the whole transaction in SQLite. */
static bool fill_disk(struct fixture *fixture, int round)
{
    enum { LARGE = 5 };
    static char bytes[1 << 20];
    struct item items[GROUP] = {0};
    struct task tasks[GROUP] = {0};
    int64_t tight = 60;
    int64_t wide = 100000;
    for (int i = 0; i < GROUP; i++) {
        size_t size = i == LARGE ? sizeof(bytes) : 8000;
        items[i] = (struct item){.id = round * GROUP + i, .body = str_from(bytes, size)};
        tasks[i] = (struct task){.fn = add_file, .argument = &items[i]};
    }
    assert_int_equal(db_write(fixture->writer, limit_pages, &tight), OK);
    run_queued(fixture->writer, tasks, GROUP);
    for (int i = 0; i < GROUP; i++) {
        assert_int_equal(tasks[i].result, i == LARGE ? ERR_DB : OK);
    }
    err_adopt(&tasks[LARGE].record);
    assert_error_says("database or disk is full");
    bool together = items[0].runs == 2 && items[LARGE].runs == 2;
    assert_int_equal(db_write(fixture->writer, limit_pages, &wide), OK);
    assert_int_equal(db_write(fixture->writer, add_file, &items[LARGE]), OK);
    assert_int_equal(integer(fixture->db, W_FILE_COUNT), (round + 1) * GROUP);
    return together;
}

static void a_full_disk_refuses_only_what_has_no_room(void **state)
{
    bool together = false;
    for (int round = 0; round < ROUNDS_MAX && !together; round++) {
        together = fill_disk(*state, round);
    }
    assert_true(together);
}

/* The killer behind it is in another group; so are those before it and its like. */
static void alone_means_alone(void **state)
{
    struct fixture *fixture = *state;
    struct item items[] = {
        {.id = 1},
        {.id = 2},
        {.id = 3, .label = "rollback"},
        {.id = 4},
        {.id = 5, .label = "rollback"},
    };
    struct task tasks[] = {
        {.fn = add_item, .argument = &items[0]},
        {.fn = add_item, .argument = &items[1], .write = db_write_alone},
        {.fn = add_item, .argument = &items[2], .write = db_write_alone},
        {.fn = add_item, .argument = &items[3], .write = db_write_alone},
        {.fn = add_item, .argument = &items[4]},
    };
    run_queued(fixture->writer, tasks, 5);
    for (int i = 0; i < 5; i++) {
        bool killer = items[i].label != NULL;
        assert_int_equal(tasks[i].result, killer ? ERR_CONFLICT : OK);
        assert_int_equal(items[i].runs, killer ? 2 : 1);
    }
    assert_int_equal(integer(fixture->db, W_COUNT), 3);
}

/* ---- load ---- */

struct loader {
    struct db_writer *writer;
    pthread_t thread;
    int64_t first_id;
    int count;
    int written;
    enum err last;
};

static void *load(void *argument)
{
    struct loader *loader = argument;
    while (loader->last == OK && loader->written < loader->count) {
        struct item item = {.id = loader->first_id + loader->written, .label = "load"};
        loader->last = db_write(loader->writer, add_item, &item);
        loader->written += loader->last == OK ? 1 : 0;
    }
    return NULL;
}

static void start_loaders(struct fixture *fixture, struct loader *loaders, int count, int writes)
{
    for (int i = 0; i < count; i++) {
        loaders[i] = (struct loader){
            .writer = fixture->writer, .first_id = i * 1000000 + 1, .count = writes};
        assert_int_equal(pthread_create(&loaders[i].thread, NULL, load, &loaders[i]), 0);
    }
}

/* The sum of all ids that the loaders know to be written. */
static int64_t join_loaders(struct loader *loaders, int count, int64_t *written)
{
    int64_t sum = 0;
    *written = 0;
    for (int i = 0; i < count; i++) {
        pthread_join(loaders[i].thread, NULL);
        int64_t own = loaders[i].written;
        *written += own;
        sum += own * loaders[i].first_id + own * (own - 1) / 2;
    }
    return sum;
}

static void reopen(struct fixture *fixture)
{
    db_writer_free(fixture->writer);
    db_close(fixture->db);
    fixture->writer = NULL;
    assert_int_equal(db_open(fixture->path, DB_WRITE, &catalog, &fixture->db), OK);
}

static void eight_threads_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct loader loaders[LOADERS];
    int64_t written = 0;
    start_loaders(fixture, loaders, LOADERS, LOADER_WRITES);
    int64_t sum = join_loaders(loaders, LOADERS, &written);
    assert_int_equal(written, LOADERS * LOADER_WRITES);
    reopen(fixture);
    assert_int_equal(integer(fixture->db, W_COUNT), written);
    assert_int_equal(integer(fixture->db, W_SUM), sum);
}

static void stopping_under_load_keeps_what_was_promised(void **state)
{
    struct fixture *fixture = *state;
    struct loader loaders[LOADERS];
    struct item late = {.id = -1};
    int64_t written = 0;
    start_loaders(fixture, loaders, LOADERS, 900000);
    clock_sleep_ms(100);
    db_writer_stop(fixture->writer);
    int64_t sum = join_loaders(loaders, LOADERS, &written);
    for (int i = 0; i < LOADERS; i++) {
        assert_int_equal(loaders[i].last, ERR_BUSY);
    }
    assert_true(written > LOADERS);
    assert_int_equal(db_write(fixture->writer, add_item, &late), ERR_BUSY);
    assert_error_says("the writer is stopping");
    assert_int_equal(scratch_size(&fixture->scratch, "test.sqlite-wal"), 0);
    reopen(fixture);
    assert_int_equal(integer(fixture->db, W_COUNT), written);
    assert_int_equal(integer(fixture->db, W_SUM), sum);
}

static void *open_gate_later(void *argument)
{
    clock_sleep_ms(50);
    sem_post(argument);
    return NULL;
}

static void freeing_runs_what_is_queued(void **state)
{
    struct fixture *fixture = *state;
    struct gate gate;
    struct task first;
    struct item items[GROUP] = {0};
    struct task tasks[GROUP] = {0};
    pthread_t opener;
    close_gate(&gate, &first, fixture->writer);
    for (int i = 0; i < GROUP; i++) {
        items[i].id = i;
        tasks[i] = (struct task){.writer = fixture->writer, .fn = add_item, .argument = &items[i]};
        start_task(&tasks[i]);
        wait_until_waiting(fixture->writer, i + 1);
    }
    assert_int_equal(pthread_create(&opener, NULL, open_gate_later, &gate.open), 0);
    reopen(fixture);
    pthread_join(opener, NULL);
    pthread_join(first.thread, NULL);
    for (int i = 0; i < GROUP; i++) {
        pthread_join(tasks[i].thread, NULL);
        assert_int_equal(tasks[i].result, OK);
    }
    assert_int_equal(integer(fixture->db, W_COUNT), GROUP);
}

static void the_queue_has_an_end(void **state)
{
    struct fixture *fixture = *state;
    static struct item items[QUEUE_BOUND];
    static struct task tasks[QUEUE_BOUND];
    struct item one_more = {.id = QUEUE_BOUND};
    struct gate gate;
    struct task first;
    memset(items, 0, sizeof(items));
    memset(tasks, 0, sizeof(tasks));
    close_gate(&gate, &first, fixture->writer);
    for (int i = 0; i < QUEUE_BOUND; i++) {
        items[i].id = i;
        tasks[i] = (struct task){.writer = fixture->writer, .fn = add_item, .argument = &items[i]};
        start_task(&tasks[i]);
    }
    wait_until_waiting(fixture->writer, QUEUE_BOUND);
    assert_int_equal(db_write(fixture->writer, add_item, &one_more), ERR_BUSY);
    assert_error_says("1024 writes are waiting");
    open_gate(&gate, &first);
    for (int i = 0; i < QUEUE_BOUND; i++) {
        pthread_join(tasks[i].thread, NULL);
        assert_int_equal(tasks[i].result, OK);
    }
    assert_int_equal(integer(fixture->db, W_COUNT), QUEUE_BOUND);
    assert_int_equal(db_write(fixture->writer, add_item, &one_more), OK);
}

/* ---- other processes ---- */

/* In the child: its own connection, its own transactions; the number that did not succeed. */
static int write_beside(const char *path, int count)
{
    struct db *db = NULL;
    int failed = 0;
    if (db_open(path, DB_WRITE, &catalog, &db) != OK) {
        return count;
    }
    for (int i = 0; i < count; i++) {
        struct item item = {.id = -1 - i, .label = "beside"};
        failed += db_transaction(db, add_item, &item) == OK ? 0 : 1;
    }
    db_close(db);
    return failed;
}

/* The fork comes before any thread: the child would inherit locks that nobody opens. */
static void a_second_process_writes_too(void **state)
{
    struct fixture *fixture = *state;
    struct loader loaders[4];
    int64_t written = 0;
    int status = -1;
    db_writer_free(fixture->writer);
    db_close(fixture->db);
    pid_t child = fork();
    if (child == 0) {
        _exit(write_beside(fixture->path, 200));
    }
    assert_int_equal(db_open(fixture->path, DB_WRITE, &catalog, &fixture->db), OK);
    assert_int_equal(db_writer_new(fixture->path, &catalog, &fixture->writer), OK);
    start_loaders(fixture, loaders, 4, 200);
    join_loaders(loaders, 4, &written);
    assert_int_equal(written, 800);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(integer(fixture->db, W_COUNT), 1000);
}

static enum err be_impatient(struct db *db, void *argument)
{
    engine_set_patience(db->engine, *(const int64_t *)argument);
    return OK;
}

/* Whoever waits while another process keeps the lock hears of it once, not one by one. */
static void a_lock_that_stays_refuses_all_who_wait(void **state)
{
    struct fixture *fixture = *state;
    struct item items[GROUP] = {0};
    struct task tasks[GROUP] = {0};
    int64_t patience_ms = 300;
    assert_int_equal(db_write(fixture->writer, be_impatient, &patience_ms), OK);
    assert_int_equal(db_execute_text(fixture->db, "BEGIN IMMEDIATE"), OK);
    int64_t began_ms = clock_monotonic_ms();
    for (int i = 0; i < GROUP; i++) {
        items[i].id = i;
        tasks[i] = (struct task){.writer = fixture->writer, .fn = add_item, .argument = &items[i]};
        start_task(&tasks[i]);
    }
    for (int i = 0; i < GROUP; i++) {
        pthread_join(tasks[i].thread, NULL);
        assert_int_equal(tasks[i].result, ERR_BUSY);
        assert_int_equal(items[i].runs, 0);
    }
    assert_true(clock_monotonic_ms() - began_ms < patience_ms * GROUP / 2);
    assert_int_equal(db_execute_text(fixture->db, "ROLLBACK"), OK);
    assert_int_equal(db_write(fixture->writer, add_item, &items[0]), OK);
}

static void a_writer_without_a_database_does_not_start(void **state)
{
    struct fixture *fixture = *state;
    struct db_writer *writer = NULL;
    assert_int_equal(
        db_writer_new(scratch_path(&fixture->scratch, "no/such/folder"), &catalog, &writer),
        ERR_DB);
    assert_null(writer);
    db_writer_free(NULL);
}

/* ---- checkpoints ---- */

static void wait_for_log_size(struct fixture *fixture, long size)
{
    int64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
    while (scratch_size(&fixture->scratch, "test.sqlite-wal") != size) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        clock_sleep_ms(20);
    }
}

/* A reader keeps the log from starting again, and it grows; without the reader it is cut. */
static void a_long_log_is_cut(void **state)
{
    struct fixture *fixture = *state;
    static char bytes[1 << 20];
    struct db *reader = NULL;
    assert_int_equal(db_writer_start_checkpoints(fixture->writer), OK);
    assert_int_equal(db_writer_start_checkpoints(fixture->writer), ERR_INTERNAL);
    assert_int_equal(db_open(fixture->path, DB_READ, &catalog, &reader), OK);
    assert_int_equal(db_execute_text(reader, "BEGIN; SELECT count(*) FROM item"), OK);
    for (int i = 0; i < 70; i++) {
        struct item item = {.id = i, .body = str_from(bytes, sizeof(bytes))};
        assert_int_equal(db_write(fixture->writer, add_item, &item), OK);
    }
    assert_true(scratch_size(&fixture->scratch, "test.sqlite-wal") > 64 << 20);
    assert_int_equal(integer(reader, W_COUNT), 0);
    db_close(reader);
    wait_for_log_size(fixture, 0);
    assert_true(scratch_size(&fixture->scratch, "test.sqlite") > 64 << 20);
    assert_int_equal(integer(fixture->db, W_COUNT), 70);
}

static void the_log_is_copied_while_we_wait(void **state)
{
    struct fixture *fixture = *state;
    static char bytes[1 << 20];
    struct item item = {.id = 1, .body = str_from(bytes, sizeof(bytes))};
    assert_int_equal(db_writer_start_checkpoints(fixture->writer), OK);
    assert_int_equal(db_write(fixture->writer, add_item, &item), OK);
    int64_t deadline_ms = clock_monotonic_ms() + DEADLINE_MS;
    while (scratch_size(&fixture->scratch, "test.sqlite") < 1 << 20) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        clock_sleep_ms(20);
    }
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_second_process_writes_too),
        CASE(a_write_is_there_when_it_returns),
        CASE(what_is_started_is_answered_later),
        CASE(the_error_comes_to_the_caller),
        CASE(a_write_that_would_wait_for_itself_is_refused),
        CASE(a_failure_stays_with_its_closure),
        CASE(a_dead_group_is_run_again_one_by_one),
        CASE(a_full_disk_refuses_only_what_has_no_room),
        CASE(alone_means_alone),
        CASE(eight_threads_lose_nothing),
        CASE(stopping_under_load_keeps_what_was_promised),
        CASE(freeing_runs_what_is_queued),
        CASE(the_queue_has_an_end),
        CASE(a_lock_that_stays_refuses_all_who_wait),
        CASE(a_writer_without_a_database_does_not_start),
        CASE(a_long_log_is_cut),
        CASE(the_log_is_copied_while_we_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
