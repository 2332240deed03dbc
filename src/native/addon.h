/* What the parts of the addon share. Node-API only, so that one binary loads on every Node. No state outside of the sockets:
 * each thread that loads the addon works on its own. */
#ifndef AZIMUTH_ADDON_H
#define AZIMUTH_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

/* Throws an Error whose `code` is the name of `error` (an errno) and whose `syscall` is `call`; returns NULL. */
napi_value throw_system_error(napi_env env, int error, const char *call);

/* Puts a property on `object`; false, with an exception pending, when Node has no memory. */
bool set_number(napi_env env, napi_value object, const char *name, double value);

/* Each puts its functions on `exports`; false with an exception pending. */
bool define_batch_socket(napi_env env, napi_value exports);

#endif
