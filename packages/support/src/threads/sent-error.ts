import { UserError } from '../errors.js';

/** An error on its way between threads, which would lose its class. */
export interface SentError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
}

/** What of an error crosses between threads. */
export function sentError(error: unknown): SentError {
  const { name, message, code, stack } = error as SentError;
  return { name, message, ...(code === undefined ? {} : { code }), ...(stack === undefined ? {} : { stack }) };
}

/** An error of a thread with its class. */
export function reviveError({ name, message, code, stack }: SentError): Error {
  if (name === 'UserError') return new UserError(message, code === undefined ? {} : { code });
  return Object.assign(new Error(message), { name, code, stack });
}
