import { OPTIONS, type OptionName, specOf } from '../../src/config/options.ts';

/** The JSON Schema of the config file, from the table of options. */
export function renderConfigSchema(): string {
  const options = Object.fromEntries(
    (Object.keys(OPTIONS) as OptionName[]).map((name) => {
      const { help, schema } = specOf(name);
      return [name, { description: help, ...schema }];
    }),
  );
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Config file of mcp-connect',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      key: { description: 'the API key of every server id without one of its own', type: 'string' },
      keys: {
        description: 'API keys by server id or whole URL',
        type: 'object',
        additionalProperties: { type: 'string' },
      },
      keychain: {
        description: "server ids and whole URLs whose keys are in the operating system's keychain",
        type: 'array',
        items: { type: 'string' },
      },
      ...options,
      servers: {
        description: 'options by server id or whole URL; they come before those of the file',
        type: 'object',
        additionalProperties: { type: 'object', additionalProperties: false, properties: options },
      },
    },
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
