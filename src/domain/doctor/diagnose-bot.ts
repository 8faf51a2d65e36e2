import { broken, type Diagnosis } from './diagnosis.ts';

/** What an unauthorised request for the bot's API answers, where it is the bot that answers (docs/openapi.json). */
const REFUSAL = { status: 401, contentType: 'application/problem+json' };

/** @param options.answer to a request without a token at `address`, through the public name; undefined: none */
export function diagnoseBot(options: {
  address: string;
  answer: { status: number; contentType: string } | undefined;
}): Diagnosis {
  const { address, answer } = options;
  const fix =
    'kubectl -n mcp-hosting get pods,services,httproutes,ingresses   # the bot must run, and its route lead to it';
  if (!answer) return { found: address, problems: [broken(`Nothing answers at ${address}.`, fix)] };
  const isBot = answer.status === REFUSAL.status && answer.contentType.startsWith(REFUSAL.contentType);
  const problem = `Something else than mcp-hosting answers at ${address}: ${answer.status}, expected a refusal of its API (401).`;
  return { found: `answers at ${address}`, problems: isBot ? [] : [broken(problem, fix)] };
}
