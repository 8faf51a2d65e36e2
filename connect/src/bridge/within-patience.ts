import { RemoteError } from './remote-failure.ts';

/**
 * What is still not there then is given up, though it may go on for others.
 * @throws RemoteError network, ETIMEDOUT
 */
export async function withinPatience<T>(
  promise: Promise<T>,
  { leftMs, wasSent }: { leftMs: number; wasSent: boolean },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RemoteError({ kind: 'network', code: 'ETIMEDOUT', wasSent })), leftMs);
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    clearTimeout(timer);
  }
}
