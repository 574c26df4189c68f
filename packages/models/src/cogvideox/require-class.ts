import { UserError } from '@motion-enhancer/support';
import type { RawConfig } from '../hub/index.js';

/**
 * The class that a diffusers or transformers config.json names must be the one that the caller can run.
 * @throws UserError `ERR_CONFIG` naming the class that was found
 */
export function requireClass(raw: RawConfig, expected: string, file: string, remedy: string): void {
  const architectures = Array.isArray(raw.architectures) ? raw.architectures : [];
  const field = raw._class_name === undefined && raw.architectures !== undefined ? 'architectures' : '_class_name';
  const found = raw._class_name ?? architectures[0] ?? raw.model_type ?? null;
  if (found === expected) return;
  throw configError(`Expected ${expected} for ${field} in ${file} but received ${JSON.stringify(found)}. ${remedy}`);
}

export function configError(message: string): UserError {
  return new UserError(message, { code: 'ERR_CONFIG' });
}
