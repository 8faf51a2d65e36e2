import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { HELD_CALLS_MAX } from '../limits.ts';
import type { ModernCall } from './modern-call.ts';

const AUDIENCE = 'mcp-wrapper/input';

interface Held {
  call: ModernCall;
  principalId: string;
}

/** Calls of modern clients that wait in a legacy child until the client comes back with what the child asked for. */
export class HeldCalls {
  readonly #held = new Map<string, Held>();
  /** Of this process: a call that is held dies with it. */
  readonly #key = randomBytes(32);
  /** A client has this long, in ms, to come back. */
  readonly inputWaitMs: number;

  constructor({ inputWaitMs }: { inputWaitMs: number }) {
    this.inputWaitMs = inputWaitMs;
  }

  get size(): number {
    return this.#held.size;
  }

  /** False when this principal has too many already. */
  hold(call: ModernCall, principalId: string): boolean {
    if (this.#held.get(call.holdId)?.call === call) return true;
    let own = 0;
    for (const held of this.#held.values()) if (held.principalId === principalId) own += 1;
    if (own >= HELD_CALLS_MAX) return false;
    this.#held.set(call.holdId, { call, principalId });
    return true;
  }

  release(call: ModernCall): void {
    this.#held.delete(call.holdId);
  }

  /**
   * The `requestState` of a held call: signed, short-lived, and bound to the principal and to what was asked
   * (2026-07-28, MRTR, server requirements).
   */
  async sign({ holdId, digest, round }: ModernCall, principalId: string): Promise<string> {
    return await new SignJWT({ digest, round })
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(AUDIENCE)
      .setSubject(principalId)
      .setJti(holdId)
      .setIssuedAt()
      .setExpirationTime(new Date(Date.now() + this.inputWaitMs))
      .sign(this.#key);
  }

  /** The call that a client comes back to; undefined for a state that was changed, has lapsed, or is somebody else's. */
  async find(
    requestState: string,
    { principalId, digest }: { principalId: string; digest: string },
  ): Promise<ModernCall | undefined> {
    try {
      const options = { audience: AUDIENCE, subject: principalId, algorithms: ['HS256'] };
      const { payload } = await jwtVerify(requestState, this.#key, options);
      const held = payload.digest === digest ? this.#held.get(String(payload.jti)) : undefined;
      // Once each: what was asked before has been answered.
      return held?.principalId === principalId && held.call.round === payload.round ? held.call : undefined;
    } catch {
      return undefined;
    }
  }
}
