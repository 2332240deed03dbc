/* The addon's entry, and how a failed system call becomes a JavaScript error. */
#include "addon.h"
#include "uv-poll.h"

#include <errno.h>
#include <string.h>

napi_value throw_system_error(napi_env env, int error, const char *call) {
  const char *code = uv_err_name(-error);
  napi_value exception, message, name, syscall;
  if (napi_create_string_utf8(env, strerror(error), NAPI_AUTO_LENGTH, &message) == napi_ok &&
      napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_string_utf8(env, call, NAPI_AUTO_LENGTH, &syscall) == napi_ok &&
      napi_create_error(env, name, message, &exception) == napi_ok &&
      napi_set_named_property(env, exception, "syscall", syscall) == napi_ok)
    napi_throw(env, exception);
  return NULL;
}

bool set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_value number;
  return napi_create_double(env, value, &number) == napi_ok &&
         napi_set_named_property(env, object, name, number) == napi_ok;
}

NAPI_MODULE_INIT() {
  return define_batch_socket(env, exports) ? exports : NULL;
}
