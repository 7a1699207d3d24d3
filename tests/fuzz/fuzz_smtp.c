/* A mail server that says whatever it likes: all of it at once, whoever asks. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utf8.h"
#include "net/http_client.h"
#include "net/smtp.h"

static int listening;
static char url[60];
static struct str speech; /* set before the client connects */
static sem_t served;      /* a connection has ended */

static void *serve(void *unused)
{
    char heard[4096];

    for (;;) {
        int fd = accept(listening, NULL, NULL);

        if (fd < 0)
            return unused;
        (void)send(fd, speech.data, speech.len, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        while (recv(fd, heard, sizeof(heard), 0) > 0)
            ;
        close(fd);
        sem_post(&served);
    }
}

void fuzz_smtp_begin(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    pthread_t thread;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    hold(bind(listening, (struct sockaddr *)&address, len) == 0 && listen(listening, 8) == 0);
    hold(getsockname(listening, (struct sockaddr *)&address, &len) == 0);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", ntohs(address.sin_port));
    hold(sem_init(&served, 0, 0) == 0);
    hold(http_client_global_init("fuzz") == OK);
    hold(pthread_create(&thread, NULL, serve, NULL) == 0);
    pthread_detach(thread);
}

void fuzz_smtp(struct str input, struct arena *arena)
{
    struct smtp_settings settings = {.url = url, .user = "a", .password = "b"};
    struct mail mail = {.from_name = "",
                        .from_address = "a@b.example",
                        .to = "c@d.example",
                        .reply_to = "",
                        .subject = "s",
                        .message_id = "1@b.example",
                        .text = str_of("t\n")};
    struct smtp_answer answer;
    struct smtp *smtp = NULL;

    speech = input;
    hold(smtp_new(&settings, &smtp) == OK);
    if (smtp_send(smtp, &mail, arena, &answer) == OK) {
        hold(utf8_valid(str_of(answer.sentence)) && !strchr(answer.sentence, '\n'));
        hold(answer.outcome != SMTP_SENT || memmem(input.data, input.len, "2", 1));
    }
    smtp_free(smtp);
    sem_wait(&served);
}
