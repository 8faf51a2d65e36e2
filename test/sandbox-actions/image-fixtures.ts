import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildRequest, type BuiltImage, createImageBuilder } from '../../sandbox/images/build-image.ts';
import { createImageStore, type ImageStore, type StoredImage } from '../../sandbox/images/image-store.ts';
import type { RunSpec } from '../../sandbox/images/run-spec.ts';

const WRAPPER_IMAGE = 'reg.example/acme/mcp-wrapper';

export interface BuildBench {
  dir: string;
  images: ImageStore;
  /** Output of all builds. */
  lines: string[];
  files(name: string, files: Record<string, string>): Promise<string>;
  build(request: Partial<BuildRequest> & Pick<BuildRequest, 'context' | 'dockerfile'>): Promise<BuiltImage>;
  image(built: BuiltImage): Promise<StoredImage>;
  close(): Promise<void>;
}

/** A builder with a store of its own, and a wrapper that does nothing but start its command. */
export async function createBuildBench(): Promise<BuildBench> {
  const dir = await mkdtemp(join(tmpdir(), 'build-bench-'));
  const images = createImageStore(join(dir, 'images'));
  const lines: string[] = [];
  const wrapper = join(dir, 'wrapper');
  await writeFiles(wrapper, {
    'package.json': JSON.stringify({ name: 'stand-in', type: 'module', files: ['bin'] }),
    'bin/mcp-wrapper.js': "console.log('checked');\n",
  });
  const builder = createImageBuilder({
    images,
    workDir: join(dir, 'builds'),
    processDir: join(dir, 'processes'),
    localImages: { [WRAPPER_IMAGE]: wrapper },
  });
  return {
    dir,
    images,
    lines,
    files: async (name, files) => writeFiles(join(dir, name), files),
    build: (request) =>
      builder.build({
        buildArgs: { WRAPPER_IMAGE },
        images: [{ name: 'reg.example/acme/app', tags: ['latest'] }],
        onLine: (line) => lines.push(line),
        ...request,
      }),
    async image(built) {
      const image = await images.resolve(`reg.example/acme/app@${built.digest}`);
      if (!image) throw new Error(`${built.digest} is not in the store`);
      return image;
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

export async function writeFiles(root: string, files: Record<string, string>): Promise<string> {
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Speaks MCP of 2025-06-18 over stdio with a process: handshake, then one request. @returns the reply's `result` */
export async function askServer(spec: RunSpec, method: string, params: object = {}): Promise<Record<string, unknown>> {
  const child = spawn(spec.command, spec.args, { cwd: spec.cwd, env: spec.env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1' };
  say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  try {
    let open = '';
    for await (const chunk of child.stdout) {
      const parts = (open + chunk).split('\n');
      open = parts.pop() ?? '';
      for (const part of parts) {
        const message = JSON.parse(part);
        if (message.id === 1) {
          say({ method: 'notifications/initialized' });
          say({ id: 2, method, params });
        }
        if (message.id === 2 && message.result) return message.result;
        if (message.id === 2 && message.error) throw new Error(JSON.stringify(message.error));
      }
    }
    throw new Error(`The server ended without an answer: ${errors}`);
  } finally {
    child.kill('SIGKILL');
  }
}
