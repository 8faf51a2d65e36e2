import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Addresses of job logs that need no token, as those GitHub redirects to; they end with the process. */
export class LogUrls {
  private readonly secret = randomBytes(32);
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  sign(runId: number, jobId: number): string {
    return `${this.url}/_logs/${runId}/${jobId}?signature=${this.signature(runId, jobId)}`;
  }

  /** @returns the run and job of an address that was signed here */
  verify(path: string, query: URLSearchParams): { runId: number; jobId: number } | undefined {
    const match = /^\/_logs\/(\d+)\/(\d+)$/.exec(path);
    if (!match) return undefined;
    const [runId, jobId] = [Number(match[1]), Number(match[2])];
    const expected = Buffer.from(this.signature(runId, jobId));
    const given = Buffer.from(query.get('signature') ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected) ? { runId, jobId } : undefined;
  }

  private signature(runId: number, jobId: number): string {
    return createHmac('sha256', this.secret).update(`${runId}/${jobId}`).digest('hex');
  }
}
