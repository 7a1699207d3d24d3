# Turns SQL into C: the enum of statements and their texts, or the list of migrations.
#
#   awk -f queries.awk -v mode=header|source|migrations-header|migrations-source
#       -v prefix=Q -v type=query -v symbol=guichet_queries FILE...
#
# A statement begins with "-- name: some_name" and goes on to the next one; comment lines are
# documentation. A double name or a name without text stops the build with file:line.
#
# "-- shape: some_name" begins a SELECT that queries name like a table: it becomes a common table
# expression of theirs. (Views can't do that: in a schema that is not trusted they may not use
# JSON.)

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    failed = 1
    exit 1
}

function close_block() {
    if (name != "" && text[count] == "") {
        printf "%s:%d: query %s has no text\n", file_of[count], line_of[count], name > "/dev/stderr"
        failed = 1
        exit 1
    }
}

# The line without a trailing comment; quotes are looked at.
function strip(line,    i, c, quoted) {
    quoted = 0
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "'")
            quoted = !quoted
        if (!quoted && substr(line, i, 2) == "--")
            return substr(line, 1, i - 1)
    }
    return line
}

function quoted(line) {
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    return "\"" line "\\n\""
}

# The shapes that a query names, in front of it.
function with_shapes(i,    j, found) {
    found = ""
    for (j = 1; j <= count; j++)
        if (is_shape[j] && text[i] ~ ("[^a-z0-9_]" names[j] "[^a-z0-9_]"))
            found = found (found == "" ? "WITH " : ", ") names[j] " AS (\"" text[j] "\n         \")"
    return found == "" ? text[i] : "\n         \"" found "\"" text[i]
}

mode ~ /^migrations/ {
    if (FNR == 1) {
        base = FILENAME
        sub(/.*\//, "", base)
        sub(/\.sql$/, "", base)
        count++
        if (base !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$/ || substr(base, 1, 4) + 0 != count)
            complain("migrations are numbered NNNN_name.sql from 0001 without gap")
        names[count] = substr(base, 6)
    }
    text[count] = text[count] "\n         " quoted($0)
    next
}

/^-- (name|shape): / {
    close_block()
    name = $3
    if (name !~ /^[a-z][a-z0-9_]*$/)
        complain("a query's name is made of a-z, 0-9 and _")
    if (name in seen)
        complain("query " name " stands twice")
    seen[name] = 1
    names[++count] = name
    is_shape[count] = $2 == "shape:"
    file_of[count] = FILENAME
    line_of[count] = FNR
    next
}

{
    line = strip($0)
    if (line ~ /^[ \t]*$/)
        next
    if (name == "")
        complain("text before the first '-- name:'")
    sub(/[ \t]+$/, "", line)
    text[count] = text[count] "\n         " quoted(line)
}

END {
    if (failed)
        exit 1
    if (mode !~ /^migrations/)
        close_block()
    print "/* Made from SQL by src/db/queries.awk; not to be edited. */"
    guard = toupper(symbol) "_H"
    if (mode ~ /header$/)
        printf "#ifndef %s\n#define %s\n\n#include \"db/db.h\"\n\n", guard, guard
    if (mode == "header") {
        printf "enum %s {\n", type
        for (i = 1; i <= count; i++)
            if (!is_shape[i])
                printf "    %s_%s,\n", prefix, toupper(names[i])
        printf "    %s_COUNT\n};\n\nextern const struct db_catalog %s;\n\n#endif\n", prefix, symbol
    } else if (mode == "migrations-header") {
        printf "extern const struct db_migrations %s;\n\n#endif\n", symbol
    } else if (mode == "source") {
        printf "#include \"%s\"\n\nstatic const struct db_query_text queries[] = {\n", header
        for (i = 1; i <= count; i++)
            if (!is_shape[i]) {
                statements++
                printf "    {\"%s\",%s},\n", names[i], with_shapes(i)
            }
        printf "};\n\nconst struct db_catalog %s = {queries, %d};\n", symbol, statements
    } else {
        printf "#include \"%s\"\n\nstatic const struct db_migration migrations[] = {\n", header
        for (i = 1; i <= count; i++)
            printf "    {%d, \"%s\",%s},\n", i, names[i], text[i]
        printf "};\n\nconst struct db_migrations %s = {migrations, %d};\n", symbol, count
    }
}
