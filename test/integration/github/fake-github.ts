import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { schema as published } from '@octokit/graphql-schema';
import { buildSchema, execute, type GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import { createGitHub, type GitHub } from '../../../src/adapters/github/create-github.ts';
import type { WriteBudget } from '../../../src/ports/stores.ts';

/** A problem as GitHub puts it into `errors`; thrown by a resolver of a test. */
export class GitHubProblem extends Error {
  readonly type: string;

  constructor(type: string, message = type) {
    super(message);
    this.type = type;
  }
}

export interface GraphqlCall {
  operation: string;
  document: string;
  variables: Record<string, unknown>;
}

export interface Answer {
  status: number;
  body?: object | string;
  headers?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: resolvers of a fake answer whatever the schema asks for
type Resolvers = Record<string, any>;

/** `hang`: the connection stays open and nothing comes. `cut`: it is closed without an answer. */
type GraphqlScript = Resolvers | { answer: Answer | 'hang' | 'cut' };

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

let schema: GraphQLSchema | undefined;

/** GitHub's public schema, as `@octokit/graphql-schema` has it. */
function githubSchema(): GraphQLSchema {
  schema ??= buildSchema(published.idl, { assumeValid: true });
  return schema;
}

/** Errors of a document by GitHub's own schema. */
export function invalidities(document: string): readonly GraphQLError[] {
  return validate(githubSchema(), parse(document));
}

/** GitHub on loopback for one test: it answers what the test has scripted, in that order, and nothing else. */
export class FakeGitHub {
  /** GraphQL requests that were answered by resolvers, in order. */
  readonly calls: GraphqlCall[] = [];
  /** REST requests as `METHOD /path?query`, token minting left out. */
  readonly rest: { request: string; body: unknown; authorization: string | undefined }[] = [];
  readonly logged: { fields: object; message: string }[] = [];
  /** Content-creating calls that were counted. */
  readonly written: { installationId: number; calls: number }[] = [];
  tokensMinted = 0;
  budgetWaitMs = 0;
  url = '';
  github!: GitHub;

  readonly #graphql: GraphqlScript[] = [];
  readonly #rest: { request: string; answer: Answer }[] = [];
  readonly #mistakes: Error[] = [];
  #server!: Server;

  static async start({ requestTimeoutMs = 5_000 } = {}): Promise<FakeGitHub> {
    const fake = new FakeGitHub();
    fake.#server = createServer((request, response) => void fake.#serve(request, response));
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    fake.url = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    const record = (fields: object, message: string) => void fake.logged.push({ fields, message });
    const writeBudget: WriteBudget = {
      take: async (installationId, calls) => {
        fake.written.push({ installationId, calls });
        return fake.budgetWaitMs;
      },
    };
    fake.github = createGitHub({
      appId: 1,
      privateKey,
      apiUrl: fake.url,
      requestTimeoutMs,
      deploymentsRepository: { owner: 'acme', name: 'mcp-server-deployments' },
      writeBudget,
      log: { debug: () => {}, info: record, warn: record, error: record },
    });
    return fake;
  }

  /** Answers one GraphQL request by running it against the schema with these resolvers. */
  graphql(resolvers: Resolvers): this {
    this.#graphql.push(resolvers);
    return this;
  }

  /** Answers one GraphQL request like this, whatever it asks. */
  graphqlAnswers(answer: Answer | 'hang' | 'cut'): this {
    this.#graphql.push({ answer });
    return this;
  }

  /** Answers one REST request, named as `GET /path?query`. */
  on(request: string, status: number, body?: object | string, headers: Record<string, string> = {}): this {
    this.#rest.push({ request, answer: body === undefined ? { status, headers } : { status, body, headers } });
    return this;
  }

  /** Fails when something was asked that was not scripted, or the other way round. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    const left = [...this.#rest.map(({ request }) => request), ...this.#graphql.map(() => 'POST /graphql')];
    if (left.length > 0) this.#mistakes.push(new Error(`Not requested: ${left.join(', ')}`));
    if (this.#mistakes[0]) throw this.#mistakes[0];
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await text(request);
      const answer = await this.#answer(`${request.method} ${request.url}`, body, request.headers.authorization);
      if (answer === 'hang') return;
      if (answer === 'cut') {
        request.socket.destroy();
        return;
      }
      const isText = typeof answer.body === 'string';
      response.writeHead(answer.status, {
        'content-type': isText ? 'text/plain' : 'application/json',
        ...answer.headers,
      });
      response.end(isText ? answer.body : JSON.stringify(answer.body));
    } catch (error) {
      this.#mistakes.push(error as Error);
      response.writeHead(500).end();
    }
  }

  async #answer(request: string, body: string, authorization: string | undefined): Promise<Answer | 'hang' | 'cut'> {
    if (/^POST \/app\/installations\/\d+\/access_tokens$/.test(request)) {
      this.tokensMinted += 1;
      const token = { token: `ghs_${this.tokensMinted}`, expires_at: '2099-01-01T00:00:00Z', permissions: {} };
      return { status: 201, body: token };
    }
    if (request !== 'POST /graphql') return this.#answerRest(request, body, authorization);
    const script = this.#graphql.shift();
    if (!script) throw new Error(`Unexpected GraphQL request: ${body.slice(0, 200)}`);
    if ('answer' in script) return script.answer as Answer | 'hang' | 'cut';
    return { status: 200, body: await this.#execute(JSON.parse(body), script) };
  }

  #answerRest(request: string, body: string, authorization: string | undefined): Answer {
    const index = this.#rest.findIndex((expected) => expected.request === request);
    const [expected] = index === -1 ? [] : this.#rest.splice(index, 1);
    if (!expected) throw new Error(`Unexpected request: ${request}`);
    this.rest.push({ request, body: body === '' ? undefined : JSON.parse(body), authorization });
    return expected.answer;
  }

  async #execute({ query, variables }: { query: string; variables: Record<string, unknown> }, rootValue: Resolvers) {
    const document = parse(query);
    const problems = validate(githubSchema(), document);
    if (problems.length > 0) throw new Error(`Invalid document: ${problems.map(String).join('\n')}\n${query}`);
    const operation = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
    this.calls.push({ operation, document: query, variables });
    const result = await execute({ schema: githubSchema(), document, rootValue, variableValues: variables });
    const errors = result.errors?.map((error) => ({
      message: error.message,
      path: error.path,
      locations: error.locations,
      type: error.originalError instanceof GitHubProblem ? error.originalError.type : undefined,
    }));
    const mistake = errors?.find((error) => error.path === undefined || error.type === undefined);
    if (mistake) throw new Error(`The fake does not fit GitHub's schema: ${JSON.stringify(mistake)}`);
    return errors ? { data: result.data, errors } : { data: result.data };
  }
}

/** Names of the mutations of one call, in order. */
export function mutationsOf(call: GraphqlCall | undefined): string[] {
  return [...(call?.document.matchAll(/^ {2}\w+: (\w+)\(/gm) ?? [])].map((match) => match[1] as string);
}
