/* The timed part of the client that measures, the same for every kernel: libzmq, as Jupyter's.
 *
 * Messages come made and signed, so that a time runs from the first byte handed to libzmq to the
 * last frame in hand. Nothing is parsed: a message belongs to the request whose id stands in its
 * parent header. Ids are a prefix of 24 characters, one per client, and 8 decimal digits. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { SHELL, IOPUB, CONTROL, HEARTBEAT, CHANNELS };
enum { PREFIX = 24, DIGITS = 8, SMALL = 512 };
/* What a request can be waited for. */
enum { BUSY = 1, REPLY = 2, IDLE = 4 };

/* When what happened to a request, in seconds of the monotonic clock; 0 for what did not. */
struct outcome {
    double sent, busy, replied, idle;
    int32_t ok;
    int32_t padding;
};

/* What came over iopub. `foreign`: with another parent than the request that was busy. */
struct totals {
    int64_t messages, bytes, lines, foreign;
};

struct client {
    void *context;
    void *sockets[CHANNELS];
    char prefix[PREFIX];
    int64_t current;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void client_close(struct client *client) {
    if (!client)
        return;
    for (int i = 0; i < CHANNELS; i++)
        if (client->sockets[i])
            zmq_close(client->sockets[i]);
    zmq_ctx_term(client->context);
    free(client);
}

/* High-water marks are libzmq's defaults, as in jupyter_client. */
struct client *client_open(const char *const endpoints[CHANNELS], const char prefix[PREFIX]) {
    static const int types[CHANNELS] = {ZMQ_DEALER, ZMQ_SUB, ZMQ_DEALER, ZMQ_REQ};
    struct client *client = calloc(1, sizeof *client);
    int none = 0;
    if (!client)
        return NULL;
    client->context = zmq_ctx_new();
    client->current = -1;
    memcpy(client->prefix, prefix, PREFIX);
    for (int i = 0; i < CHANNELS; i++) {
        client->sockets[i] = zmq_socket(client->context, types[i]);
        if (!client->sockets[i])
            goto failed;
        zmq_setsockopt(client->sockets[i], ZMQ_LINGER, &none, sizeof none);
        if (i == IOPUB)
            zmq_setsockopt(client->sockets[i], ZMQ_SUBSCRIBE, "", 0);
        if (zmq_connect(client->sockets[i], endpoints[i]) != 0)
            goto failed;
    }
    return client;
failed:
    client_close(client);
    return NULL;
}

/* Waits until somebody listens on a port of this machine; asks ten thousand times a second. */
int knock(int port, double patience) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (double deadline = now() + patience; now() < deadline;) {
        int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int result = connect(descriptor, (struct sockaddr *)&address, sizeof address);
        close(descriptor);
        if (result == 0)
            return 0;
        struct timespec moment = {0, 100000};
        nanosleep(&moment, NULL);
    }
    return -1;
}

/* A message in a batch: how many frames, then each with its length before it, as uint32. */
static const uint8_t *send_message(void *socket, const uint8_t *at) {
    uint32_t count, size;
    memcpy(&count, at, sizeof count);
    at += sizeof count;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(&size, at, sizeof size);
        at += sizeof size;
        zmq_send(socket, at, size, i + 1 < count ? ZMQ_SNDMORE : 0);
        at += size;
    }
    return at;
}

void client_send(struct client *client, int channel, const uint8_t *message) {
    send_message(client->sockets[channel], message);
}

static int64_t request_of(const struct client *client, const char *parent, size_t size) {
    const char *id = memmem(parent, size, client->prefix, PREFIX);
    if (!id || id + PREFIX + DIGITS > parent + size)
        return -1;
    int64_t number = 0;
    for (int i = 0; i < DIGITS; i++)
        number = number * 10 + (id[PREFIX + i] - '0');
    return number;
}

static bool has(const char *text, size_t size, const char *word) {
    return memmem(text, size, word, strlen(word)) != NULL;
}

static int64_t line_ends(const char *text, size_t size) {
    int64_t count = 0;
    const char *end = text + size;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "\\n", 2)); at += 2)
        count++;
    return count;
}

/* Takes one message, if there is one. Returns whether there was. */
static bool take(struct client *client, int channel, int64_t first, int64_t count, struct outcome *outcomes,
                 struct totals *totals) {
    void *socket = client->sockets[channel];
    /* The frames that count, by their distance from the delimiter. */
    enum { HEADER = 2, PARENT = 3, CONTENT = 5, KEPT = 6 };
    zmq_msg_t kept[KEPT], other;
    int place = -1;
    bool more;
    for (int i = 0; i < KEPT; i++)
        zmq_msg_init(&kept[i]);
    zmq_msg_init(&other);
    for (bool begun = false;; begun = true) {
        zmq_msg_t *frame = place >= 0 && place + 1 < KEPT ? &kept[place + 1] : &other;
        if (zmq_msg_recv(frame, socket, begun ? 0 : ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&other);
            for (int i = 0; i < KEPT; i++)
                zmq_msg_close(&kept[i]);
            return false;
        }
        more = zmq_msg_more(frame);
        if (place >= 0)
            place++;
        else if (zmq_msg_size(frame) == 9 && memcmp(zmq_msg_data(frame), "<IDS|MSG>", 9) == 0)
            place = 0;
        if (!more)
            break;
    }
    double time = now();
    const char *content = zmq_msg_data(&kept[CONTENT]);
    size_t size = zmq_msg_size(&kept[CONTENT]);
    int64_t request = request_of(client, zmq_msg_data(&kept[PARENT]), zmq_msg_size(&kept[PARENT]));
    struct outcome *outcome = request >= first && request < first + count ? &outcomes[request - first] : NULL;
    if (channel == IOPUB) {
        bool status = size < SMALL && has(content, size, "\"execution_state\"");
        bool busy = status && has(content, size, "\"busy\"");
        totals->messages++;
        totals->bytes += (int64_t)size;
        if (busy)
            client->current = request;
        if (request != client->current || request < 0)
            totals->foreign++;
        if (outcome && busy)
            outcome->busy = time;
        if (status && has(content, size, "\"idle\"")) {
            client->current = -1;
            if (outcome)
                outcome->idle = time;
        }
        if (has(zmq_msg_data(&kept[HEADER]), zmq_msg_size(&kept[HEADER]), "\"stream\""))
            totals->lines += line_ends(content, size);
    } else if (outcome) {
        outcome->replied = time;
        outcome->ok = has(content, size, "\"ok\"");
    }
    zmq_msg_close(&other);
    for (int i = 0; i < KEPT; i++)
        zmq_msg_close(&kept[i]);
    return true;
}

static bool ended(const struct outcome *outcome, int until) {
    return (!(until & BUSY) || outcome->busy > 0) && (!(until & REPLY) || outcome->replied > 0) &&
           (!(until & IDLE) || outcome->idle > 0);
}

/* Receives until what is waited for has come of all requests from `first` on, or nothing comes
 * for so long. Returns of how many it came. */
int64_t client_receive(struct client *client, int until, int64_t first, int64_t count, double silence,
                       struct outcome *outcomes, struct totals *totals) {
    zmq_pollitem_t items[] = {{client->sockets[SHELL], 0, ZMQ_POLLIN, 0},
                              {client->sockets[IOPUB], 0, ZMQ_POLLIN, 0},
                              {client->sockets[CONTROL], 0, ZMQ_POLLIN, 0}};
    int64_t done = 0;
    for (;;) {
        while (done < count && ended(&outcomes[done], until))
            done++;
        if (done == count || zmq_poll(items, 3, (long)(silence * 1000)) <= 0)
            break;
        for (int channel = SHELL; channel <= CONTROL; channel++)
            while (items[channel].revents && take(client, channel, first, count, outcomes, totals))
                ;
    }
    for (int64_t i = done; i < count; i++)
        done += ended(&outcomes[i], until);
    return done;
}

/* One request after the other, each to its end, as long as there is time. Returns how many. */
int64_t client_take_turns(struct client *client, int channel, const uint8_t *batch, int64_t first, int64_t count,
                          double budget, double silence, struct outcome *outcomes, struct totals *totals) {
    double deadline = now() + budget;
    int64_t done = 0;
    while (done < count && now() < deadline) {
        outcomes[done].sent = now();
        batch = send_message(client->sockets[channel], batch);
        if (client_receive(client, REPLY | IDLE, first + done, 1, silence, &outcomes[done], totals) != 1)
            break;
        done++;
    }
    return done;
}

/* All requests before anything is read. */
void client_send_all(struct client *client, int channel, const uint8_t *batch, int64_t count,
                     struct outcome *outcomes) {
    for (int64_t i = 0; i < count; i++) {
        outcomes[i].sent = now();
        batch = send_message(client->sockets[channel], batch);
    }
}

/* Heartbeats, one after the other. Returns how many came back. */
int64_t client_beat(struct client *client, int64_t count, double silence, double *seconds) {
    zmq_pollitem_t item = {client->sockets[HEARTBEAT], 0, ZMQ_POLLIN, 0};
    char beat[4];
    for (int64_t i = 0; i < count; i++) {
        double sent = now();
        zmq_send(client->sockets[HEARTBEAT], "beat", 4, 0);
        if (zmq_poll(&item, 1, (long)(silence * 1000)) <= 0)
            return i;
        if (zmq_recv(client->sockets[HEARTBEAT], beat, sizeof beat, 0) != 4 || memcmp(beat, "beat", 4) != 0)
            return i;
        seconds[i] = now() - sent;
    }
    return count;
}
