export { CODE_VERSION } from './code-version.js';
export { crc32c } from './crc32c.js';
export { expected, UserError } from './errors.js';
export {
  CLAIM_LIMIT_MS,
  CLAIM_NAME,
  type Claim,
  claimState,
  readClaim,
  refreshClaim,
  releaseClaim,
  removeVoid,
  takeClaim,
} from './files/claim.js';
export { checkDiskSpace } from './files/disk-space.js';
export { hashFile } from './files/hash-file.js';
export { isWritable } from './files/is-writable.js';
export { checkFolder, makeFolder } from './files/make-folder.js';
export { emptyOwnFolder, ownFolder } from './files/own-folder.js';
export { assertRegularFile } from './files/regular-file.js';
export { knownHash, rememberedHash, rememberHash } from './files/remembered-hash.js';
export { removeLeftovers } from './files/remove-leftovers.js';
export { removeTemporaries } from './files/remove-temporaries.js';
export { sha256File } from './files/sha256-file.js';
export { writeFileAtomically, writeFully } from './files/write-file-atomically.js';
export { writeBytes, writeText } from './files/write-text.js';
export { writeWhole } from './files/write-whole.js';
export { jsonSum } from './json-sum.js';
export { nearestName } from './nearest-name.js';
export { hostIdentity, isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';
export { randomSource } from './random-source.js';
export { reportOnce } from './report-once.js';
export { parseShard, type Shard } from './shard.js';
export { loaderFlags } from './threads/loader-flags.js';
export { reviveError, type SentError, sentError } from './threads/sent-error.js';
export { threadOf } from './threads/thread-of.js';
export { visibleText } from './visible-text.js';
