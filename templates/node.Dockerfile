# Image of an MCP server written for Node. Built from the root of the server repository.
ARG WRAPPER_IMAGE=ghcr.io/4eyedengineer/mcp-wrapper:0.1.0
FROM ${WRAPPER_IMAGE} AS wrapper

FROM node:24-bookworm-slim AS build
WORKDIR /app
# The whole repository at once: `prepare` and `build` scripts, workspaces and `file:` dependencies need their sources.
COPY . .
# Development dependencies are installed only where a script may need them, and do not stay.
RUN set -e; \
    install=install; \
    if [ -f package-lock.json ] || [ -f npm-shrinkwrap.json ]; then install=ci; fi; \
    if node -e 'const { scripts = {} } = require("./package.json"); process.exit(scripts.build || scripts.prepare ? 0 : 1)'; then \
      npm "$install" --no-audit --no-fund; \
      npm run build --if-present; \
      npm prune --omit=dev --no-audit --no-fund; \
    else \
      npm "$install" --omit=dev --no-audit --no-fund; \
    fi

FROM node:24-bookworm-slim
# The stdio command as a JSON array; empty: the wrapper finds it in package.json.
ARG MCP_WRAPPER_COMMAND=
# The root file system is read-only in the cluster, /tmp is not. Programs of dependencies come last: one may be called node.
ENV NODE_ENV=production HOME=/tmp PATH="${PATH}:/app/node_modules/.bin" \
    MCP_WRAPPER_COMMAND="${MCP_WRAPPER_COMMAND}" MCP_WRAPPER_START_ATTEMPTS_MAX=1
COPY --from=wrapper /opt/mcp-wrapper /opt/mcp-wrapper
COPY --from=build /app /app
WORKDIR /app
# Fails the build, not the rollout, where no command can be found.
RUN node /opt/mcp-wrapper/bin/mcp-wrapper.js --check
USER 10001:10001
EXPOSE 3000
# What a call leaves behind is small; without a bound Node keeps some 130 MB for such garbage.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--no-parallel-scavenge", "/opt/mcp-wrapper/bin/mcp-wrapper.js"]
