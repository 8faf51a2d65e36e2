/**
 * Global node ids of GitHub's present form: a prefix naming the type, and a base64url MessagePack array that begins with
 * 0, e.g. `R_kgDO…` is [0, repository id] and `I_kwDO…` is [0, repository id, issue id].
 */
const PREFIX = {
  User: 'U',
  Organization: 'O',
  Bot: 'BOT',
  App: 'A',
  Installation: 'INS',
  Repository: 'R',
  Issue: 'I',
  PullRequest: 'PR',
  IssueComment: 'IC',
  Reaction: 'REA',
  Label: 'LA',
  CheckRun: 'CR',
  CheckSuite: 'CS',
  Deployment: 'DE',
  DeploymentStatus: 'DES',
  WorkflowRun: 'WFR',
  WorkflowJob: 'WFJ',
  Workflow: 'W',
  Ref: 'REF',
  Commit: 'C',
  Tree: 'T',
  Blob: 'B',
  Tag: 'TA',
} as const;

export type NodeType = keyof typeof PREFIX;

const TYPE_OF_PREFIX = new Map(Object.entries(PREFIX).map(([type, prefix]) => [prefix as string, type as NodeType]));

/** Longest id that is read, in characters: a ref's name is part of its id and ref names end well below this. */
const NODE_ID_CHARACTERS_MAX = 1_000;

export function nodeId(type: NodeType, ...values: (number | string)[]): string {
  const packed = Buffer.concat([Buffer.from([0x90 | (values.length + 1), 0]), ...values.map(pack)]);
  return `${PREFIX[type]}_${packed.toString('base64url')}`;
}

/** @returns undefined for anything that nodeId could not have made. */
export function parseNodeId(id: string): { type: NodeType; values: (number | string)[] } | undefined {
  const match = id.length <= NODE_ID_CHARACTERS_MAX ? /^([A-Z]+)_([A-Za-z0-9_-]+)$/.exec(id) : null;
  const type = match && TYPE_OF_PREFIX.get(match[1] ?? '');
  if (!match || !type) return undefined;
  const values = unpack(Buffer.from(match[2] ?? '', 'base64url'));
  return values && { type, values };
}

function pack(value: number | string): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(5, 0xce);
    bytes.writeUInt32BE(value, 1);
    return bytes;
  }
  const text = Buffer.from(value);
  if (text.length < 32) return Buffer.concat([Buffer.from([0xa0 | text.length]), text]);
  const head = Buffer.alloc(3, 0xda);
  head.writeUInt16BE(text.length, 1);
  return Buffer.concat([head, text]);
}

function unpack(bytes: Buffer): (number | string)[] | undefined {
  const count = (bytes[0] ?? 0) & 0x0f;
  if (((bytes[0] ?? 0) & 0xf0) !== 0x90 || bytes[1] !== 0) return undefined;
  const values: (number | string)[] = [];
  let at = 2;
  while (values.length < count - 1) {
    const tag = bytes[at];
    if (tag === undefined) return undefined;
    if (tag === 0xce && bytes.length >= at + 5) {
      values.push(bytes.readUInt32BE(at + 1));
      at += 5;
      continue;
    }
    const head = tag === 0xda ? 3 : 1;
    if (bytes.length < at + head || (tag !== 0xda && (tag & 0xe0) !== 0xa0)) return undefined;
    const length = tag === 0xda ? bytes.readUInt16BE(at + 1) : tag & 0x1f;
    values.push(bytes.subarray(at + head, at + head + length).toString());
    at += head + length;
  }
  return values;
}
