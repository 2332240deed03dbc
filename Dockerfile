# One image for every role: `docker run azimuth dns`, `probe`, `api`, `up`. No build step: Node runs the sources.

# Has a C compiler, for the batch socket; the image itself has none.
FROM node:24-bookworm AS dependencies
WORKDIR /opt/azimuth
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the one that comes with the dependencies is left out.
RUN npm ci --omit=dev \
 && rm -rf node_modules/node-linux-* node_modules/.bin/node
COPY scripts ./scripts
COPY src/native ./src/native
RUN node scripts/build-native.mjs \
 && node scripts/flatten-libraries.mjs \
 && rm -rf node_modules/esbuild node_modules/@esbuild

FROM node:24-bookworm-slim
WORKDIR /opt/azimuth
COPY --from=dependencies /opt/azimuth/node_modules ./node_modules
COPY --from=dependencies /opt/azimuth/build ./build
COPY package.json LICENSE ./
COPY config ./config
COPY geo-data ./geo-data
COPY src ./src
RUN install -d -o node -g node /var/lib/azimuth node_modules/.cache \
 && ln -s /opt/azimuth/src/main.ts /usr/local/bin/azimuth \
 && chmod 755 src/main.ts

ENV NODE_ENV=production \
    AZIMUTH_STATE_DIRECTORY=/var/lib/azimuth \
    LIVEZ_URL=http://127.0.0.1:9153/livez
USER node
# What is parsed here, and by the user that runs it, need not be parsed at each start: it would take seconds.
RUN NODE_COMPILE_CACHE=/opt/azimuth/node_modules/.cache/compiled node --input-type=module --eval \
    'for (const name of ["run-node", "probe-role", "api-role", "answer-thread", "compile-thread"]) await import(`/opt/azimuth/src/roles/${name}.ts`)'
VOLUME /var/lib/azimuth
# Containers may not bind port 53 everywhere without root: listen here, and publish it as 53.
EXPOSE 5300/udp 5300/tcp 8053/tcp 9153/tcp

# dns and probe roles answer at telemetry.listen; for the api role, set LIVEZ_URL to its own port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.LIVEZ_URL).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/azimuth/src/main.ts"]
CMD ["up"]
