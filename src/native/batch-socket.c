/* The batch socket towards the kernel: receiving, sending, and when.
 *
 *   readable → receive → TypeScript → send ─┬→ all sent: receive again, up to ROUNDS batches, then the loop's others
 *                                           └→ the kernel takes no more: wait until writable, send the rest, go on */
#include "batch-socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Datagrams, and batches, in a row before other work of the thread (TCP, a new snapshot) has its turn: some milliseconds. Many
 * small batches, since a way through the loop costs as much as several of them. */
enum { TURN = 8 * BATCH, ROUNDS = 64 };

/* ---- receiving ---- */

static void prepare_to_receive(batch_socket_t *s) {
  for (unsigned i = 0; i < BATCH; i++) {
    s->in_vector[i] = (struct iovec){s->memory->queries[i], QUERY_BYTES};
    s->in[i].msg_hdr = (struct msghdr){.msg_name = &s->from[i], .msg_namelen = sizeof s->from[i],
                                       .msg_iov = &s->in_vector[i], .msg_iovlen = 1,
                                       .msg_control = s->control[i], .msg_controllen = CONTROL_BYTES};
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
    for (unsigned word = 0; word < 4; word++) peer[ADDRESS + word] = ntohl(from->v6.sin6_addr.s6_addr32[word]);
  }
}

/* Returns how many datagrams there are; 0 when there are none, now or because receiving failed. */
static unsigned receive_batch(batch_socket_t *s) {
  /* The last batch has shortened these to what it used. */
  for (unsigned i = 0; i < s->count; i++) {
    s->in[i].msg_hdr.msg_namelen = sizeof s->from[i];
    s->in[i].msg_hdr.msg_controllen = CONTROL_BYTES;
  }
  int count;
  do count = recvmmsg(s->fd, s->in, BATCH, MSG_DONTWAIT, NULL);
  while (count < 0 && errno == EINTR);
  /* No memory, or an error that an earlier answer brought back: it concerns no one datagram, and poll comes again. */
  if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) s->memory->counts[RECEIVE_FAILED]++;
  s->count = count < 0 ? 0 : count;
  for (unsigned i = 0; i < s->count; i++) {
    if (s->in[i].msg_hdr.msg_controllen) read_overflow(s, &s->in[i].msg_hdr);
    describe_peer(s, i);
  }
  return s->count;
}

/* ---- sending ---- */

/* The answer leaves from the address that was asked: what the kernel said of it is handed back as it came. The interface is
 * left open, since the way back may be another; but a link-local address means nothing without its own. */
static void name_source(struct msghdr *out, struct msghdr *in) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(in); c; c = CMSG_NXTHDR(in, c)) {
    if (c->cmsg_level == SOL_SOCKET) continue;
    struct in_pktinfo *v4 = (struct in_pktinfo *)CMSG_DATA(c);
    struct in6_pktinfo *v6 = (struct in6_pktinfo *)CMSG_DATA(c);
    if (c->cmsg_level == IPPROTO_IP) v4->ipi_ifindex = 0;
    else if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) v6->ipi6_ifindex = 0;
    out->msg_control = c;
    out->msg_controllen = CMSG_ALIGN(c->cmsg_len);
  }
}

static void prepare_to_send(batch_socket_t *s, unsigned count) {
  s->pending = s->sent = 0;
  for (unsigned i = 0; i < count; i++) {
    const uint32_t length = s->memory->peers[i][ANSWER_LENGTH];
    if (length == 0 || length > ANSWER_STRIDE) continue;
    struct msghdr *out = &s->out[s->pending].msg_hdr, *in = &s->in[i].msg_hdr;
    s->out_vector[s->pending] = (struct iovec){s->memory->answers[i], length};
    *out = (struct msghdr){.msg_name = in->msg_name, .msg_namelen = in->msg_namelen,
                           .msg_iov = &s->out_vector[s->pending], .msg_iovlen = 1};
    if (s->is_wildcard) name_source(out, in);
    s->pending++;
  }
}

static int send_batch(batch_socket_t *s) {
  int count;
  do count = sendmmsg(s->fd, s->out + s->sent, s->pending - s->sent, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count;
}

/* Sends what is left; false when the kernel takes no more for now. A datagram that it refuses (no route, no buffer, a rule of
 * a firewall) is lost as datagrams are, and the ones behind it are not. */
static bool send_pending(batch_socket_t *s) {
  bool is_full = false;
  while (s->sent < s->pending && !is_full) {
    const int count = send_batch(s);
    is_full = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count > 0) s->sent += count;
    else if (!is_full) s->memory->counts[SEND_FAILED]++, s->sent++;
  }
  s->memory->counts[WAITING] = s->pending - s->sent;
  return !is_full;
}

int send_to_peers(batch_socket_t *s, unsigned count) {
  if (s->is_closing) return errno = EBADF, -1;
  if (s->sent < s->pending) return errno = EAGAIN, -1;
  for (unsigned i = 0; i < count; i++) {
    const uint32_t *peer = s->memory->peers[i];
    address_t *to = &s->from[i];
    if (peer[FAMILY] == 4) {
      to->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(peer[PORT])};
      to->v4.sin_addr.s_addr = htonl(peer[ADDRESS]);
    } else {
      to->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(peer[PORT])};
      for (unsigned word = 0; word < 4; word++) to->v6.sin6_addr.s6_addr32[word] = htonl(peer[ADDRESS + word]);
    }
    s->in[i].msg_hdr.msg_namelen = peer[FAMILY] == 4 ? sizeof to->v4 : sizeof to->v6;
  }
  prepare_to_send(s, count);
  const int taken = send_batch(s);
  /* Nothing is left to the loop, nor for the end of a batch within which we may be. */
  s->pending = s->sent = 0;
  for (unsigned i = 0; i < count; i++) s->memory->peers[i][ANSWER_LENGTH] = 0;
  return taken;
}

/* ---- the loop ---- */

static void on_ready(uv_poll_t *poll, int status, int events);

/* The loop took the socket, so it does not refuse to watch it: were it so, nobody would ever be answered again. */
static void wait_until(batch_socket_t *s, int events) {
  if (uv_poll_start(s->poll, events, on_ready) < 0)
    napi_fatal_error("batch-socket.c", NAPI_AUTO_LENGTH, "uv_poll_start", NAPI_AUTO_LENGTH);
}

static void serve(batch_socket_t *s) {
  for (unsigned round = 0, total = 0; round < ROUNDS && total < TURN; round++, total += s->count) {
    if (receive_batch(s) == 0 || !answer_batch(s) || s->is_closing) return;
    prepare_to_send(s, s->count);
    if (!send_pending(s)) return wait_until(s, UV_WRITABLE);
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  batch_socket_t *s = uv_handle_get_data((uv_handle_t *)poll);
  if (!send_pending(s)) return wait_until(s, UV_WRITABLE);
  /* A status says that epoll reported an error, and that libuv no longer watches: receiving takes the error off the socket. */
  if (status < 0 || (events & UV_WRITABLE)) wait_until(s, UV_READABLE);
  serve(s);
}

/* ---- opening and closing ---- */

static bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

const char *bind_socket(batch_socket_t *s, const options_t *options) {
  address_t address = options->address;
  socklen_t length = sizeof address;
  const bool is_v6 = address.any.sa_family == AF_INET6, is_udp = options->kind == UDP;
  s->is_wildcard = is_udp && (is_v6 ? IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr)
                                    : address.v4.sin_addr.s_addr == INADDR_ANY);
  s->fd = socket(address.any.sa_family, (options->kind == RAW_ECHO ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK,
                 is_udp ? IPPROTO_UDP : is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  if (s->fd < 0) return "socket";
  if (is_v6 && is_udp && !set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return "setsockopt IPV6_V6ONLY";
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
  if (bind(s->fd, &address.any, is_v6 ? sizeof address.v6 : sizeof address.v4) < 0) return "bind";
  if (getsockname(s->fd, &address.any, &length) < 0) return "getsockname";
  s->port = ntohs(is_v6 ? address.v6.sin6_port : address.v4.sin_port);
  return NULL;
}

const char *join_loop(batch_socket_t *s, uv_loop_t *loop) {
  const int refused = uv_poll_init(loop, s->poll, s->fd);
  if (refused < 0) return errno = -refused, "uv_poll_init";
  uv_handle_set_data((uv_handle_t *)s->poll, s);
  prepare_to_receive(s);
  wait_until(s, UV_READABLE);
  return NULL;
}

static void on_closed(uv_handle_t *handle) {
  release(uv_handle_get_data(handle));
}

void begin_close(batch_socket_t *s) {
  if (s->is_closing) return;
  s->is_closing = true;
  s->memory->counts[SEND_FAILED] += s->pending - s->sent;
  uv_close((uv_handle_t *)s->poll, on_closed);
  /* At once, so that the address is free: libuv watches no longer. Linux frees the descriptor whatever close says. */
  close(s->fd);
}
