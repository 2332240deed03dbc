/* The batch socket: UDP datagrams in batches of up to 64, each batch one system call to receive, one call into TypeScript to
 * answer, and one system call to send. What arrives and what leaves lies in memory that both sides see:
 *
 *   memory  | peers: 64 × PEER_WORDS words | counts | queries: 64 × QUERY_STRIDE | answers: 64 × ANSWER_STRIDE |
 *
 *   a peer  | family | port | address, 4 words | query length | answer length |     numbers in the machine's order
 *
 * TypeScript reads the first `count` peers and queries, writes answers and their lengths (0: none), and returns. All that is
 * decided is decided there. A family of 0 says that the datagram did not fit and must not be answered.
 *
 *   readable → receive → TypeScript → send ─┬→ all sent: receive again, up to ROUNDS batches, then the loop's others
 *                                           └→ the kernel takes no more: wait until writable, send the rest, go on
 *
 * A socket belongs to the thread that opened it, and lives until it is closed or its thread ends. */
#define _GNU_SOURCE
#include "addon.h"
#include "uv-poll.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  BATCH = 64,
  QUERY_BYTES = 4096,
  /* Not a power of two: slots that all begin at the same cache set would push each other out. */
  QUERY_STRIDE = QUERY_BYTES + 64,
  ANSWER_BYTES = 1232,
  ANSWER_STRIDE = ANSWER_BYTES + 48,
  PEER_WORDS = 8,
  /* Batches in a row before other work of the thread (TCP, a new snapshot) has its turn. */
  ROUNDS = 8,
  CONTROL_BYTES = 128,
};
enum { FAMILY, PORT, ADDRESS, QUERY_LENGTH = 6, ANSWER_LENGTH };
/* Datagrams that got no answer, since TypeScript last set them back to 0. */
enum { RECEIVE_QUEUE_FULL, TOO_LONG, RECEIVE_FAILED, SEND_FAILED, COUNTS };

typedef struct {
  uint32_t peers[BATCH][PEER_WORDS];
  uint32_t counts[COUNTS];
  uint8_t queries[BATCH][QUERY_STRIDE];
  uint8_t answers[BATCH][ANSWER_STRIDE];
} memory_t;

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} address_t;

typedef struct {
  napi_env env;
  napi_ref self;       /* Held while open, so that nobody frees what the loop points at. */
  napi_ref memory_ref; /* The memory, */
  memory_t *memory;    /* which stays where it is while held. */
  napi_ref on_batch;
  napi_async_cleanup_hook_handle cleanup;
  uv_poll_t *poll;
  int fd;
  bool is_closing;
  bool is_wildcard;  /* Bound to no address: answers must name the one that was asked. */
  uint32_t overflow; /* The kernel's count of datagrams for which there was no room, as last seen. */
  unsigned pending, sent; /* Answers to send, and how many of them are. */
  struct mmsghdr in[BATCH], out[BATCH];
  struct iovec in_vector[BATCH], out_vector[BATCH];
  address_t from[BATCH];
  _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_BYTES];
} batch_socket_t;

static void on_ready(uv_poll_t *poll, int status, int events);

/* ---- receiving ---- */

static void prepare_to_receive(batch_socket_t *s) {
  for (unsigned i = 0; i < BATCH; i++) {
    struct msghdr *header = &s->in[i].msg_hdr;
    header->msg_name = &s->from[i];
    header->msg_namelen = sizeof s->from[i];
    header->msg_iov = &s->in_vector[i];
    header->msg_iovlen = 1;
    header->msg_control = s->control[i];
    header->msg_controllen = CONTROL_BYTES;
    s->in_vector[i] = (struct iovec){s->memory->queries[i], QUERY_BYTES};
  }
}

/* What the kernel says beside a datagram. Its count of lost ones only grows, and wraps around. */
static void read_overflow(batch_socket_t *s, struct msghdr *header) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
    uint32_t total;
    memcpy(&total, CMSG_DATA(c), sizeof total);
    s->memory->counts[RECEIVE_QUEUE_FULL] += total - s->overflow;
    s->overflow = total;
  }
}

static void describe_peer(batch_socket_t *s, unsigned i) {
  uint32_t *peer = s->memory->peers[i];
  const address_t *from = &s->from[i];
  peer[ANSWER_LENGTH] = 0;
  peer[QUERY_LENGTH] = s->in[i].msg_len;
  if (s->in[i].msg_hdr.msg_flags & MSG_TRUNC) {
    s->memory->counts[TOO_LONG]++;
    peer[FAMILY] = 0;
  } else if (from->any.sa_family == AF_INET) {
    peer[FAMILY] = 4;
    peer[PORT] = ntohs(from->v4.sin_port);
    peer[ADDRESS] = ntohl(from->v4.sin_addr.s_addr);
  } else {
    peer[FAMILY] = 6;
    peer[PORT] = ntohs(from->v6.sin6_port);
    uint32_t words[4];
    memcpy(words, &from->v6.sin6_addr, sizeof words);
    for (unsigned word = 0; word < 4; word++) peer[ADDRESS + word] = ntohl(words[word]);
  }
}

/* Returns how many datagrams there are; 0 when there are none, now or because receiving failed. */
static unsigned receive_batch(batch_socket_t *s) {
  int count;
  do count = recvmmsg(s->fd, s->in, BATCH, MSG_DONTWAIT, NULL);
  while (count < 0 && errno == EINTR);
  if (count < 0) {
    /* No memory, or an error that an earlier answer brought back: it concerns no one datagram, and poll comes again. */
    if (errno != EAGAIN && errno != EWOULDBLOCK) s->memory->counts[RECEIVE_FAILED]++;
    return 0;
  }
  for (int i = 0; i < count; i++) {
    if (s->in[i].msg_hdr.msg_controllen) read_overflow(s, &s->in[i].msg_hdr);
    describe_peer(s, i);
  }
  return count;
}

/* ---- sending ---- */

/* The answer leaves from the address that was asked: what the kernel said of it is handed back as it came. The interface is
 * left open, since the way back may be another; but a link-local address means nothing without its own. */
static void name_source(struct msghdr *out, const struct msghdr *in) {
  out->msg_control = in->msg_control;
  out->msg_controllen = 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(in); c; c = CMSG_NXTHDR((struct msghdr *)in, c)) {
    const bool is_v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO;
    const bool is_v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO;
    if (!is_v4 && !is_v6) continue;
    if (is_v4) ((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex = 0;
    struct in6_pktinfo *v6 = is_v6 ? (struct in6_pktinfo *)CMSG_DATA(c) : NULL;
    if (v6 && !IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) v6->ipi6_ifindex = 0;
    out->msg_control = c;
    out->msg_controllen = CMSG_SPACE(is_v4 ? sizeof(struct in_pktinfo) : sizeof(struct in6_pktinfo));
    return;
  }
}

static void prepare_to_send(batch_socket_t *s, unsigned count) {
  s->pending = s->sent = 0;
  for (unsigned i = 0; i < count; i++) {
    const uint32_t length = s->memory->peers[i][ANSWER_LENGTH];
    if (length == 0 || length > ANSWER_BYTES) continue;
    struct msghdr *out = &s->out[s->pending].msg_hdr;
    const struct msghdr *in = &s->in[i].msg_hdr;
    s->out_vector[s->pending] = (struct iovec){s->memory->answers[i], length};
    *out = (struct msghdr){.msg_name = in->msg_name, .msg_namelen = in->msg_namelen,
                           .msg_iov = &s->out_vector[s->pending], .msg_iovlen = 1};
    if (s->is_wildcard) name_source(out, in);
    s->pending++;
  }
}

/* Sends what is left; false when the kernel takes no more for now. A datagram that it refuses (no route, no buffer, a rule of
 * a firewall) is lost as datagrams are, and the ones behind it are not. */
static bool send_pending(batch_socket_t *s) {
  while (s->sent < s->pending) {
    const int count = sendmmsg(s->fd, s->out + s->sent, s->pending - s->sent, MSG_DONTWAIT);
    if (count > 0) {
      s->sent += count;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      s->memory->counts[SEND_FAILED]++;
      s->sent++;
    }
  }
  return true;
}

/* ---- the loop ---- */

/* Calls TypeScript. False when it threw, or its thread is being ended: then nothing is sent. */
static bool answer_batch(batch_socket_t *s, unsigned count) {
  napi_handle_scope scope;
  napi_value callback, receiver, argument;
  if (napi_open_handle_scope(s->env, &scope) != napi_ok) return false;
  bool is_answered = napi_get_reference_value(s->env, s->on_batch, &callback) == napi_ok &&
                     napi_get_undefined(s->env, &receiver) == napi_ok &&
                     napi_create_uint32(s->env, count, &argument) == napi_ok &&
                     napi_call_function(s->env, receiver, callback, 1, &argument, NULL) == napi_ok;
  napi_value exception;
  if (!is_answered && napi_get_and_clear_last_exception(s->env, &exception) == napi_ok)
    napi_fatal_exception(s->env, exception);
  napi_close_handle_scope(s->env, scope);
  return is_answered;
}

static void serve(batch_socket_t *s) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    const unsigned count = receive_batch(s);
    if (count == 0 || !answer_batch(s, count) || s->is_closing) return;
    prepare_to_send(s, count);
    /* The kernel has shortened these to what it used. */
    for (unsigned i = 0; i < count; i++) {
      s->in[i].msg_hdr.msg_namelen = sizeof s->from[i];
      s->in[i].msg_hdr.msg_controllen = CONTROL_BYTES;
    }
    if (!send_pending(s)) {
      uv_poll_start(s->poll, UV_WRITABLE, on_ready);
      return;
    }
    if (count < BATCH) return;
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  batch_socket_t *s = uv_handle_get_data((uv_handle_t *)poll);
  /* A status says that epoll reports the socket as broken: receiving finds out, and takes the error off it. */
  if (status == 0 && (events & UV_WRITABLE)) {
    if (!send_pending(s)) return;
    uv_poll_start(poll, UV_READABLE, on_ready);
  }
  serve(s);
}

/* ---- opening and closing ---- */

static void free_socket(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  batch_socket_t *s = data;
  free(s->poll);
  free(s);
}

static void release(batch_socket_t *s) {
  napi_ref *refs[] = {&s->on_batch, &s->memory_ref, &s->self};
  for (unsigned i = 0; i < sizeof refs / sizeof *refs; i++) {
    if (*refs[i]) napi_delete_reference(s->env, *refs[i]);
    *refs[i] = NULL;
  }
}

static void on_closed(uv_handle_t *handle) {
  batch_socket_t *s = uv_handle_get_data(handle);
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
  if (s->cleanup) napi_remove_async_cleanup_hook(s->cleanup);
  release(s);
}

static void begin_close(batch_socket_t *s) {
  if (s->is_closing) return;
  s->is_closing = true;
  uv_close((uv_handle_t *)s->poll, on_closed);
}

/* The thread ends, by itself or because it was terminated: the loop waits for on_closed. */
static void on_thread_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  begin_close(data);
}

static napi_value close_socket(napi_env env, napi_callback_info info) {
  napi_value receiver;
  void *data;
  if (napi_get_cb_info(env, info, NULL, NULL, &receiver, NULL) == napi_ok &&
      napi_unwrap(env, receiver, &data) == napi_ok)
    begin_close(data);
  return NULL;
}

static bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

typedef struct {
  address_t address;
  socklen_t length;
  bool reuse_port;
  int receive_bytes, send_bytes;
} options_t;

/* Opens and binds; returns NULL, or the name of the call that failed, with errno as it left it. */
static const char *bind_socket(batch_socket_t *s, const options_t *options) {
  const int family = options->address.any.sa_family;
  const bool is_v6 = family == AF_INET6;
  s->is_wildcard = is_v6 ? IN6_IS_ADDR_UNSPECIFIED(&options->address.v6.sin6_addr)
                         : options->address.v4.sin_addr.s_addr == INADDR_ANY;
  s->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s->fd < 0) return "socket";
  if (is_v6 && !set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return "setsockopt IPV6_V6ONLY";
  if (options->reuse_port && !set_option(s->fd, SOL_SOCKET, SO_REUSEPORT, 1)) return "setsockopt SO_REUSEPORT";
  if (s->is_wildcard && !(is_v6 ? set_option(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                                : set_option(s->fd, IPPROTO_IP, IP_PKTINFO, 1)))
    return "setsockopt PKTINFO";
  /* Courtesies: the kernel caps the sizes, and one that does not know the others serves without. Path MTUs that a forged
   * ICMP message states must not make us fragment (RFC 9715 section 3.1). */
  set_option(s->fd, SOL_SOCKET, SO_RCVBUF, options->receive_bytes);
  set_option(s->fd, SOL_SOCKET, SO_SNDBUF, options->send_bytes);
  set_option(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (is_v6) set_option(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  else set_option(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  if (bind(s->fd, &options->address.any, options->length) < 0) return "bind";
  return NULL;
}

static bool read_options(napi_env env, napi_value *args, options_t *options) {
  char text[INET6_ADDRSTRLEN + 1];
  size_t length;
  uint32_t port, receive_bytes, send_bytes;
  *options = (options_t){0};
  if (napi_get_value_string_utf8(env, args[0], text, sizeof text, &length) != napi_ok ||
      napi_get_value_uint32(env, args[1], &port) != napi_ok || port > UINT16_MAX ||
      napi_get_value_bool(env, args[2], &options->reuse_port) != napi_ok ||
      napi_get_value_uint32(env, args[3], &receive_bytes) != napi_ok ||
      napi_get_value_uint32(env, args[4], &send_bytes) != napi_ok || receive_bytes > INT32_MAX || send_bytes > INT32_MAX)
    return false;
  options->receive_bytes = receive_bytes;
  options->send_bytes = send_bytes;
  if (inet_pton(AF_INET, text, &options->address.v4.sin_addr) == 1) {
    options->address.v4.sin_family = AF_INET;
    options->address.v4.sin_port = htons(port);
    options->length = sizeof options->address.v4;
    return true;
  }
  options->address.v6.sin6_family = AF_INET6;
  options->address.v6.sin6_port = htons(port);
  options->length = sizeof options->address.v6;
  return inet_pton(AF_INET6, text, &options->address.v6.sin6_addr) == 1;
}

/* The port that was bound, 0 when the kernel does not say. */
static unsigned bound_port(int fd) {
  address_t bound = {0};
  socklen_t length = sizeof bound;
  if (getsockname(fd, &bound.any, &length) < 0) return 0;
  return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

/* Gives the object its memory, its port and how to read the memory, and takes hold of all that the loop will need. */
static bool equip(batch_socket_t *s, napi_value object, napi_value on_batch) {
  napi_value memory, close_function;
  void *bytes;
  if (napi_create_arraybuffer(s->env, sizeof(memory_t), &bytes, &memory) != napi_ok) return false;
  s->memory = bytes;
  return napi_set_named_property(s->env, object, "memory", memory) == napi_ok &&
         napi_create_function(s->env, "close", NAPI_AUTO_LENGTH, close_socket, NULL, &close_function) == napi_ok &&
         napi_set_named_property(s->env, object, "close", close_function) == napi_ok &&
         set_number(s->env, object, "port", bound_port(s->fd)) &&
         napi_create_reference(s->env, memory, 1, &s->memory_ref) == napi_ok &&
         napi_create_reference(s->env, on_batch, 1, &s->on_batch) == napi_ok;
}

/* From here on the socket is closed through the loop only. Returns NULL, or the name of the call that failed. */
static const char *join_loop(batch_socket_t *s) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(s->env, &loop) != napi_ok) return errno = EINVAL, "napi_get_uv_event_loop";
  const int failure = uv_poll_init(loop, s->poll, s->fd);
  if (failure < 0) return errno = -failure, "uv_poll_init";
  uv_handle_set_data((uv_handle_t *)s->poll, s);
  prepare_to_receive(s);
  if (napi_add_async_cleanup_hook(s->env, on_thread_end, s, &s->cleanup) != napi_ok)
    return begin_close(s), errno = ENOMEM, "napi_add_async_cleanup_hook";
  const int refused = uv_poll_start(s->poll, UV_READABLE, on_ready);
  if (refused < 0) return begin_close(s), errno = -refused, "uv_poll_start";
  return NULL;
}

/* open(address, port, reusePort, receiveBytes, sendBytes, onBatch) → { memory, port, close() } */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value args[6], object;
  napi_valuetype kind;
  options_t options;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count != 6 ||
      napi_typeof(env, args[5], &kind) != napi_ok || kind != napi_function || !read_options(env, args, &options)) {
    napi_throw_type_error(env, "EINVAL", "open(address, port, reusePort, receiveBytes, sendBytes, onBatch)");
    return NULL;
  }
  batch_socket_t *s = calloc(1, sizeof *s);
  if (!s) return throw_system_error(env, ENOMEM, "calloc");
  s->env = env;
  s->fd = -1;
  s->poll = calloc(1, uv_handle_size(UV_POLL));
  if (!s->poll || napi_create_object(env, &object) != napi_ok ||
      napi_wrap(env, object, s, free_socket, NULL, NULL) != napi_ok) {
    free_socket(env, s, NULL);
    return throw_system_error(env, ENOMEM, "calloc");
  }
  const char *call = bind_socket(s, &options);
  if (!call && (!equip(s, object, args[5]) || napi_create_reference(env, object, 1, &s->self) != napi_ok))
    call = (errno = ENOMEM, "napi_create_reference");
  if (!call) call = join_loop(s);
  if (!call) return object;
  const int error = errno;
  if (!s->is_closing) {
    if (s->fd >= 0) close(s->fd);
    s->is_closing = true; /* Nothing is left to close; the wrapped memory goes with the object. */
    release(s);
  }
  return throw_system_error(env, error, call);
}

bool define_batch_socket(napi_env env, napi_value exports) {
  static const struct { const char *name; double value; } layout[] = {
      {"BATCH", BATCH}, {"PEER_WORDS", PEER_WORDS}, {"COUNTS", COUNTS},
      {"QUERY_STRIDE", QUERY_STRIDE}, {"ANSWER_STRIDE", ANSWER_STRIDE}, {"ANSWER_BYTES", ANSWER_BYTES},
      {"COUNTS_START", offsetof(memory_t, counts)}, {"QUERIES_START", offsetof(memory_t, queries)},
      {"ANSWERS_START", offsetof(memory_t, answers)},
  };
  for (unsigned i = 0; i < sizeof layout / sizeof *layout; i++)
    if (!set_number(env, exports, layout[i].name, layout[i].value)) return false;
  napi_value function;
  return napi_create_function(env, "open", NAPI_AUTO_LENGTH, open_socket, NULL, &function) == napi_ok &&
         napi_set_named_property(env, exports, "open", function) == napi_ok;
}
