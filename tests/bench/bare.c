/*
 * bare: the least that FastCGI can do: THREADS threads that answer every request with the same
 * BYTES bytes, on the Unix socket SOCKET. What a page of Guichet is measured against.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BACKLOG = 1024, THREADS_MAX = 64 };

static const char head[] = "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
static char *text;
static int text_len, listener;

static void *serve(void *unused)
{
    FCGX_Request request;

    (void)unused;
    FCGX_InitRequest(&request, listener, 0);
    while (FCGX_Accept_r(&request) >= 0) {
        FCGX_PutStr(text, text_len, request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    int count = argc == 4 ? atoi(argv[3]) : 0;
    int bytes = argc == 4 ? atoi(argv[2]) : 0;

    if (count < 1 || count > THREADS_MAX || bytes < 1) {
        fprintf(stderr, "usage: bare SOCKET BYTES THREADS\n");
        return 2;
    }
    text_len = (int)strlen(head) + bytes;
    text = malloc((size_t)text_len);
    if (!text)
        return 1;
    memset(text, 'x', (size_t)text_len);
    memcpy(text, head, strlen(head));
    FCGX_Init();
    listener = FCGX_OpenSocket(argv[1], BACKLOG);
    if (listener < 0 || chmod(argv[1], 0660))
        return 1;
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, serve, NULL))
            return 1;
    pthread_join(threads[0], NULL);
    return 0;
}
