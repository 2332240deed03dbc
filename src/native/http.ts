// Node's HTTP. Imported by its own name, whatever it exports is looked at once, and one of these is a client that is then loaded
// in full (undici): 70 ms of processor in every thread that starts, for what nobody here uses.

const http = process.getBuiltinModule('node:http');

export const createHttpServer = http.createServer;
export const requestHttp = http.request;
