#!/usr/bin/env node
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

/** Longest name that is greeted, in characters. */
const NAME_CHARACTERS_MAX = 200;

function createServer(): McpServer {
  const server = new McpServer({ name: 'hello-server', version: '1.0.0' });

  server.registerTool(
    'greet',
    {
      title: 'Greet',
      description: 'Says hello to somebody by name.',
      inputSchema: z.object({ name: z.string().min(1).max(NAME_CHARACTERS_MAX).describe('Who is greeted') }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ name }) => ({ content: [{ type: 'text', text: `Hello, ${name}!` }] }),
  );

  server.registerTool(
    'add',
    {
      title: 'Add',
      description: 'Adds two numbers.',
      inputSchema: z.object({ a: z.number().describe('First number'), b: z.number().describe('Second number') }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ a, b }) => {
      const structuredContent = { sum: a + b };
      return { content: [{ type: 'text', text: String(structuredContent.sum) }], structuredContent };
    },
  );

  return server;
}

serveStdio(createServer);
