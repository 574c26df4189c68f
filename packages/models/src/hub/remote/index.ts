export { COGVIDEOX_FILES, VLM_FILES } from './checkpoint-files.js';
export type { FetchProgress } from './fetch-snapshot.js';
export { HubError, type HubErrorCode } from './hub-error.js';
export { type ResolveOptions, resolveCheckpoint } from './resolve-checkpoint.js';
