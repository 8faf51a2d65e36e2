import { expect, test } from '@jest/globals';
import { containerPortOf, containerSettings } from '../../sandbox/docker/container-settings.ts';
import type { ContainerRequest } from '../../sandbox/kubernetes/kubelet/container-runtime.ts';
import type { Container, Pod, PodSpec } from '../../sandbox/kubernetes/kubelet/pod.ts';
import { deploymentManifest } from '../../src/domain/manifests/deployment.ts';
import { MINIMAL_OVERLAY } from '../unit/domain/overlay-cases.ts';

const image = { reference: '127.0.0.1:5000/ghcr.io/acme/x:1', user: '' };

function requestOf(spec: Partial<PodSpec>, container: Partial<Container> = {}): ContainerRequest {
  const main = { name: 'main', image: 'x', ...container };
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', uid: 'u' },
      spec: { containers: [main], ...spec },
    } as Pod,
    container: main,
    environment: { literal: { A: '1' }, referenced: { KEY: 'a=b\nc' } },
    mounts: [],
    podDir: '/nowhere',
  };
}

test("The bot's own manifest keeps all that Docker can keep", () => {
  const spec = JSON.parse(JSON.stringify(deploymentManifest(MINIMAL_OVERLAY))).spec.template.spec as PodSpec;
  const mounts = [{ mountPath: '/etc/mcp-access', sourceDir: '/data/volumes/access' }];
  const request = { ...requestOf(spec, spec.containers[0]), mounts };

  expect(containerSettings(request, image)).toEqual({
    Image: image.reference,
    Hostname: 'p',
    Env: ['A=1', 'KEY=a=b\nc'],
    Healthcheck: { Test: ['NONE'] },
    User: '10001:10001',
    HostConfig: {
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,exec,mode=1777,size=${64 * 2 ** 20}` },
      Mounts: [{ Type: 'bind', Source: '/data/volumes/access', Target: '/etc/mcp-access', ReadOnly: true }],
      CapDrop: ['ALL'],
      CapAdd: [],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: expect.any(Number),
      MemorySwap: expect.any(Number),
      NanoCpus: expect.any(Number),
    },
  });
  expect(containerPortOf(request)).toBe(3000);
});

test('Limits are bytes and billionths of a processor, without swap; command and args replace those of the image', () => {
  const settings = containerSettings(
    requestOf(
      {},
      { resources: { limits: { memory: '1.5Gi', cpu: '250m' } }, command: ['sh'], args: ['-c', 'x'], workingDir: '/w' },
    ),
    image,
  );

  expect(settings).toMatchObject({
    Entrypoint: ['sh'],
    Cmd: ['-c', 'x'],
    WorkingDir: '/w',
    HostConfig: { Memory: 1.5 * 2 ** 30, MemorySwap: 1.5 * 2 ** 30, NanoCpus: 250_000_000, ReadonlyRootfs: false },
  });
  expect(settings).not.toHaveProperty('User');
});

test.each([
  ['', {}, 'container has runAsNonRoot and image will run as root'],
  ['0:7', {}, 'container has runAsNonRoot and image will run as root'],
  ['app', {}, 'image has non-numeric user (app)'],
  ['7', { runAsUser: 0 }, "container's runAsUser breaks non-root policy"],
])('runAsNonRoot refuses an image of user "%s" with %j', (user, own, message) => {
  const request = requestOf({ securityContext: { runAsNonRoot: true, ...own } });

  expect(() => containerSettings(request, { ...image, user })).toThrow(message);
});

test('A Secret is mounted from where its files are, and cannot be written to', () => {
  const volumeMounts = [{ name: 'access', mountPath: '/etc/access' }];
  const volumes = [{ name: 'access', secret: { secretName: 'x' } }];
  const request = requestOf({ volumes }, { volumeMounts });

  const { HostConfig } = containerSettings(
    { ...request, mounts: [{ mountPath: '/etc/access', sourceDir: '/data/pods/u/volumes/access' }] },
    image,
  );

  expect(HostConfig.Mounts).toEqual([
    { Type: 'bind', Source: '/data/pods/u/volumes/access', Target: '/etc/access', ReadOnly: true },
  ]);
  expect(HostConfig.Tmpfs).toEqual({});
});

test('A volume that is no emptyDir is refused by its name', () => {
  const mounts = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };

  expect(() => containerSettings(requestOf({ volumes: [{ name: 'data', hostPath: {} }] }, mounts), image)).toThrow(
    'volume "data" is no emptyDir',
  );
});
