/**
 * Upper bounds, not products: what `node:http` can do when nothing is checked.
 * Run as `node floor-server.ts http|bridge PORT [COMMAND ARGS…]`. `http` answers by itself; `bridge` passes each request
 * to one stdio child under an id of its own, and the answer back.
 */
import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';

interface Message {
  jsonrpc: '2.0';
  id?: unknown;
  method?: string;
  params?: { arguments?: { message?: string } };
  result?: unknown;
}

type Answer = (message: Message, reply: (answer: Message) => void) => void;

const [mode, port, ...command] = process.argv.slice(2);
const answer = mode === 'bridge' ? await bridgeToChild(command) : answerEcho;

createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
    if (message.id === undefined) return sendJson(res, 202, '');
    if (message.method === 'initialize') return sendMessage(res, { jsonrpc: '2.0', id: message.id, result: {} });
    answer(message, (answered) => sendMessage(res, answered));
  });
}).listen(Number(port), '127.0.0.1');

function sendMessage(res: ServerResponse, message: Message): void {
  sendJson(res, 200, JSON.stringify(message));
}

function sendJson(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

function answerEcho({ id, params }: Message, reply: (answer: Message) => void): void {
  const content = [{ type: 'text', text: `Echo: ${params?.arguments?.message}` }];
  reply({ jsonrpc: '2.0', id, result: { content } });
}

async function bridgeToChild([file = '', ...args]: string[]): Promise<Answer> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const waiting = new Map<unknown, (answer: Message) => void>();
  forEachLine(child.stdout, (line) => {
    const message = JSON.parse(line) as Message;
    const reply = waiting.get(message.id);
    // Before it is called, since that puts the client's id into the message.
    waiting.delete(message.id);
    reply?.(message);
  });
  let lastId = 0;
  const send: Answer = (message, reply) => {
    const clientId = message.id;
    lastId += 1;
    waiting.set(lastId, (answered) => {
      answered.id = clientId;
      reply(answered);
    });
    message.id = lastId;
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'floor', version: '1' } };
  await new Promise<Message>((resolve) => {
    send({ jsonrpc: '2.0', method: 'initialize', params } as Message, resolve);
  });
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return send;
}

/** Faster than `node:readline`, which searches with a regular expression. */
function forEachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    rest += text;
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      take(rest.slice(start, end));
      start = end + 1;
    }
    rest = rest.slice(start);
  });
}
