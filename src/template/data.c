#include "template/internal.h"

#include <string.h>

enum { FIRST_CAPACITY = 16, LIST_FIRST_CAPACITY = 8, ENTRIES_MAX = UINT16_MAX };

struct entry {
    struct str name;
    struct template_value value;
};

/* The entries in the order they were set, and an open hash over their names: slots are twice as
 * many as there is room for entries, a power of two, so that a free one ends each search. */
struct template_map {
    struct arena *arena;
    struct entry *entries;
    uint32_t *hashes;
    uint16_t *slots; /* 0 = free, else the entry's place + 1 */
    size_t count;
    size_t capacity; /* of entries */
};

struct template_list {
    struct arena *arena;
    struct template_value *items;
    size_t count;
    size_t capacity;
};

uint32_t template_hash(struct str name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 16777619u;
    return hash;
}

/* A larger array with the same beginning; the old one stays in the arena. */
static void *larger(struct arena *arena, const void *items, size_t count, size_t capacity,
                    size_t size)
{
    void *array = arena_array(arena, capacity, size);

    if (count)
        memcpy(array, items, count * size);
    return array;
}

struct template_map *template_map_new(struct arena *arena)
{
    struct template_map *map = arena_alloc(arena, sizeof(*map));

    map->arena = arena;
    return map;
}

/* The slot of the name, or the free one where it would be. */
static uint16_t *find_slot(const struct template_map *map, struct str name, uint32_t hash)
{
    size_t mask = 2 * map->capacity - 1, at = hash & mask;

    for (; map->slots[at]; at = (at + 1) & mask) {
        size_t entry = map->slots[at] - 1u;

        if (map->hashes[entry] == hash && str_equal(map->entries[entry].name, name))
            break;
    }
    return &map->slots[at];
}

static void grow(struct template_map *map)
{
    map->capacity = map->capacity ? 2 * map->capacity : FIRST_CAPACITY;
    map->entries =
        larger(map->arena, map->entries, map->count, map->capacity, sizeof(*map->entries));
    map->hashes = larger(map->arena, map->hashes, map->count, map->capacity, sizeof(*map->hashes));
    map->slots = arena_array(map->arena, 2 * map->capacity, sizeof(*map->slots));
    for (size_t i = 0; i < map->count; i++)
        *find_slot(map, map->entries[i].name, map->hashes[i]) = (uint16_t)(i + 1);
}

const struct template_value *template_map_find(const struct template_map *map, struct str name,
                                               uint32_t hash)
{
    uint16_t slot = map->count ? *find_slot(map, name, hash) : 0;

    return slot ? &map->entries[slot - 1].value : NULL;
}

static void set(struct template_map *map, const char *text, struct template_value value)
{
    struct str name = str_of(text);
    uint32_t hash = template_hash(name);
    uint16_t *slot;

    if (map->count == map->capacity)
        grow(map);
    slot = find_slot(map, name, hash);
    if (!*slot) {
        require(map->count < ENTRIES_MAX);
        map->entries[map->count].name = name;
        map->hashes[map->count++] = hash;
        *slot = (uint16_t)map->count;
    }
    map->entries[*slot - 1].value = value;
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
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : LIST_FIRST_CAPACITY;
        list->items =
            larger(list->arena, list->items, list->count, list->capacity, sizeof(*list->items));
    }
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
