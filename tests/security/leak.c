/* What memcheck must see: memory that nothing points to any more, and a decision by a value that
 * nobody set. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
    char *volatile lost = malloc(100);

    if (lost[50] == 'x')
        puts("x");
    lost = NULL;
}
