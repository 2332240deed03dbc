/* The batch socket: datagrams in batches of up to 64, each batch one system call to receive, one call into TypeScript to
 * answer, and one system call to send. What arrives and what leaves lies in memory that both sides see (memory_t):
 *
 *   a peer  | family | port | address, 4 words | query length | answer length |     numbers in the machine's order
 *
 * TypeScript reads the first `count` peers and queries, writes answers and their lengths (0: none), and returns. All that is
 * decided is decided there. A family of 0 says that the datagram did not fit and must not be answered.
 *
 * addon.c is the side of JavaScript, batch-socket.c the side of the kernel. Node-API only, so that one binary loads on every
 * Node. No state outside of the sockets: each belongs to the thread that opened it, until it is closed or its thread ends. */
#pragma once

#define _GNU_SOURCE
#include "uv-poll.h"

#include <netinet/in.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
  BATCH = 64,
  QUERY_BYTES = 4096,
  /* Not a power of two: slots that all begin at the same cache set would push each other out. */
  QUERY_STRIDE = QUERY_BYTES + 64,
  /* The longest answer, 1232 bytes, and likewise. */
  ANSWER_STRIDE = 1232 + 48,
  PEER_WORDS = 8,
  CONTROL_BYTES = 128,
};
enum { FAMILY, PORT, ADDRESS, QUERY_LENGTH = 6, ANSWER_LENGTH };
/* Datagrams that got no answer, since TypeScript last set them back to 0; and answers that the kernel has yet to take. */
enum { RECEIVE_QUEUE_FULL, TOO_LONG, RECEIVE_FAILED, SEND_FAILED, WAITING, COUNTS };
/* What the datagrams are. Echo: ICMP messages, of our own echo requests alone; raw: of everybody, IPv4 behind its header. */
enum { UDP, ECHO, RAW_ECHO, KINDS };

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
  uint32_t kind, receive_bytes, send_bytes;
  address_t address;
  bool reuse_port;
} options_t;

typedef struct {
  napi_env env;
  napi_ref self, buffer, on_batch; /* Held while open, so that nobody frees what the loop points at. */
  napi_async_cleanup_hook_handle cleanup;
  memory_t *memory; /* The buffer's. */
  uv_poll_t *poll;
  int fd, port; /* The port of an echo socket is the id of its requests. */
  bool is_closing;
  bool is_wildcard;       /* Bound to no address: answers must name the one that was asked. */
  uint32_t overflow;      /* The kernel's count of datagrams for which there was no room, as last seen. */
  unsigned count;         /* Datagrams of this batch. */
  unsigned pending, sent; /* Answers to send, and how many of them are. */
  struct mmsghdr in[BATCH], out[BATCH];
  struct iovec in_vector[BATCH], out_vector[BATCH];
  address_t from[BATCH];
  _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_BYTES];
} batch_socket_t;

/* Opens, binds, finds out the port. Returns NULL, or the name of the call that failed, with errno as it left it. */
const char *bind_socket(batch_socket_t *s, const options_t *options);
/* Receives from now on, and likewise; what then ends it is begin_close. */
const char *join_loop(batch_socket_t *s, uv_loop_t *loop);
void begin_close(batch_socket_t *s);
/* Sends the answers of the first `count` peers to whoever is written there: how many the kernel took, or -1 and errno. */
int send_to_peers(batch_socket_t *s, unsigned count);

/* Calls TypeScript, plainly: what it promises there is kept only when the loop next enters Node (setImmediate sees to that),
 * for the way to have it at once costs as much as several answers. False when it threw, or its thread is being ended. */
bool answer_batch(batch_socket_t *s);
/* Lets go of what is held of JavaScript's. */
void release(batch_socket_t *s);
