import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../src/domain/user-error.ts';
import { copyTree } from './copy-tree.ts';
import { needsDocker } from './dockerfile-errors.ts';
import type { ImageConfig, ImageStore } from './image-store.ts';

export interface BaseImages {
  images: ImageStore;
  /** Image name → directory of an npm package; its files appear in the image under `/opt/<last part of the name>`. */
  localImages: Readonly<Record<string, string>>;
  /** Environment in which `python3` is looked for. */
  environment: Readonly<Record<string, string>>;
}

/** What a stage begins with. */
export interface BaseImage {
  config: ImageConfig;
  /** Programs of this machine that symlinks in the image may lead to. */
  hostLinks: string[];
  /** One line for the build log. */
  note: string;
}

const EMPTY_CONFIG: ImageConfig = { entrypoint: [], cmd: [], env: {}, workingDir: '/', labels: {} };
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Where pip installs without `--target`: the image's own place instead of the machine's. */
const PYTHON_PACKAGES = '/usr/local/python';

/**
 * Fills an empty directory with a base image: the machine's own Node or Python for the official images of those, an
 * image of the store, a registered local package, or nothing for `scratch`.
 *
 * @throws UserError `dockerfile-needs-docker` for any other base, `python-missing`
 */
export async function takeBaseImage(
  reference: string,
  line: number,
  rootfs: string,
  bases: BaseImages,
): Promise<BaseImage> {
  const stored = await bases.images.resolve(reference);
  if (stored) {
    await copyTree(stored.rootfs, rootfs, { rootfs });
    return { config: stored.config, hostLinks: [process.execPath], note: `${reference} is ${stored.digest}` };
  }
  const local = localImageDirectory(reference, bases.localImages);
  if (local) {
    await copyPackage(local.directory, join(rootfs, 'opt', local.name), rootfs);
    return { config: EMPTY_CONFIG, hostLinks: [process.execPath], note: `${reference} is a package of this machine` };
  }
  if (reference === 'scratch') return { config: EMPTY_CONFIG, hostLinks: [process.execPath], note: 'scratch is empty' };
  const official = /^(?:docker\.io\/)?(?:library\/)?(node|python)(?::([\w.-]+))?(?:@sha256:[0-9a-f]{64})?$/.exec(
    reference,
  );
  if (official?.[1] === 'node') return takeNode(reference, rootfs);
  if (official?.[1] === 'python' && !official[2]?.startsWith('2')) {
    return takePython(reference, rootfs, bases.environment);
  }
  throw needsDocker(line, `base image "${reference}"`, 'node:<version>, python:<version> or scratch');
}

/** @returns the directory registered for an image, whatever its tag or digest */
function localImageDirectory(
  reference: string,
  localImages: Readonly<Record<string, string>>,
): { name: string; directory: string } | undefined {
  const imageName = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const directory = Object.hasOwn(localImages, imageName) ? localImages[imageName] : undefined;
  return directory === undefined ? undefined : { name: basename(imageName), directory };
}

/** Copies what npm would publish of a package: package.json and its `files`. */
async function copyPackage(directory: string, to: string, rootfs: string): Promise<void> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const listed = (manifest as { files?: unknown }).files;
  const present = await readdir(directory);
  const names = Array.isArray(listed)
    ? listed.filter((name): name is string => typeof name === 'string')
    : present.filter((name) => name !== 'node_modules' && name !== 'test');
  const missing = names.find((name) => !present.includes(name));
  if (missing !== undefined) throw notBuilt(directory, missing);
  for (const name of new Set(['package.json', ...names])) {
    await copyTree(join(directory, name), join(to, name), { rootfs });
  }
}

function notBuilt(directory: string, missing: string): UserError {
  return new UserError(
    'package-not-built',
    `Cannot take package "${directory}" as an image: "${missing}" is not there, expected all of its "files"`,
    'Run "npm run build --workspaces" and try again.',
  );
}

async function takeNode(reference: string, rootfs: string): Promise<BaseImage> {
  await mkdir(join(rootfs, 'usr/local/bin'), { recursive: true });
  // Other stages take Node from here by COPY.
  await symlink(process.execPath, join(rootfs, 'usr/local/bin/node'));
  return {
    config: { ...EMPTY_CONFIG, cmd: ['node'], env: { PATH: DEFAULT_PATH } },
    hostLinks: [process.execPath],
    note: `${reference} is this machine's Node ${process.version}`,
  };
}

async function takePython(
  reference: string,
  rootfs: string,
  environment: Readonly<Record<string, string>>,
): Promise<BaseImage> {
  const python = await findPython(environment);
  await mkdir(join(rootfs, PYTHON_PACKAGES, 'bin'), { recursive: true });
  await mkdir(join(rootfs, 'usr/local/bin'), { recursive: true });
  const env = { PATH: `${PYTHON_PACKAGES}/bin:${DEFAULT_PATH}`, PYTHONUSERBASE: PYTHON_PACKAGES };
  return {
    config: { ...EMPTY_CONFIG, cmd: ['python3'], env },
    hostLinks: [process.execPath, python.executable, await realpath(python.executable)],
    note: `${reference} is this machine's Python ${python.version}`,
  };
}

async function findPython(
  environment: Readonly<Record<string, string>>,
): Promise<{ executable: string; version: string }> {
  const script = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])';
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', script], {
      env: { ...environment },
      timeout: PYTHON_TIMEOUT_MS,
    });
    const [executable = '', version = ''] = stdout.trim().split('\n');
    return { executable, version };
  } catch (error) {
    throw new UserError(
      'python-missing',
      'Cannot build a Python image: python3 does not run on this machine, expected Python 3 on PATH',
      'Install Python 3, or let Docker build it: npm start -- --fresh --engine docker.',
      { cause: error },
    );
  }
}

/** A Python that has not started by then hangs on a network disk or is no Python. */
const PYTHON_TIMEOUT_MS = 20_000;
