import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { DEPLOYMENTS, writeFile } from './people.ts';
import { type E2ePlatform, startPlatform, WAIT_MS_MAX } from './platform.ts';
import { testApi } from './source-repository/api.ts';
import { testAutoMerge, testProtectedBranch } from './source-repository/auto-merge.ts';
import { testChangesByHand } from './source-repository/changes-by-hand.ts';
import { testComments } from './source-repository/comments.ts';
import { testConfigsAndBuilds } from './source-repository/configs-and-builds.ts';
import { testFailuresInTheCluster } from './source-repository/failures-in-the-cluster.ts';
import { testForks } from './source-repository/forks.ts';
import { testPreviews } from './source-repository/previews.ts';
import { testRequiredCheck, testReviews } from './source-repository/reviews.ts';
import { testSetup } from './source-repository/setup.ts';

let platform: E2ePlatform;
const started = () => platform;

/** More is written here in a minute than GitHub allows: the tests hold the bot to other promises. */
async function forgetWrites(): Promise<void> {
  await platform.query("CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
  await platform.query('CREATE TRIGGER forget BEFORE INSERT ON github_writes FOR EACH ROW EXECUTE FUNCTION forget()');
}

beforeAll(async () => {
  platform = await startPlatform();
  await forgetWrites();
}, WAIT_MS_MAX);
afterAll(async () => {
  const violations = await platform?.control<unknown[]>('GET', '/violations').catch((error: unknown) => error);
  await platform?.close();
  expect(violations).toEqual([]);
}, WAIT_MS_MAX);

describe('side by side', () => {
  testApi(started);
  testPreviews(started);
  testFailuresInTheCluster(started);
  testChangesByHand(started);
  testForks(started);
  testSetup(started);
  testReviews(started);
  testConfigsAndBuilds(started);
});

describe('comments', () => testComments(started));

describe('merge: auto', () => {
  beforeAll(async () => {
    await writeFile(platform.you, DEPLOYMENTS, 'mcp-hosting.yml', 'merge: auto\n');
  }, WAIT_MS_MAX);
  testAutoMerge(started);
  testProtectedBranch(started);
  testRequiredCheck(started);
});
