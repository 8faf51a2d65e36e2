import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runSpec } from '../../sandbox/images/run-spec.ts';
import { askServer, type BuildBench, createBuildBench, writeFiles } from './image-fixtures.ts';

let bench: BuildBench;

beforeEach(async () => {
  bench = await createBuildBench();
});

afterEach(() => bench.close());

async function readTree(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).sort();
}

test('stages inherit, copy from each other and end in the configuration of the last one', async () => {
  const context = await bench.files('context', {
    'src/a.txt': 'a',
    'src/b.txt': 'b',
    'skip.log': '',
    '.dockerignore': '*.log\n',
  });
  const dockerfile = `
ARG FLAVOUR=plain
FROM scratch AS files
WORKDIR /data
COPY . .
FROM files AS more
COPY src/*.txt /flat/
LABEL made=by-test
FROM scratch AS unused
COPY absent /x
FROM node:24-slim
ARG FLAVOUR
ENV FLAVOUR=\${FLAVOUR} HOME=/tmp
WORKDIR /app
COPY --from=more /flat ./flat
COPY --from=0 /data/src/a.txt renamed.txt
COPY --chmod=755 src/b.txt /bin/tool
USER 10001
EXPOSE 3000/tcp
CMD ["x"]
ENTRYPOINT ["node", "/app/x.js"]
CMD ["--flag"]
`;

  const image = await bench.image(
    await bench.build({ context, dockerfile, buildArgs: { FLAVOUR: 'mint' }, labels: { 'a.b': 'c' } }),
  );

  expect(image.config).toEqual({
    entrypoint: ['node', '/app/x.js'],
    cmd: ['--flag'],
    env: expect.objectContaining({ FLAVOUR: 'mint', HOME: '/tmp' }),
    workingDir: '/app',
    labels: { 'a.b': 'c' },
  });
  expect(await readTree(join(image.rootfs, 'app'))).toEqual(['flat', 'flat/a.txt', 'flat/b.txt', 'renamed.txt']);
  expect((await stat(join(image.rootfs, 'bin/tool'))).mode & 0o777).toBe(0o755);
});

test('RUN works in WORKDIR, with ARG, ENV and paths of the image, and its output is heard', async () => {
  const context = await bench.files('context', {});
  const dockerfile = `
FROM node:24-slim
ARG WHO=nobody
ENV PLACE=/opt/place
WORKDIR /app
RUN mkdir -p /opt/place /data && echo "hello $WHO" > /opt/place/said && cat "$PLACE/said"
RUN ["sh", "-c", "node -p 1+1 > two && chown 10001 two"]
RUN echo héllo >&2
`;

  const image = await bench.image(await bench.build({ context, dockerfile, buildArgs: { WHO: 'you' } }));

  expect(bench.lines).toEqual(expect.arrayContaining(['hello you', 'héllo']));
  expect(await readFile(join(image.rootfs, 'opt/place/said'), 'utf8')).toBe('hello you\n');
  expect(await readFile(join(image.rootfs, 'app/two'), 'utf8')).toBe('2\n');
  expect(await readTree(image.rootfs)).toContain('data');
  await expect(stat('/opt/place')).rejects.toThrow('ENOENT');
});

test('the same input gives the same digest: from memory, and built anew elsewhere', async () => {
  const files = {
    'package.json': '{"name":"tiny","dependencies":{"own":"file:own"}}',
    'own/package.json': '{"name":"own","version":"1.0.0"}',
  };
  const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nRUN npm install --no-audit\nCMD ["node"]\n';
  const context = await bench.files('context', files);
  const other = await createBuildBench();

  const first = await bench.build({ context, dockerfile });
  const again = await bench.build({ context, dockerfile, images: [{ name: 'reg.example/acme/second', tags: ['v2'] }] });
  const elsewhere = await other.build({ context: await other.files('elsewhere', files), dockerfile });

  expect(again).toEqual({ digest: first.digest, cached: true });
  expect((await bench.images.resolve('reg.example/acme/second:v2'))?.digest).toBe(first.digest);
  expect(elsewhere).toEqual({ digest: first.digest, cached: false });
  await other.close();
});

test('a change of a file, an argument or the Dockerfile is built anew; of an ignored file it is not', async () => {
  const context = await bench.files('context', { a: '1', 'b.log': '1', '.dockerignore': '*.log' });
  const dockerfile = 'FROM scratch\nARG X\nENV X=$X\nCOPY a /a\nCMD ["x"]';
  const digests = [await bench.build({ context, dockerfile })];

  await writeFile(join(context, 'b.log'), '2');
  const ignored = await bench.build({ context, dockerfile });
  digests.push(await bench.build({ context, dockerfile, buildArgs: { X: '1' } }));
  digests.push(await bench.build({ context, dockerfile: `${dockerfile}\nLABEL a=b` }));
  await writeFile(join(context, 'a'), '2');
  digests.push(await bench.build({ context, dockerfile }));

  expect(ignored).toEqual({ digest: digests[0]?.digest, cached: true });
  expect(new Set(digests.map((built) => built.digest)).size).toBe(4);
  expect(digests.every((built) => !built.cached)).toBe(true);
});

test('builds of the same input at one time run once', async () => {
  const context = await bench.files('context', {});
  const dockerfile = 'FROM node:24-slim\nRUN echo once';

  const built = await Promise.all([1, 2, 3].map(() => bench.build({ context, dockerfile })));

  expect(built.filter((one) => one.cached)).toHaveLength(2);
  expect(bench.lines.filter((line) => line === 'once')).toHaveLength(1);
});

test.each([
  ['COPY ../../etc/passwd /x', 'leaves the build context'],
  ['COPY out/passwd /x', 'leads out of the build context'],
  ['COPY absent /x', 'is not there'],
  ['COPY *.absent /x', 'is not there'],
  ['COPY --from=files ../../etc/passwd /x', 'leaves the build context'],
])('COPY takes nothing from outside: %s', async (line, message) => {
  const context = await bench.files('context', { a: '1' });
  await symlink('/etc', join(context, 'out'));

  await expect(
    bench.build({ context, dockerfile: `FROM scratch AS files\nFROM scratch\n${line}` }),
  ).rejects.toMatchObject({
    code: 'dockerfile-invalid',
    message: expect.stringContaining(message),
  });
});

test('COPY writes nothing outside, whatever symlinks a command left', async () => {
  const context = await bench.files('context', { 'in/planted': 'x' });
  const outside = await bench.files('outside', {});
  const dockerfile = (target: string) => `FROM node:24-slim\nWORKDIR /app\nRUN ln -s ${target} link\nCOPY in link\n`;

  await bench.build({ context, dockerfile: dockerfile(`"$PWD"/../../../../../outside`) }).catch(() => undefined);
  await bench
    .build({ context, dockerfile: dockerfile(`$(printf %s ${JSON.stringify(outside)})`) })
    .catch(() => undefined);

  expect(await readTree(outside)).toEqual([]);
});

test('a file takes the place of a symlink, so that nothing is written through it', async () => {
  const outside = await writeFiles(join(bench.dir, 'outside'), { victim: 'safe' });
  const context = await bench.files('context', { 'second/link': 'written' });
  await writeFiles(join(context, 'first'), { other: '' });
  await symlink(join(outside, 'victim'), join(context, 'first/link'));

  const image = await bench.image(
    await bench.build({ context, dockerfile: 'FROM scratch\nCOPY first /x\nCOPY second /x' }),
  );

  expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('safe');
  expect(await readFile(join(image.rootfs, 'x/link'), 'utf8')).toBe('written');
});

test.each([
  ['FROM alpine:3', 'base image "alpine:3"'],
  ['FROM ghcr.io/other/image@sha256:1', 'base image "ghcr.io/other/image@sha256:1"'],
  ['FROM node:24\nCOPY --from=nginx /x /x', 'base image "nginx"'],
])('another base is refused and names Docker: %s', async (dockerfile, message) => {
  const context = await bench.files('context', {});

  await expect(bench.build({ context, dockerfile })).rejects.toMatchObject({
    code: 'dockerfile-needs-docker',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('Docker'),
  });
});

test.each([
  ['RUN exit 7', 'line 2: it exited with code 7'],
  ['RUN apt-get install -y curl', 'line 2: it exited with code 1'],
  ['RUN ["absent-program"]', 'line 2: it did not start'],
  ['RUN kill -9 $$', 'line 2: it was ended by SIGKILL'],
])('a command that fails ends the build with its line: %s', async (line, message) => {
  const context = await bench.files('context', {});

  await expect(bench.build({ context, dockerfile: `FROM node:24\n${line}` })).rejects.toMatchObject({
    code: 'build-step-failed',
    message: expect.stringContaining(message),
  });
  expect((await readTree(join(bench.dir, 'builds'))).filter((name) => name.startsWith('build-'))).toEqual([]);
});

test('a cancelled build ends its processes, also those in the background, and pushes nothing', async () => {
  const context = await bench.files('context', {});
  const controller = new AbortController();
  const dockerfile = 'FROM node:24\nRUN sleep 300 & echo "pid $!"; sleep 300';
  let pid = 0;

  const build = bench.build({
    context,
    dockerfile,
    signal: controller.signal,
    onLine: (line) => {
      const match = /^pid (\d+)/.exec(line);
      if (!match) return;
      pid = Number(match[1]);
      controller.abort();
    },
  });

  await expect(build).rejects.toMatchObject({ code: 'build-cancelled' });
  expect(await isGone(pid)).toBe(true);
  expect(await bench.images.resolve('reg.example/acme/app:latest')).toBeUndefined();
});

test("secrets of the person stay out of a command's environment", async () => {
  process.env.SECRET_OF_PERSON = 'do-not-tell';
  const context = await bench.files('context', {});

  await bench.build({ context, dockerfile: 'FROM node:24\nRUN env' });

  delete process.env.SECRET_OF_PERSON;
  expect(bench.lines.join('\n')).not.toContain('do-not-tell');
});

test('a local package that is not built is named', async () => {
  const context = await bench.files('context', {});
  await writeFile(join(bench.dir, 'wrapper/package.json'), '{"files":["bin","dist"]}');

  await expect(bench.build({ context, dockerfile: 'ARG WRAPPER_IMAGE\nFROM $WRAPPER_IMAGE' })).rejects.toMatchObject({
    code: 'package-not-built',
    message: expect.stringContaining('"dist" is not there'),
  });
});

const hasPython = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

(hasPython ? test : test.skip)('a Python server is built with its requirements in the image and answers', async () => {
  const context = await bench.files('context', {
    'requirements.txt': './own_greeting-1.0-py3-none-any.whl\n',
    'own_greeting.py': 'NAME = "from the requirements"\n',
    'own_greeting-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: own-greeting\nVersion: 1.0\n',
    'own_greeting-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    'own_greeting-1.0.dist-info/RECORD': 'own_greeting.py,,\n',
    'server.py': [
      'import json, sys',
      'from own_greeting import NAME',
      'for line in sys.stdin:',
      '    message = json.loads(line)',
      '    if "id" in message:',
      '        result = {"tools": [{"name": NAME}]}',
      '        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)',
    ].join('\n'),
  });
  const wheel = ['own_greeting-1.0-py3-none-any.whl', 'own_greeting.py', 'own_greeting-1.0.dist-info'];
  expect(spawnSync('python3', ['-m', 'zipfile', '-c', ...wheel], { cwd: context }).status).toBe(0);
  await rm(join(context, 'own_greeting.py'));
  const dockerfile = await readFile(join(import.meta.dirname, '../../templates/python.Dockerfile'), 'utf8');

  const built = await bench.build({ context, dockerfile });

  const image = await bench.image(built);
  const listed = await askServer(runSpec(image, { command: ['python3', 'server.py'] }), 'tools/list');
  expect(listed.tools).toEqual([{ name: 'from the requirements' }]);
});

/** Looks again until it is; jest's own limit ends it. */
async function isGone(pid: number): Promise<boolean> {
  for (;;) {
    try {
      process.kill(pid, 0);
      // A killed process stays in the table until its new parent has read its exit code.
      if (/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    } catch {
      return true;
    }
  }
}
