/* The little of libuv that we use: readiness of a file descriptor on the loop of our thread (uv_poll). Node exports these
 * functions and has kept them since libuv 1.19 (2018), but ships no header for them with the packages that bring only its
 * binary. The sizes of its structures are asked for, not known; the numbers below are part of libuv's stable ABI. */
#pragma once
#include <stddef.h>

typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_poll_s uv_poll_t;
typedef void (*uv_poll_cb)(uv_poll_t *handle, int status, int events);

enum { UV_POLL = 8, UV_READABLE = 1, UV_WRITABLE = 2 }; /* of uv_handle_type, and of uv_poll_event */
const char *uv_err_name(int error); /* of -errno: "EADDRINUSE" */
const char *uv_strerror(int error); /* "address already in use" */
size_t uv_handle_size(int type);
void *uv_handle_get_data(const uv_handle_t *handle);
void uv_handle_set_data(uv_handle_t *handle, void *data);
int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);
void uv_close(uv_handle_t *handle, void (*callback)(uv_handle_t *handle));
