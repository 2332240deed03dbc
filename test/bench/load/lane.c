// Sending and receiving on one socket: see lane.h.

#define _GNU_SOURCE
#include "lane.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/** Answers must not be dropped on our side: that would count against the server. */
#define RECEIVE_BUFFER_BYTES (4 << 20)
#define HEADER_BYTES 12
#define RESPONSE_FLAG 0x80
#define TRUNCATED_FLAG 0x02

void open_lane(struct lane *lane, const struct sockaddr_in *target, bool is_tcp) {
  lane->is_tcp = is_tcp;
  lane->socket = socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (lane->socket < 0) fail("no socket");
  int bytes = RECEIVE_BUFFER_BYTES;
  if (setsockopt(lane->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) < 0) fail("no receive buffer");
  if (connect(lane->socket, (const struct sockaddr *)target, sizeof *target) < 0) fail("cannot connect");
  int on = 1;
  if (is_tcp && setsockopt(lane->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail("no TCP_NODELAY");
  int flags = fcntl(lane->socket, F_GETFL);
  if (flags < 0 || fcntl(lane->socket, F_SETFL, flags | O_NONBLOCK) < 0) fail("cannot be made non-blocking");
}

bool has_room(const struct lane *lane) {
  return lane->queued < BATCH && (uint16_t)(lane->next_id - lane->oldest_id) < MAX_WINDOW;
}

void queue_query(struct lane *lane, const struct query *query, uint64_t intended_ns, struct tally *tally) {
  uint16_t id = lane->next_id++;
  // Datagrams have a place each; messages of a stream follow one another.
  uint8_t *at = lane->is_tcp ? lane->out + lane->out_used : lane->out + lane->queued * MAX_QUERY_BYTES;
  if (lane->is_tcp) {
    *at++ = (uint8_t)(query->length >> 8);
    *at++ = (uint8_t)query->length;
    lane->out_used += 2u + query->length;
  }
  memcpy(at, query->bytes, query->length);
  at[0] = (uint8_t)(id >> 8);
  at[1] = (uint8_t)id;
  lane->lengths[lane->queued++] = query->length;
  lane->intended_ns[id] = intended_ns;
  lane->under_way++;
  tally->sent++;
}

static void flush_datagrams(struct lane *lane) {
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  memset(messages, 0, sizeof messages[0] * lane->queued);
  for (uint32_t index = 0; index < lane->queued; index++) {
    parts[index] = (struct iovec){lane->out + index * MAX_QUERY_BYTES, lane->lengths[index]};
    messages[index].msg_hdr.msg_iov = &parts[index];
    messages[index].msg_hdr.msg_iovlen = 1;
  }
  for (uint32_t done = 0; done < lane->queued;) {
    int sent = sendmmsg(lane->socket, messages + done, lane->queued - done, 0);
    if (sent > 0) done += (uint32_t)sent;
    // A full socket drains while we wait; a server that went away shows as lost queries, not as our failure.
    else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ECONNREFUSED) fail("cannot send");
    else if (errno == ECONNREFUSED) done++;
  }
  lane->queued = 0;
}

static void flush_stream(struct lane *lane) {
  ssize_t sent = send(lane->socket, lane->out, lane->out_used, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    fail("cannot send over TCP");
  }
  lane->out_used -= (size_t)sent;
  memmove(lane->out, lane->out + sent, lane->out_used);
  // Until all of the batch has gone, none of its places is free.
  if (lane->out_used == 0) lane->queued = 0;
}

void flush_lane(struct lane *lane) {
  if (lane->queued == 0) return;
  if (lane->is_tcp) flush_stream(lane);
  else flush_datagrams(lane);
}

static void advance_oldest(struct lane *lane) {
  while (lane->oldest_id != lane->next_id && lane->intended_ns[lane->oldest_id] == 0) lane->oldest_id++;
}

/** RFC 1035 section 4.1.1: ID, QR and TC in the third byte, RCODE in the low half of the fourth, ANCOUNT in seven and eight. */
static void take_answer(struct lane *lane, const uint8_t *answer, size_t length, uint64_t at_ns, struct tally *tally) {
  if (length < HEADER_BYTES || !(answer[2] & RESPONSE_FLAG)) return;
  uint16_t id = (uint16_t)(answer[0] << 8 | answer[1]);
  uint64_t intended_ns = lane->intended_ns[id];
  // An answer that comes after its query was given up, or a second one.
  if (intended_ns == 0) return;
  lane->intended_ns[id] = 0;
  lane->under_way--;
  tally->answered++;
  note_latency(&tally->latency, at_ns > intended_ns ? at_ns - intended_ns : 0);
  unsigned answers = (unsigned)(answer[6] << 8 | answer[7]);
  bool is_right = (answer[3] & 15u) == tally->expected.rcode && answers >= tally->expected.least_answers;
  if (!is_right || (answer[2] & TRUNCATED_FLAG)) tally->wrong++;
}

static uint32_t receive_datagrams(struct lane *lane, struct tally *tally) {
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  memset(messages, 0, sizeof messages);
  for (uint32_t index = 0; index < BATCH; index++) {
    parts[index] = (struct iovec){lane->in + index * MAX_ANSWER_BYTES, MAX_ANSWER_BYTES};
    messages[index].msg_hdr.msg_iov = &parts[index];
    messages[index].msg_hdr.msg_iovlen = 1;
  }
  int received = recvmmsg(lane->socket, messages, BATCH, MSG_DONTWAIT, NULL);
  if (received < 0) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) fail("cannot receive");
    return 0;
  }
  uint64_t at_ns = now_ns();
  for (int index = 0; index < received; index++)
    take_answer(lane, lane->in + index * MAX_ANSWER_BYTES, messages[index].msg_len, at_ns, tally);
  return (uint32_t)received;
}

static uint32_t receive_stream(struct lane *lane, struct tally *tally) {
  ssize_t received = recv(lane->socket, lane->in + lane->in_used, sizeof lane->in - lane->in_used, MSG_DONTWAIT);
  if (received < 0) {
    if (errno != EAGAIN && errno != EINTR) fail("cannot receive over TCP");
    return 0;
  }
  if (received == 0) fail("the server closed the TCP connection");
  lane->in_used += (size_t)received;
  uint64_t at_ns = now_ns();
  uint32_t count = 0;
  size_t at = 0;
  while (lane->in_used - at >= 2) {
    size_t length = (size_t)(lane->in[at] << 8 | lane->in[at + 1]);
    if (length > sizeof lane->in - 2) fail("the server sent a message that is too long");
    if (lane->in_used - at < 2 + length) break;
    take_answer(lane, lane->in + at + 2, length, at_ns, tally);
    at += 2 + length;
    count++;
  }
  lane->in_used -= at;
  memmove(lane->in, lane->in + at, lane->in_used);
  return count;
}

uint32_t receive_answers(struct lane *lane, struct tally *tally) {
  uint32_t count = lane->is_tcp ? receive_stream(lane, tally) : receive_datagrams(lane, tally);
  if (count > 0) advance_oldest(lane);
  return count;
}

void expire_queries(struct lane *lane, uint64_t before_ns, struct tally *tally) {
  advance_oldest(lane);
  while (lane->oldest_id != lane->next_id && lane->intended_ns[lane->oldest_id] < before_ns) {
    lane->intended_ns[lane->oldest_id] = 0;
    lane->under_way--;
    tally->lost++;
    advance_oldest(lane);
  }
}
