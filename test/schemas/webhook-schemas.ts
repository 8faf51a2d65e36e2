import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const SOURCE = new URL('node_modules/@octokit/openapi-webhooks/generated/api.github.com.json', import.meta.url);

/** Checks payloads against GitHub's description of its webhooks. */
export class WebhookSchemas {
  private readonly ajv = new Ajv2020({ strict: false, logger: false });
  private readonly names: string[];

  constructor() {
    const description = JSON.parse(readFileSync(SOURCE, 'utf8')) as { webhooks: object; components: object };
    addFormats.default(this.ajv);
    this.ajv.addSchema({ $id: 'github:webhooks', ...description });
    this.names = Object.keys(description.webhooks);
  }

  /** @returns what is wrong with it; empty when nothing is */
  check(event: string, payload: { action?: string }): string[] {
    const dashed = event.replaceAll('_', '-');
    const name = [`${dashed}-${payload.action?.replaceAll('_', '-')}`, dashed].find((one) => this.names.includes(one));
    const described = name ?? this.names.find((one) => one.startsWith(`${dashed}-`));
    if (described === undefined) return [`${event} is not described`];
    const pointer = `github:webhooks#/webhooks/${described}/post/requestBody/content/application~1json/schema`;
    const validate = this.ajv.getSchema(pointer) ?? this.ajv.compile({ $ref: pointer });
    if (validate(payload)) return [];
    return (validate.errors ?? []).map((error) => `${described}${error.instancePath} ${error.message}`);
  }
}
