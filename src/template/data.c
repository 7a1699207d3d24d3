#include "template/internal.h"

#include <string.h>

enum { FIRST_CAPACITY = 8 };

struct entry {
    struct str name;
    struct template_value value;
};

struct template_map {
    struct arena *arena;
    struct entry *entries;
    size_t count;
    size_t capacity;
};

struct template_list {
    struct arena *arena;
    struct template_value *items;
    size_t count;
    size_t capacity;
};

/* Room for one more item; the old array stays in the arena. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    void *larger;

    if (count < *capacity)
        return items;
    *capacity = *capacity ? 2 * *capacity : FIRST_CAPACITY;
    larger = arena_array(arena, *capacity, size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

struct template_map *template_map_new(struct arena *arena)
{
    struct template_map *map = arena_alloc(arena, sizeof(*map));

    map->arena = arena;
    return map;
}

static struct entry *find_entry(const struct template_map *map, struct str name)
{
    for (size_t i = 0; i < map->count; i++)
        if (str_equal(map->entries[i].name, name))
            return &map->entries[i];
    return NULL;
}

const struct template_value *template_map_find(const struct template_map *map, struct str name)
{
    const struct entry *entry = find_entry(map, name);

    return entry ? &entry->value : NULL;
}

static void set(struct template_map *map, const char *name, struct template_value value)
{
    struct entry *entry = find_entry(map, str_of(name));

    if (!entry) {
        map->entries =
            grow(map->arena, map->entries, map->count, &map->capacity, sizeof(*map->entries));
        entry = &map->entries[map->count++];
        entry->name = str_of(name);
    }
    entry->value = value;
}

void template_set_str(struct template_map *map, const char *name, struct str text)
{
    set(map, name, (struct template_value){.kind = VALUE_STR, .as.text = text});
}

void template_set_text(struct template_map *map, const char *name, const char *text)
{
    template_set_str(map, name, str_of(text));
}

void template_set_int(struct template_map *map, const char *name, int64_t value)
{
    set(map, name, (struct template_value){.kind = VALUE_INT, .number = value});
}

void template_set_flag(struct template_map *map, const char *name, bool value)
{
    set(map, name, (struct template_value){.kind = VALUE_FLAG, .number = value});
}

void template_set_money(struct template_map *map, const char *name, int64_t cents,
                        const struct currency *currency)
{
    require(currency);
    set(map, name,
        (struct template_value){.kind = VALUE_MONEY, .number = cents, .as.currency = currency});
}

void template_set_date(struct template_map *map, const char *name, struct date date)
{
    set(map, name, (struct template_value){.kind = VALUE_DATE, .as.date = date});
}

void template_set_time(struct template_map *map, const char *name, int64_t at,
                       const struct zone *zone)
{
    require(zone);
    set(map, name, (struct template_value){.kind = VALUE_TIME, .number = at, .as.zone = zone});
}

void template_set_none(struct template_map *map, const char *name)
{
    set(map, name, (struct template_value){.kind = VALUE_NONE});
}

struct template_map *template_set_map(struct template_map *map, const char *name)
{
    struct template_map *inner = template_map_new(map->arena);

    set(map, name, (struct template_value){.kind = VALUE_MAP, .as.map = inner});
    return inner;
}

struct template_list *template_set_list(struct template_map *map, const char *name)
{
    struct template_list *list = arena_alloc(map->arena, sizeof(*list));

    list->arena = map->arena;
    set(map, name, (struct template_value){.kind = VALUE_LIST, .as.list = list});
    return list;
}

static void add(struct template_list *list, struct template_value value)
{
    list->items =
        grow(list->arena, list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = value;
}

struct template_map *template_list_add(struct template_list *list)
{
    struct template_map *map = template_map_new(list->arena);

    add(list, (struct template_value){.kind = VALUE_MAP, .as.map = map});
    return map;
}

void template_list_add_str(struct template_list *list, struct str text)
{
    add(list, (struct template_value){.kind = VALUE_STR, .as.text = text});
}

size_t template_list_count(const struct template_list *list)
{
    return list->count;
}

const struct template_value *template_list_item(const struct template_list *list, size_t at)
{
    return &list->items[at];
}
