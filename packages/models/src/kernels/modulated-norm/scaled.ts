import { aten, type Tensor } from '@motion-enhancer/libtorch';

/** x · by + plus in one pass. */
export const scaled = (x: Tensor, by: Tensor, plus: Tensor): Tensor => aten.addcmul(plus, x, by) as Tensor;
