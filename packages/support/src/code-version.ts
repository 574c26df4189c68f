/** Version of what computes a prior: raised when the numbers change. */
export const CODE_VERSION = 'motion-enhancer 0.1.0, prior 2';
