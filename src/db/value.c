#include "db/db.h"

struct db_value db_null(void)
{
    return (struct db_value){.kind = DB_NULL};
}

struct db_value db_int(int64_t value)
{
    return (struct db_value){.kind = DB_INT, .integer = value};
}

struct db_value db_text(const char *text)
{
    return db_str(str_of(text));
}

struct db_value db_str(struct str text)
{
    return (struct db_value){.kind = text.data == NULL ? DB_NULL : DB_TEXT, .bytes = text};
}

struct db_value db_blob(struct str bytes)
{
    return (struct db_value){.kind = bytes.data == NULL ? DB_NULL : DB_BLOB, .bytes = bytes};
}
