import { usePlainOperators } from '@motion-enhancer/libtorch';

// For comparisons: plain operators in place of every kernel of ours.
if (process.env.MOTION_ENHANCER_PLAIN === '1') usePlainOperators(true);
