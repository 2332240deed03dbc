// The reference at /docs: Swagger UI from the package that is installed with us, reading the document that this server
// makes of its own schemas; and the page that explains every error. Nothing comes from elsewhere.

import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { ApiServer } from './api-context.ts';

/** Of the files in the package only these are served. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
const ERRORS_FILE = new URL('../../docs/errors.md', import.meta.url);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Azimuth API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/v1/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** What a page of ours may load: its own origin, and the inline styles and images that Swagger UI sets. */
export const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    connectSrc: ["'self'"],
    fontSrc: ["'self'", 'data:'],
    imgSrc: ["'self'", 'data:'],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
  },
};

export async function addDocsRoutes(server: ApiServer): Promise<void> {
  const hidden = { config: { scope: 'public' }, schema: { hide: true } } as const;
  const root = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  await server.register(fastifyStatic, { root, serve: false });
  server.get('/docs', hidden, async (_request, reply) => reply.type('text/html').send(PAGE));
  // Where people arrive who have only the address, or a slash too many.
  for (const path of ['/', '/docs/']) server.get(path, hidden, async (_request, reply) => reply.redirect('/docs'));
  server.get('/docs/start.js', hidden, async (_request, reply) => reply.type('text/javascript').send(START));
  server.get('/docs/errors.md', hidden, async (_request, reply) =>
    reply.type('text/markdown; charset=utf-8').send(await readFile(ERRORS_FILE, 'utf8')),
  );
  for (const asset of ASSETS) {
    server.get(`/docs/${asset}`, hidden, async (_request, reply) => reply.sendFile(asset, { maxAge: '1d' }));
  }
}
