import type { Readable } from 'node:stream';
import { createLineSplitter } from '../images/line-splitter.ts';

/** One message of a build, push or pull, as the Engine API streams them: one JSON object a line. */
interface ProgressMessage {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  error?: string;
  errorDetail?: { code?: number };
  aux?: { ID?: string; Digest?: string };
}

export interface Outcome {
  /** What went wrong, in the engine's words. */
  error: string | undefined;
  /** Of the RUN command that made a build fail. */
  exitCode: number | undefined;
  /** Id of the image that a build made. */
  imageId: string | undefined;
  /** Digest of the manifest that a push left in the registry. */
  digest: string | undefined;
}

/** Reads such a stream to its end. Progress bars are left out; what remains goes to `onLine`. */
export async function followProgress(body: Readable, onLine: (line: string) => void): Promise<Outcome> {
  const outcome: Outcome = { error: undefined, exitCode: undefined, imageId: undefined, digest: undefined };
  const said = createLineSplitter(onLine);
  let rest = '';
  for await (const chunk of body.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  }
  take(rest);
  said.end();
  return outcome;

  function take(line: string): void {
    const message = parseMessage(line);
    if (message === undefined) return;
    outcome.error ??= message.error;
    outcome.exitCode ??= message.errorDetail?.code || undefined;
    outcome.imageId = message.aux?.ID ?? outcome.imageId;
    outcome.digest = message.aux?.Digest ?? outcome.digest;
    if (message.stream !== undefined) said.write(Buffer.from(message.stream));
    else if (message.status !== undefined && message.progress === undefined && message.id === undefined) {
      said.write(Buffer.from(`${message.status}\n`));
    }
  }
}

function parseMessage(line: string): ProgressMessage | undefined {
  if (line.trim() === '') return undefined;
  try {
    return JSON.parse(line) as ProgressMessage;
  } catch {
    // An engine that dies in the middle of a line; the end of the stream tells.
    return undefined;
  }
}
