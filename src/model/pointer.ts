// JSON pointers (RFC 6901): the paths of problems.

/** The pointer to what `key` names below `path`. */
export function joinPointer(path: string, key: string | number): string {
  if (typeof key === 'number' || !(key.includes('~') || key.includes('/'))) return `${path}/${key}`;
  return `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The pointer to what these keys lead to, one below another. */
export function toPointer(keys: readonly (string | number)[]): string {
  return keys.reduce<string>((path, key) => joinPointer(path, key), '');
}

/** The keys of a pointer, unescaped; none for the whole document. */
export function splitPointer(path: string): readonly string[] {
  if (path === '') return [];
  return path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}
