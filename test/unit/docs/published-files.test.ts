import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { HANDLED_EVENTS } from '../../../src/app.ts';
import { INTERCEPTOR } from '../../../src/domain/manifests/keda.ts';
import { CONTAINER_PORT, METRICS_PORT } from '../../../src/domain/manifests/server-object.ts';
import { parseDeploymentsPolicy } from '../../../src/domain/parse-deployments-policy.ts';
import { parseServerConfig } from '../../../src/domain/parse-server-config.ts';
import { WEBHOOK_PATH } from '../../../src/inbound/register-webhooks.ts';
import { projectFiles, readProjectFile } from './project-files.ts';

const schemaOf = (path: string) =>
  new Ajv({ allErrors: true, strict: false, logger: false }).compile(JSON.parse(readProjectFile(path)));

test.each(projectFiles(/^examples\/[^/]+\/\.mcp-hosting\.yml$/))('%s fits the published schema', (path) => {
  const text = readProjectFile(path);
  const validate = schemaOf('docs/server-config.schema.json');

  validate(parse(text));

  expect(validate.errors).toBeNull();
  expect(parseServerConfig(text)).toMatchObject({ ok: true });
});

test('the .mcp-hosting.yml of the README fits the published schema', () => {
  const [, text = ''] = /^```yaml\n(.*?)^```$/ms.exec(readProjectFile('README.md')) ?? [];
  const validate = schemaOf('docs/server-config.schema.json');

  validate(parse(text));

  expect(validate.errors).toBeNull();
  expect(parseServerConfig(text)).toMatchObject({ ok: true, config: { name: 'Stripe' } });
});

test('every example has an .mcp-hosting.yml', () => {
  const examples = new Set(projectFiles(/^examples\/[^/]+\//).map((path) => path.split('/')[1]));

  expect(projectFiles(/^examples\/[^/]+\/\.mcp-hosting\.yml$/)).toHaveLength(examples.size);
});

test("the scaffold's mcp-hosting.yml fits the published schema", () => {
  const text = readProjectFile('kustomize/mcp-hosting.yml');
  const validate = schemaOf('docs/deployments-policy.schema.json');

  validate(parse(text));

  expect(validate.errors).toBeNull();
  expect(parseDeploymentsPolicy(text)).toMatchObject({ ok: true });
});

test('what mcp-hosting.yml of the scaffold offers in comments fits the published schema too', () => {
  const text = readProjectFile('kustomize/mcp-hosting.yml').replace(/^# (?=[a-zA-Z]+: [[{a-z])(?!review:)/gm, '');

  expect(Object.keys(parse(text)).length).toBeGreaterThan(7);
  expect(parseDeploymentsPolicy(text)).toMatchObject({ ok: true });
});

test('the grant of the scaffold is for the Service that overlays send to', () => {
  const { spec, metadata } = parse(readProjectFile('kustomize/keda/reference-grant.yaml'));

  expect(metadata.namespace).toBe(INTERCEPTOR.namespace);
  expect(spec.to).toEqual([{ group: '', kind: 'Service', name: INTERCEPTOR.name }]);
});

test('the network policy of the scaffold lets monitoring reach the ports of the overlays', () => {
  const policies = parseAllDocuments(readProjectFile('kustomize/base/network-policy.yaml')).map((each) => each.toJS());
  const monitoring = policies.find(({ metadata }) => metadata.name === 'allow-from-monitoring');

  const ports = monitoring.spec.ingress[0].ports.map(({ port }: { port: number }) => port);
  expect(ports).toEqual([CONTAINER_PORT, METRICS_PORT]);
});

test('app.yml subscribes to the events that are handled, at the path that is served', () => {
  const manifest = parse(readProjectFile('app.yml'));

  expect(manifest.default_events.toSorted()).toEqual([...HANDLED_EVENTS].sort());
  expect(new URL(manifest.hook_attributes.url).pathname).toBe(WEBHOOK_PATH);
});

test('lock files name no registry', () => {
  const named = projectFiles(/(^|\/)package-lock\.json$/).filter((path) =>
    /"resolved": "http/.test(readProjectFile(path)),
  );

  expect(named).toEqual([]);
});

test('no file holds a path of the machine that it was written on', () => {
  const checkout = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
  // A checkout in a folder such as /app says nothing: images have that path too.
  const here = checkout.split('/').length > 2 ? [checkout] : [];
  // `kim` is the person of the examples.
  const elsewhere = /(?<![\w.@~-])\/(?:home|Users|root|work)\/(?!kim\b)\w/;

  const found = projectFiles(/./).filter((path) => {
    const text = readProjectFile(path);
    return elsewhere.test(text) || here.some((folder) => text.includes(folder));
  });

  expect(found).toEqual([]);
});
