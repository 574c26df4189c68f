import { UserError } from '@motion-enhancer/support';
import type { RawConfig } from './config-reader.js';

const SECTIONS = ['text_config', 'llm_config', 'vision_config'] as const;

/** Weights in fewer bits have other tensors under the same names. @throws UserError ERR_CONFIG naming the method */
export function refuseQuantised(raw: RawConfig, file: string): void {
  for (const section of [raw, ...SECTIONS.map((name) => raw[name])]) {
    const found = (section as RawConfig | null | undefined)?.quantization_config;
    if (typeof found !== 'object' || found === null) continue;
    const { quant_method: method, load_in_8bit: eight } = found as RawConfig;
    const name = typeof method === 'string' ? method : eight === undefined ? 'an unnamed method' : 'bitsandbytes';
    throw new UserError(
      `Expected weights in float32, bfloat16 or float16 but ${file} says that they are quantised by ${name}. Quantised checkpoints are not read: give the original one (its name without -AWQ, -GPTQ-Int4, -bnb-4bit or the like).`,
      { code: 'ERR_CONFIG' },
    );
  }
}
