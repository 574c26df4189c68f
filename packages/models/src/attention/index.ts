export { type AttentionWithLse, attentionWithLse, type LseKernel, lseKernel } from './with-lse.js';
