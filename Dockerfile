# The build stage has the tools that native modules may need; the final image has only Node.
# scripts/build/rehearseDocker.sh runs these steps on a machine without Docker.
# Node 26 is the long-term release, with the transport ws. `docker build --build-arg NODE=24 .` gives the faster transport uws, which has no
# binary for Node 26 yet (docs/transports.md).
ARG NODE=26
FROM node:${NODE}-trixie-slim AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY . .
RUN npm ci
RUN npm prune --omit=dev --ignore-scripts
# The Node of an image never changes, so one binary of uWebSockets.js is enough.
RUN node scripts/install/trim.mjs --only-this-node
RUN rm -rf dist/scripts dist/tests scripts tests .git .ci && find dist -name '*.test.js*' -delete

FROM node:${NODE}-trixie-slim
WORKDIR /app
COPY --from=build /app /app
RUN useradd --system --uid 10001 --no-create-home tidegate && mkdir -p /data && chown tidegate /data
USER tidegate
ENV NODE_ENV=production TIDEGATE_OPERATOR__HOST=::
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "dist/cli/main.js", "health", "--data", "/data"]
CMD ["node", "dist/cli/main.js", "serve", "--data", "/data"]
