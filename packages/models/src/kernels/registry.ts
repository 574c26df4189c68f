import { type KernelSource, LIBTORCH_KERNEL_SOURCES } from '@motion-enhancer/libtorch';
import { ATTENTION_ROWS_SOURCE } from './attention-rows/attention-rows.cu.js';
import {
  DECODE_ATTENTION_BYTES,
  DECODE_ATTENTION_SOURCE,
  SMALL_DECODE_ATTENTION_BYTES,
  SMALL_DECODE_ATTENTION_SOURCE,
} from './decode-attention/decode-attention.cu.js';
import { DECODE_LINEAR_SOURCE } from './decode-linear/decode-linear.cu.js';
import { ADD_NORM_SOURCE } from './decode-step/add-norm.cu.js';
import { EMBED_TOKEN_SOURCE } from './decode-step/embed-token.cu.js';
import { PICK_TOKEN_SOURCE } from './decode-step/pick-token.cu.js';
import { GATED_RESIDUAL_SOURCE } from './gated-residual/gated-residual.cu.js';
import { HEAD_NORM_ROTARY_SOURCE } from './head-norm-rotary/head-norm-rotary.cu.js';
import { SPLIT_NORM_ROTARY_SOURCE } from './head-norm-rotary/split-norm-rotary.cu.js';
import { MODULATED_NORM_SOURCE } from './modulated-norm/modulated-norm.cu.js';
import { MODULATED_NORM_TRAINING_SOURCE } from './modulated-norm/modulated-norm-training.cu.js';
import { ROTARY_SOURCE } from './rotary/rotary.cu.js';
import { SPLIT_ROTARY_SOURCE } from './split-rotary/split-rotary.cu.js';
import { SWIGLU_SOURCE } from './swiglu/swiglu.cu.js';

/**
 * Every kernel source by name. `compile-all.test.ts` compiles all of them for every architecture since Ampere, and fails
 * for a source that is not here.
 */
export const KERNEL_SOURCES: Readonly<Record<string, KernelSource>> = {
  ...LIBTORCH_KERNEL_SOURCES,
  'attention-rows': { source: ATTENTION_ROWS_SOURCE, kernels: ['rowLse', 'meanOfHeads', 'scoreGradient'] },
  'decode-attention': {
    source: DECODE_ATTENTION_SOURCE,
    kernels: ['decodeAttention'],
    sharedBytes: DECODE_ATTENTION_BYTES,
    otherwise: 'decode-attention/small',
  },
  'decode-attention/small': {
    source: SMALL_DECODE_ATTENTION_SOURCE,
    kernels: ['decodeAttention'],
    sharedBytes: SMALL_DECODE_ATTENTION_BYTES,
  },
  'decode-linear': {
    source: DECODE_LINEAR_SOURCE,
    kernels: ['normLinear', 'normLinear16', 'addLinear', 'normSwiglu', 'normHead'],
  },
  'decode-step/add-norm': { source: ADD_NORM_SOURCE, kernels: ['addNorm'] },
  'decode-step/embed-token': { source: EMBED_TOKEN_SOURCE, kernels: ['embed'] },
  'decode-step/pick-token': { source: PICK_TOKEN_SOURCE, kernels: ['pick', 'advance'] },
  'gated-residual': { source: GATED_RESIDUAL_SOURCE, kernels: ['gatedResidual', 'gatedResidualBackward'] },
  'head-norm-rotary': { source: HEAD_NORM_ROTARY_SOURCE, kernels: ['headNormRotary'] },
  'head-norm-rotary/split': {
    source: SPLIT_NORM_ROTARY_SOURCE,
    kernels: ['split2', 'split4', 'split8', 'splitBackward2', 'splitBackward4', 'splitBackward8', 'addUpRows'],
  },
  'modulated-norm': { source: MODULATED_NORM_SOURCE, kernels: ['modulatedNorm'] },
  'modulated-norm/training': { source: MODULATED_NORM_TRAINING_SOURCE, kernels: ['modulate', 'modulateBackward'] },
  rotary: { source: ROTARY_SOURCE, kernels: ['rotary', 'rotaryFloat'] },
  'split-rotary': { source: SPLIT_ROTARY_SOURCE, kernels: ['splitRotary', 'joinRotary'] },
  swiglu: { source: SWIGLU_SOURCE, kernels: ['swiglu', 'swigluBackward'] },
};
