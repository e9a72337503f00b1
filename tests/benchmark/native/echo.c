/* The floor: answers every request with canned messages over libzmq, and does nothing else.
 *
 * One thread for four sockets, one for the heartbeat. No JSON is parsed, nothing is signed, no code is run. What is sent
 * back is what a kernel would send: busy, execute_input, output, reply, idle, with the header of
 * the request as their parent, because a client could not tell them apart otherwise.
 *
 * usage: echo SHELL IOPUB STDIN CONTROL HEARTBEAT (endpoints to bind)
 *
 * A cell whose code begins with "lines " prints 100,000 lines, one with "mebibyte " 1 MiB. */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { LINES = 100000, MEBIBYTE = 1 << 20, CHUNK = 64 << 10, MAX_FRAMES = 16 };

/* The frames of a request: identities, delimiter, signature, header, parent, metadata, content. */
struct request {
    zmq_msg_t frames[MAX_FRAMES];
    int count;
    int delimiter;
};

static const char DELIMITER[] = "<IDS|MSG>";
static void *iopub;

static void *bound(void *context, int type, const char *endpoint) {
    void *socket = zmq_socket(context, type);
    int linger = 1000;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_bind(socket, endpoint) != 0) {
        fprintf(stderr, "%s: %s\n", endpoint, zmq_strerror(zmq_errno()));
        exit(1);
    }
    return socket;
}

static bool receive(void *socket, struct request *request) {
    request->count = 0;
    request->delimiter = -1;
    do {
        if (request->count == MAX_FRAMES)
            return false;
        zmq_msg_t *frame = &request->frames[request->count];
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, 0) < 0)
            return false;
        if (zmq_msg_size(frame) == sizeof DELIMITER - 1 && memcmp(zmq_msg_data(frame), DELIMITER, sizeof DELIMITER - 1) == 0)
            request->delimiter = request->count;
        request->count++;
    } while (zmq_msg_more(&request->frames[request->count - 1]));
    return request->delimiter >= 0 && request->count >= request->delimiter + 6;
}

static void release(struct request *request) {
    for (int i = 0; i < request->count; i++)
        zmq_msg_close(&request->frames[i]);
}

static void send_bytes(void *socket, const void *bytes, size_t size, int flags) {
    zmq_send(socket, bytes, size, flags);
}

static void send_text(void *socket, const char *text, int flags) {
    send_bytes(socket, text, strlen(text), flags);
}

static void send_shared(void *socket, zmq_msg_t *frame, int flags) {
    zmq_msg_t copy;
    zmq_msg_init(&copy);
    zmq_msg_copy(&copy, frame);
    zmq_msg_send(&copy, socket, flags);
}

/* All but the content: identities, or a topic where there are none, and the canned header. */
static void send_envelope(void *socket, struct request *request, const char *type) {
    static unsigned long serial;
    char header[256];
    if (socket == iopub)
        send_text(socket, type, ZMQ_SNDMORE);
    else
        for (int i = 0; i < request->delimiter; i++)
            send_shared(socket, &request->frames[i], ZMQ_SNDMORE);
    send_text(socket, DELIMITER, ZMQ_SNDMORE);
    send_text(socket, "", ZMQ_SNDMORE);
    snprintf(header, sizeof header,
             "{\"msg_id\":\"00000000-0000-0000-0000-%012lx\",\"session\":\"00000000-0000-0000-0000-000000000000\","
             "\"username\":\"echo\",\"date\":\"2026-01-01T00:00:00.000000Z\",\"msg_type\":\"%s\",\"version\":\"5.5\"}",
             ++serial, type);
    send_text(socket, header, ZMQ_SNDMORE);
    send_shared(socket, &request->frames[request->delimiter + 2], ZMQ_SNDMORE);
    send_text(socket, "{}", ZMQ_SNDMORE);
}

static void say(void *socket, struct request *request, const char *type, const char *content) {
    send_envelope(socket, request, type);
    send_text(socket, content, 0);
}

/* Text as the content of a stream message. */
struct stream {
    char *content;
    size_t size;
};

static struct stream *lines, mebibyte;
static int line_messages;

static void add(struct stream *stream, const char *text) {
    size_t length = strlen(text);
    memcpy(stream->content + stream->size, text, length);
    stream->size += length;
}

static struct stream begin(size_t capacity) {
    struct stream stream = {malloc(capacity + 64), 0};
    add(&stream, "{\"name\":\"stdout\",\"text\":\"");
    return stream;
}

/* Made on demand, so that they do not count as memory at rest. */
static void make_lines(void) {
    lines = calloc(LINES / 1000, sizeof *lines);
    for (int line = 1; line <= LINES;) {
        struct stream stream = begin(CHUNK);
        char text[16];
        for (; line <= LINES && stream.size < CHUNK - sizeof text; line++) {
            snprintf(text, sizeof text, "%d\\n", line);
            add(&stream, text);
        }
        add(&stream, "\"}");
        lines[line_messages++] = stream;
    }
}

static void make_mebibyte(void) {
    mebibyte = begin(MEBIBYTE);
    memset(mebibyte.content + mebibyte.size, 'x', MEBIBYTE);
    mebibyte.size += MEBIBYTE;
    add(&mebibyte, "\"}");
}

static void write_stream(struct request *request, const struct stream *stream) {
    send_envelope(iopub, request, "stream");
    send_bytes(iopub, stream->content, stream->size, 0);
}

static bool contains(zmq_msg_t *frame, const char *text) {
    size_t size = zmq_msg_size(frame);
    /* What matters stands at the beginning, whatever comes behind. */
    return memmem(zmq_msg_data(frame), size < 512 ? size : 512, text, strlen(text)) != NULL;
}

static void execute(void *socket, struct request *request) {
    zmq_msg_t *content = &request->frames[request->delimiter + 5];
    /* The input is published again, so its bytes travel here too. */
    send_envelope(iopub, request, "execute_input");
    send_shared(iopub, content, 0);
    if (contains(content, "\"lines ")) {
        if (!lines)
            make_lines();
        for (int i = 0; i < line_messages; i++)
            write_stream(request, &lines[i]);
    } else if (contains(content, "\"mebibyte ")) {
        if (!mebibyte.content)
            make_mebibyte();
        write_stream(request, &mebibyte);
    }
    say(socket, request, "execute_reply",
        "{\"status\":\"ok\",\"execution_count\":1,\"user_expressions\":{},\"payload\":[]}");
}

/* Whether it was the last request. */
static bool answer(void *socket, struct request *request) {
    zmq_msg_t *header = &request->frames[request->delimiter + 2];
    bool last = false;
    say(iopub, request, "status", "{\"execution_state\":\"busy\"}");
    if (contains(header, "\"execute_request\""))
        execute(socket, request);
    else if (contains(header, "\"kernel_info_request\""))
        say(socket, request, "kernel_info_reply",
            "{\"status\":\"ok\",\"protocol_version\":\"5.5\",\"implementation\":\"echo\",\"implementation_version\":\"1\","
            "\"language_info\":{\"name\":\"none\",\"version\":\"1\",\"mimetype\":\"text/plain\",\"file_extension\":\".txt\"},"
            "\"banner\":\"canned messages\",\"help_links\":[],\"supported_features\":[]}");
    else if (contains(header, "\"complete_request\""))
        say(socket, request, "complete_reply",
            "{\"status\":\"ok\",\"matches\":[\"print\"],\"cursor_start\":0,\"cursor_end\":3,\"metadata\":{}}");
    else if (contains(header, "\"shutdown_request\"")) {
        say(socket, request, "shutdown_reply", "{\"status\":\"ok\",\"restart\":false}");
        last = true;
    }
    say(iopub, request, "status", "{\"execution_state\":\"idle\"}");
    return last;
}

/* In a thread of its own, as in other kernels on libzmq: nothing is quicker with libzmq. */
static void *beat(void *socket) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, socket, 0) >= 0)
        zmq_msg_send(&message, socket, 0);
    zmq_msg_close(&message);
    zmq_close(socket);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: echo SHELL IOPUB STDIN CONTROL HEARTBEAT\n");
        return 2;
    }
    void *context = zmq_ctx_new();
    void *shell = bound(context, ZMQ_ROUTER, argv[1]);
    iopub = bound(context, ZMQ_PUB, argv[2]);
    void *input = bound(context, ZMQ_ROUTER, argv[3]);
    void *control = bound(context, ZMQ_ROUTER, argv[4]);
    void *heartbeat = bound(context, ZMQ_REP, argv[5]);
    pthread_t beating;
    if (pthread_create(&beating, NULL, beat, heartbeat) != 0)
        return 1;
    void *asked[] = {shell, control, input};
    zmq_pollitem_t items[] = {{shell, 0, ZMQ_POLLIN, 0}, {control, 0, ZMQ_POLLIN, 0}, {input, 0, ZMQ_POLLIN, 0}};

    for (bool last = false; !last;) {
        if (zmq_poll(items, 3, -1) < 0)
            return 1;
        for (int i = 0; i < 3; i++) {
            if (!(items[i].revents & ZMQ_POLLIN))
                continue;
            struct request request;
            if (receive(asked[i], &request) && asked[i] != input)
                last |= answer(asked[i], &request);
            release(&request);
        }
    }
    void *sockets[] = {shell, iopub, input, control};
    for (int i = 0; i < 4; i++)
        zmq_close(sockets[i]);
    /* This also ends the heartbeat, which closes its socket. */
    zmq_ctx_term(context);
    pthread_join(beating, NULL);
    return 0;
}
