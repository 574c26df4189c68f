export * from './with-lse.js';
