import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 100;

/**
 * Tries to connect until a server answers.
 * @returns this machine's own address on that connection, by which other machines reach it
 * @throws Error with the last attempt's reason, such as ECONNREFUSED or ENOTFOUND, once `timeoutMs` are over
 */
export async function waitForServer(host: string, port: number, timeoutMs: number): Promise<string> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const left = end - performance.now();
    try {
      return await tryOnce(host, port, Math.max(left, 1));
    } catch (error) {
      // A server that starts later, and a name that a cluster makes known later, are usual.
      if (performance.now() + PAUSE_MS >= end) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function tryOnce(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => socket.destroy(new Error('it does not answer')), timeoutMs);
    socket.once('connect', () => {
      const address = socket.localAddress ?? '127.0.0.1';
      socket.destroy();
      resolve(address.replace(/^::ffff:/, ''));
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}
