// What a request of HTTP/1.1 asks for, as a path. A client that takes us for a proxy, or sits behind a library that does, names us
// in it: "GET http://us/metrics". RFC 9112, section 3.2.2: "a server MUST accept the absolute-form in requests even though most
// HTTP/1.1 clients will only send the absolute-form in requests to proxies".

const AUTHORITY = /^https?:\/\/[^/?#]*/i;

/** Path and query. Whom it names is not looked at: whoever reached us means us. */
export function pathOfTarget(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(AUTHORITY, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}
