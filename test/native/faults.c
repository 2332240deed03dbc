/* Stands in front of the system calls of the batch socket (ld --wrap) and makes them fail by a script, which is the variable
 * AZIMUTH_TEST_FAULTS: words of the form `call=number`, each for the next such call. Negative: fail with that errno; positive:
 * pass on so many datagrams at most. What has happened is taken out of the variable, so that a test sees whether all did. */
#define _GNU_SOURCE
#include "../../src/native/uv-poll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char variable[] = "AZIMUTH_TEST_FAULTS";

static int take_fault(const char *call) {
  const char *script = getenv(variable);
  if (!script || !*script) return 0;
  char words[512], rest[512] = "", *next = NULL;
  snprintf(words, sizeof words, "%s", script);
  const size_t length = strlen(call);
  int fault = 0;
  for (char *word = strtok_r(words, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
    if (fault == 0 && strncmp(word, call, length) == 0 && word[length] == '=') fault = atoi(word + length + 1);
    else snprintf(rest + strlen(rest), sizeof rest - strlen(rest), "%s%s", *rest ? " " : "", word);
  }
  if (fault) setenv(variable, rest, 1);
  return fault;
}

static int fails(const char *call) {
  const int fault = take_fault(call);
  if (fault < 0) errno = -fault;
  return fault < 0;
}

int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
  const int fault = take_fault("recvmmsg");
  if (fault < 0) return errno = -fault, -1;
  return __real_recvmmsg(fd, messages, fault && (unsigned)fault < count ? (unsigned)fault : count, flags, timeout);
}

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  const int fault = take_fault("sendmmsg");
  if (fault < 0) return errno = -fault, -1;
  return __real_sendmmsg(fd, messages, fault && (unsigned)fault < count ? (unsigned)fault : count, flags);
}

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol) {
  return fails("socket") ? -1 : __real_socket(family, type, protocol);
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  return fails("setsockopt") ? -1 : __real_setsockopt(fd, level, name, value, length);
}

int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length) {
  return fails("bind") ? -1 : __real_bind(fd, address, length);
}

int __real_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length) {
  return fails("getsockname") ? -1 : __real_getsockname(fd, address, length);
}

int __real_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd) {
  const int fault = take_fault("uv_poll_init");
  return fault < 0 ? fault : __real_uv_poll_init(loop, handle, fd);
}

int uv_poll_stop(uv_poll_t *handle);
static uv_poll_cb passed_on;

/* `poll=number`: what libuv does when epoll reports an error. It stops watching, and says so once. */
static void on_event(uv_poll_t *handle, int status, int events) {
  const int fault = take_fault("poll");
  if (fault == 0) return passed_on(handle, status, events);
  uv_poll_stop(handle);
  passed_on(handle, fault, 0);
}

int __real_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback) {
  passed_on = callback;
  return __real_uv_poll_start(handle, events, on_event);
}
