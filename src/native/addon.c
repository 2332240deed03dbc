/* The batch socket towards JavaScript: the module, open(), and what the loop asks of TypeScript. */
#include "batch-socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* An Error whose `code` is the name of `error` (an errno), and which names the call that failed. */
static napi_value throw_system_error(napi_env env, int error, const char *call) {
  char message[128];
  snprintf(message, sizeof message, "%s: %s", call, uv_strerror(-error));
  napi_throw_error(env, uv_err_name(-error), message);
  return NULL;
}

bool answer_batch(batch_socket_t *s) {
  napi_handle_scope scope;
  napi_value receiver, callback, count;
  if (napi_open_handle_scope(s->env, &scope) != napi_ok) return false;
  const bool is_answered = napi_get_reference_value(s->env, s->self, &receiver) == napi_ok &&
                           napi_get_reference_value(s->env, s->on_batch, &callback) == napi_ok &&
                           napi_create_uint32(s->env, s->count, &count) == napi_ok &&
                           napi_call_function(s->env, receiver, callback, 1, &count, NULL) == napi_ok;
  napi_value exception;
  bool is_thrown = false;
  if (!is_answered && napi_is_exception_pending(s->env, &is_thrown) == napi_ok && is_thrown &&
      napi_get_and_clear_last_exception(s->env, &exception) == napi_ok)
    napi_fatal_exception(s->env, exception);
  napi_close_handle_scope(s->env, scope);
  return is_answered;
}

void release(batch_socket_t *s) {
  if (s->cleanup) napi_remove_async_cleanup_hook(s->cleanup);
  if (s->buffer) napi_delete_reference(s->env, s->buffer);
  if (s->on_batch) napi_delete_reference(s->env, s->on_batch);
  if (s->self) napi_delete_reference(s->env, s->self);
}

/* The thread ends, by itself or because it was terminated: the loop waits until `release` has removed the hook. */
static void on_thread_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle, begin_close(data);
}

static void free_socket(napi_env env, void *data, void *hint) {
  (void)env, (void)hint, free(data);
}

static batch_socket_t *unwrap(napi_env env, napi_callback_info info, size_t *count, napi_value *args) {
  napi_value receiver;
  void *data;
  const bool is_ours = napi_get_cb_info(env, info, count, args, &receiver, NULL) == napi_ok &&
                       napi_unwrap(env, receiver, &data) == napi_ok;
  return is_ours ? data : NULL;
}

static napi_value close_socket(napi_env env, napi_callback_info info) {
  batch_socket_t *s = unwrap(env, info, NULL, NULL);
  if (s) begin_close(s);
  return NULL;
}

static napi_value send_datagrams(napi_env env, napi_callback_info info) {
  size_t given = 1;
  napi_value args[1], result = NULL;
  uint32_t count;
  batch_socket_t *s = unwrap(env, info, &given, args);
  if (!s || napi_get_value_uint32(env, args[0], &count) != napi_ok || count > BATCH)
    return napi_throw_type_error(env, "EINVAL", "send(count), of one batch at most"), NULL;
  const int taken = send_to_peers(s, count);
  if (taken < 0) return throw_system_error(env, errno, "sendmmsg");
  return napi_create_uint32(env, taken, &result) == napi_ok ? result : NULL;
}

static bool read_options(napi_env env, napi_value *args, options_t *options) {
  char text[INET6_ADDRSTRLEN + 1];
  size_t length;
  uint32_t port;
  napi_valuetype kind_of_callback;
  *options = (options_t){0};
  if (napi_get_value_uint32(env, args[0], &options->kind) != napi_ok || options->kind >= KINDS ||
      napi_get_value_string_utf8(env, args[1], text, sizeof text, &length) != napi_ok ||
      napi_get_value_uint32(env, args[2], &port) != napi_ok || port > UINT16_MAX ||
      napi_get_value_bool(env, args[3], &options->reuse_port) != napi_ok ||
      napi_get_value_uint32(env, args[4], &options->receive_bytes) != napi_ok || options->receive_bytes > INT32_MAX ||
      napi_get_value_uint32(env, args[5], &options->send_bytes) != napi_ok || options->send_bytes > INT32_MAX ||
      napi_typeof(env, args[6], &kind_of_callback) != napi_ok || kind_of_callback != napi_function)
    return false;
  address_t *address = &options->address;
  const bool is_v4 = inet_pton(AF_INET, text, &address->v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1) return false;
  address->any.sa_family = is_v4 ? AF_INET : AF_INET6;
  *(is_v4 ? &address->v4.sin_port : &address->v6.sin6_port) = htons(port);
  return true;
}

static bool set_function(napi_env env, napi_value object, const char *name, napi_callback call) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, NULL, &function) == napi_ok &&
         napi_set_named_property(env, object, name, function) == napi_ok;
}

/* Gives the object its memory, its port and its functions, and takes hold of all that the loop will need. */
static bool equip(batch_socket_t *s, napi_value object, napi_value on_batch) {
  static const struct { const char *name; napi_typedarray_type type; size_t length, start; } views[] = {
      {"peers", napi_uint32_array, BATCH * PEER_WORDS, offsetof(memory_t, peers)},
      {"counts", napi_uint32_array, COUNTS, offsetof(memory_t, counts)},
      {"queries", napi_uint8_array, BATCH * QUERY_STRIDE, offsetof(memory_t, queries)},
      {"answers", napi_uint8_array, BATCH * ANSWER_STRIDE, offsetof(memory_t, answers)},
  };
  napi_value buffer, value;
  void *bytes;
  if (napi_create_arraybuffer(s->env, sizeof(memory_t), &bytes, &buffer) != napi_ok) return false;
  s->memory = bytes;
  for (unsigned i = 0; i < sizeof views / sizeof *views; i++)
    if (napi_create_typedarray(s->env, views[i].type, views[i].length, buffer, views[i].start, &value) != napi_ok ||
        napi_set_named_property(s->env, object, views[i].name, value) != napi_ok)
      return false;
  return napi_create_int32(s->env, s->port, &value) == napi_ok &&
         napi_set_named_property(s->env, object, "port", value) == napi_ok &&
         set_function(s->env, object, "send", send_datagrams) && set_function(s->env, object, "close", close_socket) &&
         napi_create_reference(s->env, buffer, 1, &s->buffer) == napi_ok &&
         napi_create_reference(s->env, on_batch, 1, &s->on_batch) == napi_ok &&
         napi_create_reference(s->env, object, 1, &s->self) == napi_ok &&
         napi_add_async_cleanup_hook(s->env, on_thread_end, s, &s->cleanup) == napi_ok;
}

/* open(kind, address, port, reusePort, receiveBytes, sendBytes, onBatch) → { peers, counts, queries, answers, port, … } */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  size_t count = 7;
  napi_value args[7], object;
  options_t options;
  uv_loop_t *loop;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || !read_options(env, args, &options))
    return napi_throw_type_error(env, "EINVAL", "open was given what it does not take"), NULL;
  batch_socket_t *s = calloc(1, sizeof *s + uv_handle_size(UV_POLL));
  if (!s || napi_get_uv_event_loop(env, &loop) != napi_ok || napi_create_object(env, &object) != napi_ok ||
      napi_wrap(env, object, s, free_socket, NULL, NULL) != napi_ok)
    return free(s), throw_system_error(env, ENOMEM, "calloc");
  s->env = env;
  s->fd = -1;
  s->poll = (uv_poll_t *)(s + 1);
  const char *call = bind_socket(s, &options);
  if (!call && !equip(s, object, args[6])) call = (errno = ENOMEM, "napi_create_arraybuffer");
  if (!call) call = join_loop(s, loop);
  if (!call) return object;
  const int error = errno;
  if (s->fd >= 0) close(s->fd);
  release(s);
  return throw_system_error(env, error, call);
}

/* glibc gives large blocks back to the kernel when they are freed, until the first is: from then on it keeps those of threads,
 * 100 MB of them once a map of clients is built. A threshold that is set stays (mallopt(3)); other C libraries have none. */
NAPI_MODULE_INIT() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
#endif
  return set_function(env, exports, "open", open_socket) ? exports : NULL;
}
