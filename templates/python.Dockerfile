# Image of an MCP server written for Python. Built from the root of the server repository.
ARG WRAPPER_IMAGE=ghcr.io/4eyedengineer/mcp-wrapper:0.1.0
FROM ${WRAPPER_IMAGE} AS wrapper

# The wrapper runs on Node.
FROM node:24-bookworm-slim AS node

FROM python:3.13-slim-bookworm AS build
ENV PYTHONUSERBASE=/app/.packages
WORKDIR /app
COPY . .
RUN set -e; \
    if [ -f requirements.txt ]; then python3 -m pip install --user --no-cache-dir --no-warn-script-location -r requirements.txt; fi; \
    if [ -f pyproject.toml ]; then python3 -m pip install --user --no-cache-dir --no-warn-script-location .; fi

FROM python:3.13-slim-bookworm
# The stdio command as a JSON array; empty: the wrapper finds it in pyproject.toml, or takes server.py or main.py.
ARG MCP_WRAPPER_COMMAND=
# The root file system is read-only in the cluster, /tmp is not.
ENV HOME=/tmp PYTHONUSERBASE=/app/.packages PATH="/app/.packages/bin:${PATH}" \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MCP_WRAPPER_COMMAND="${MCP_WRAPPER_COMMAND}" \
    MCP_WRAPPER_START_ATTEMPTS_MAX=1
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=wrapper /opt/mcp-wrapper /opt/mcp-wrapper
COPY --from=build /app /app
WORKDIR /app
# Fails the build, not the rollout, where no command can be found.
RUN node /opt/mcp-wrapper/bin/mcp-wrapper.js --check
USER 10001:10001
EXPOSE 3000
# What a call leaves behind is small; without a bound Node keeps some 130 MB for such garbage.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--no-parallel-scavenge", "/opt/mcp-wrapper/bin/mcp-wrapper.js"]
